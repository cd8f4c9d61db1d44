"""What reminders are about, and what each kind of subject says of them.

Higher layers register their nouns at start, so that the engine knows whether a reminder still makes
sense and whom it means without importing them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model

from crisis_api.lib import lease
from incidents.escalation.plan import Target
from incidents.models import Reminder

Rows = Mapping[UUID, Any]
Held = dict[str, dict[UUID, Any]]


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that a reminder counts: what the wording calls it, how many, where to look."""

    kind: str
    count: int
    link: str


@dataclass(frozen=True, slots=True)
class SubjectRules:
    """How one kind of subject answers for its reminders. All are called under its row's lock.

    `wanted(rows, reminders)` returns the ids of the reminders that the subjects want as they are
    now. `targets(row, reminder)` says whom it means where the reminder itself names nobody.
    `act(row, reminder, now)` does what falls due besides telling people, and returns whether
    anybody is to be told. `says(row)` counts what a reminder tells of, where it is of several
    things; it is called at the moment of sending, without the lock.
    """

    model: type[Model]
    wanted: Callable[[Rows, Sequence[Reminder]], set[UUID]]
    targets: Callable[[Any, Reminder], list[Target]] | None = None
    act: Callable[[Any, Reminder, datetime], bool] | None = None
    says: Callable[[Any], list[Said]] | None = None


_rules: dict[str, SubjectRules] = {}


def register(subject_type: str, rules: SubjectRules) -> None:
    """Say how a kind of subject answers for its reminders; called once, at start."""
    _rules[subject_type] = rules


def rules_of(subject_type: str) -> SubjectRules:
    """Return the rules of a kind of subject; raise LookupError where nobody registered it."""
    return _rules[subject_type]


def _in_lock_order(ids_by_type: Mapping[str, Iterable[UUID]]) -> list[tuple[str, list[UUID]]]:
    """Everything else before incidents: a verb locks its own row first, then the incident."""
    kinds = sorted(ids_by_type, key=lambda kind: (kind == "incident", kind))
    return [(kind, sorted(set(ids_by_type[kind]))) for kind in kinds]


def take(ids_by_type: Mapping[str, Iterable[UUID]]) -> dict[str, dict[UUID, Any]]:
    """Lock the subjects that nobody else holds, and return their rows by kind and id."""
    taken: dict[str, dict[UUID, Any]] = {}
    for kind, ids in _in_lock_order(ids_by_type):
        rows = (
            rules_of(kind)
            .model._default_manager.filter(pk__in=ids)
            .order_by("pk")
            .select_for_update(skip_locked=True, no_key=True)
        )
        taken[kind] = {row.pk: row for row in rows}
    return taken


def share(ids_by_type: Mapping[str, Iterable[UUID]], *, patient: bool = True) -> Held:
    """Hold the subjects as they are until the transaction ends, and return them by kind and id.

    Senders of the same subject don't wait for each other; a change of the subject waits for them.
    Unless one is patient, what somebody is changing is left out.
    """
    held: Held = {}
    for kind, ids in _in_lock_order(ids_by_type):
        held[kind] = lease.shared(rules_of(kind).model, ids, skip_locked=not patient)
    return held


def wanted(reminders: Sequence[Reminder], rows: Mapping[str, Rows]) -> set[UUID]:
    """Return the ids of those reminders that their subjects, as locked, still want."""
    by_type: dict[str, list[Reminder]] = {}
    for reminder in reminders:
        if reminder.subject_id in rows.get(reminder.subject_type, {}):
            by_type.setdefault(reminder.subject_type, []).append(reminder)
    still: set[UUID] = set()
    for kind, members in by_type.items():
        still |= rules_of(kind).wanted(rows[kind], members)
    return still
