"""Which verbs the status of an incident allows, and how a verb holds and changes its row."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from crisis_api.lib import clock
from crisis_api.lib.errors import Problem, Stale
from crisis_api.lib.states import Edges
from incidents.models import Incident

EDGES = Edges(
    {
        "open": {
            "acknowledge": "acknowledged",
            "assign": "open",
            "escalate": "open",
            "merge": "merged",
            "resolve": "resolved",
            "snooze": "open",
            "split": "open",
        },
        "acknowledged": {
            "acknowledge": "acknowledged",
            "assign": "acknowledged",
            "contain": "contained",
            "escalate": "open",
            "merge": "merged",
            "resolve": "resolved",
            "split": "acknowledged",
        },
        "contained": {
            "assign": "contained",
            "merge": "merged",
            "reopen": "open",
            "resolve": "resolved",
            "split": "contained",
        },
        "resolved": {
            "assign": "resolved",
            "close": "closed",
            "merge": "merged",
            "reopen": "open",
            "split": "resolved",
        },
        "closed": {"merge": "merged", "reopen": "open"},
        "merged": {},
    }
)

Guard = Callable[[Incident], Problem | None]
_guards: dict[str, list[Guard]] = {}


def register_guard(verb: str, guard: Guard) -> None:
    """Let a higher layer refuse a verb: the guard gets the locked incident and says why not."""
    _guards.setdefault(verb, []).append(guard)


def check_guards(verb: str, incident: Incident) -> None:
    """Raise what the first guard of the verb that refuses says."""
    for guard in _guards.get(verb, ()):
        problem = guard(incident)
        if problem is not None:
            raise problem


def hold(incident: Incident, *, version: int | None = None) -> Incident:
    """Lock the incident's row until the transaction ends and return it as it is now.

    `version` is what the caller has read: where the row has another by now, this raises Stale.
    """
    row: Incident = Incident.objects.select_for_update(no_key=True).get(pk=incident.pk)
    if version is not None and row.version != version:
        raise Stale
    return row


def hold_both(first: UUID, second: UUID) -> dict[UUID, Incident]:
    """Lock two incidents in the order of their ids, the order in which everybody locks them."""
    rows = Incident.objects.filter(pk__in={first, second}).order_by("pk")
    return {row.pk: row for row in rows.select_for_update(no_key=True)}


def put(row: Incident, **values: Any) -> None:
    """Write the values to a row that is held, and to the instance in hand."""
    now = clock.now()
    same = Incident.objects.filter(pk=row.pk, version=row.version)
    if not same.change(updated_at=now, **values):
        raise Stale
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1
    row.updated_at = now


def root_of(incident_id: UUID) -> UUID:
    """Return the incident that a merged one has gone into, through however many merges."""
    into = Incident.objects.filter(pk=incident_id).values_list("merged_into_id", flat=True).first()
    while into is not None:
        incident_id = into
        into = Incident.objects.filter(pk=into).values_list("merged_into_id", flat=True).first()
    return incident_id
