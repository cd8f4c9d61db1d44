"""What a webhook says: a thin message about one event, without texts. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

MAX_BYTES = 20_000


@dataclass(frozen=True, slots=True)
class EventFacts:
    """An event as a webhook tells of it; `data` holds ids, enums, numbers and hashes."""

    id: UUID
    kind: str
    occurred_at: datetime
    team_id: UUID
    subject_type: str
    subject_id: UUID
    actor_type: str
    actor_id: UUID | None
    incident_id: UUID | None = None
    reference: str = ""
    sequence: int | None = None
    mode: str = "standard"
    data: Mapping[str, Any] = field(default_factory=dict)


def message_id(event_id: UUID) -> str:
    """Return the id of an event's message: the same on every attempt and every replay."""
    return f"evt_{event_id.hex}"


def compose(event: EventFacts) -> str:
    """Return the message as JSON, 20 kB at most: `{type, timestamp, data}`.

    What an event's own data would make too large is left out, and `truncated` says so: the
    receiver asks the API for the thing itself anyway.
    """
    body = _json(event, event.data)
    if len(body) > MAX_BYTES:
        body = _json(event, {"truncated": True})
    return body.decode()


def _json(event: EventFacts, data: Mapping[str, Any]) -> bytes:
    incident = {"id": event.incident_id, "reference": event.reference}
    message = {
        "type": event.kind,
        "timestamp": event.occurred_at.astimezone(UTC),
        "data": {
            **data,
            # Last, so that an event's data never passes for what every message says.
            "team": event.team_id,
            "incident": incident if event.incident_id else None,
            "sequence": event.sequence,
            "subject": {"type": event.subject_type, "id": event.subject_id},
            "actor": {"type": event.actor_type, "id": event.actor_id},
            "mode": event.mode,
        },
    }
    return orjson.dumps(message, option=orjson.OPT_UTC_Z)
