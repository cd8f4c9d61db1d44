"""How a stored row changes: only what differs, unless somebody was faster, named in the audit."""

from collections.abc import Iterable, Mapping
from typing import Any

from crisis_api.access import audit, refs
from crisis_api.access.models import Team
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Stale
from crisis_api.lib.records import Record


def apply(
    row: Record, values: Mapping[str, Any], *, by: Actor, version: int | None = None
) -> list[str]:
    """Store the values that differ and return the names of their fields, in order.

    `external_refs` among them replaces the row's references. With `version`, only if the row still
    has it: otherwise raises Stale. The instance is brought up to date.
    """
    columns = dict(values)
    given = columns.pop("external_refs", None)
    changed = {name: value for name, value in columns.items() if getattr(row, name) != value}
    if version is not None and row.version != version:
        raise Stale
    renamed = given is not None and refs.replace(row, given, by=by)
    if not changed and not renamed:
        return []
    mine = type(row)._default_manager.filter(pk=row.pk)
    if version is not None:
        mine = mine.filter(version=version)
    if not mine.change(**changed):
        raise Stale
    row.refresh_from_db()
    return sorted([*changed, *(["external_refs"] if renamed else [])])


def note(
    action: str,
    subject: Record,
    *,
    teams: Iterable[Team],
    by: Actor,
    fields: Iterable[str] = (),
    **data: Any,
) -> None:
    """Write an audit line into each of the teams that it concerns; without teams, into none's.

    `fields` are the names of what changed. A line of no team is seen in the database only.
    """
    told = {**({"fields": sorted(fields)} if fields else {}), **data}
    concerned: list[Team | None] = [*teams] or [None]
    for team in concerned:
        audit.record(action, subject, team=team, by=by, data=told)
