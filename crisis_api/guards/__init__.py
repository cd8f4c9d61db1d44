"""The rules that the database holds against any call, any role and any SQL: one table of guards.

Each guard is one SQL condition that both engines understand, on NEW and OLD; where it is true, the
statement fails as an integrity error that carries the guard's name. `crisis_api.triggers` puts them
into the database. The guarded rows yield only to a row in `access_permit`, which erasure and
retention insert and delete in one transaction.
"""

from crisis_api.guards.conditions import Guard
from crisis_api.guards.publications import PUBLICATIONS
from crisis_api.guards.records import RECORDS
from crisis_api.guards.statements import FOUR_EYES, STATEMENTS
from crisis_api.guards.teams import team_guards

__all__ = ["GUARDS", "Guard", "guards"]

GUARDS: tuple[Guard, ...] = (*RECORDS, *FOUR_EYES, *STATEMENTS, *PUBLICATIONS)


def guards() -> list[Guard]:
    """Return every guard there should be."""
    return [*GUARDS, *team_guards()]
