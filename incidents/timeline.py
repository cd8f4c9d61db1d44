"""The only writer of Event. Everything outward is derived from what is written here.

Each event comes with a PendingEvent, from which `responses.reactions` draws the consequences.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model

from crisis_api.lib import clock, counters, nudge
from crisis_api.lib.actors import SYSTEM, Actor
from incidents.models import Event, Incident, PendingEvent

REACT = "responses.react"


@dataclass(frozen=True, slots=True)
class Entry:
    """An event to be written: `data` holds ids, enums, numbers and hashes, never texts."""

    kind: str
    team_id: UUID
    subject_type: str
    subject_id: UUID
    incident_id: UUID | None = None
    by: Actor = SYSTEM
    data: Mapping[str, Any] = field(default_factory=dict)
    at: datetime | None = None


def record(
    kind: str,
    subject: Model,
    *,
    incident: Incident | None = None,
    by: Actor,
    data: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> Event:
    """Write one event about `subject`, in the transaction of what it tells of.

    The incident is the subject itself where that is one.
    """
    if incident is None and isinstance(subject, Incident):
        incident = subject
    entry = Entry(
        kind=kind,
        team_id=subject.team_id,  # type: ignore[attr-defined]
        subject_type=subject_type(subject),
        subject_id=subject.pk,
        incident_id=incident.pk if incident else None,
        by=by,
        data=data or {},
        at=at,
    )
    return record_many([entry])[0]


def record_openings(
    opened: Sequence[tuple[Incident, Mapping[str, Any]]], *, by: Actor, at: datetime
) -> list[Event]:
    """Write the first event of incidents that were inserted just now with `last_sequence=1`.

    Nobody else sees them yet, so their numbers need no lock.
    """
    entries = [
        Entry(
            kind="incident.opened",
            team_id=incident.team_id,
            subject_type="incident",
            subject_id=incident.pk,
            incident_id=incident.pk,
            by=by,
            data=data,
            at=at,
        )
        for incident, data in opened
    ]
    return _write(entries, {incident.pk: 0 for incident, _ in opened})


def record_many(entries: Sequence[Entry]) -> list[Event]:
    """Write events in their order, with a handful of statements however many there are.

    Locks the incidents in the order of their ids until the transaction ends, so that the numbers
    of an incident's events rise in the order of commits.
    """
    return _write(entries, _numbers(entries)) if entries else []


def _write(entries: Sequence[Entry], numbers: dict[UUID, int]) -> list[Event]:
    """Write the events, numbered from the last number of each incident before them."""
    now = clock.now()
    events = []
    for entry in entries:
        sequence = None
        if entry.incident_id is not None:
            numbers[entry.incident_id] += 1
            sequence = numbers[entry.incident_id]
        events.append(
            Event(
                team_id=entry.team_id,
                incident_id=entry.incident_id,
                sequence=sequence,
                kind=entry.kind,
                subject_type=entry.subject_type,
                subject_id=entry.subject_id,
                data=dict(entry.data),
                occurred_at=entry.at or now,
                actor_type=entry.by.type,
                actor_id=entry.by.id,
            )
        )
    Event.objects.bulk_create(events)
    PendingEvent.objects.bulk_create([PendingEvent(event=event, due_at=now) for event in events])
    nudge.hint(REACT, [event.pk for event in events])
    return events


def _numbers(entries: Sequence[Entry]) -> dict[UUID, int]:
    """Reserve the numbers of the entries and return, per incident, the last one before them."""
    wanted = Counter(entry.incident_id for entry in entries if entry.incident_id is not None)
    after = counters.raised(Incident, "last_sequence", wanted)
    return {incident_id: last - wanted[incident_id] for incident_id, last in after.items()}


def subject_type(subject: Model) -> str:
    """Return the word by which events and reminders name the kind of a thing: `follow_up`."""
    words = "".join(f"_{c.lower()}" if c.isupper() else c for c in type(subject).__name__)
    return words.removeprefix("_")
