import json
from datetime import UTC, datetime, timedelta, timezone

from crisis_api.lib.ids import uuid7
from responses.webhooks.payloads import MAX_BYTES, EventFacts, compose, message_id

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def an_event(**values: object) -> EventFacts:
    defaults = {
        "id": uuid7(),
        "kind": "incident.acknowledged",
        "occurred_at": AT,
        "team_id": uuid7(),
        "subject_type": "incident",
        "subject_id": uuid7(),
        "actor_type": "user",
        "actor_id": uuid7(),
    }
    return EventFacts(**{**defaults, **values})  # type: ignore[arg-type]


def test_says_what_happened_to_what_and_by_whom():
    incident = uuid7()
    event = an_event(
        incident_id=incident,
        subject_id=incident,
        reference="CR-2026-0142",
        sequence=7,
        mode="standard",
        data={"expires_in_seconds": 600},
    )

    assert json.loads(compose(event)) == {
        "type": "incident.acknowledged",
        "timestamp": "2026-11-22T09:30:00Z",
        "data": {
            "team": str(event.team_id),
            "incident": {"id": str(incident), "reference": "CR-2026-0142"},
            "sequence": 7,
            "subject": {"type": "incident", "id": str(incident)},
            "actor": {"type": "user", "id": str(event.actor_id)},
            "mode": "standard",
            "expires_in_seconds": 600,
        },
    }


def test_has_no_incident_where_the_event_has_none():
    assert json.loads(compose(an_event()))["data"]["incident"] is None


def test_gives_the_time_in_utc():
    moscow = AT.astimezone(timezone(timedelta(hours=3)))

    assert json.loads(compose(an_event(occurred_at=moscow)))["timestamp"] == "2026-11-22T09:30:00Z"


def test_never_lets_data_pass_for_what_every_message_says():
    event = an_event(data={"team": "another", "actor": "somebody", "mode": "drill"})

    data = json.loads(compose(event))["data"]

    assert data["team"] == str(event.team_id)
    assert data["actor"]["id"] == str(event.actor_id)
    assert data["mode"] == "standard"


def test_leaves_out_data_that_would_make_it_too_large():
    event = an_event(data={"mentions": [str(uuid7()) for _ in range(1000)]})

    body = compose(event)

    assert len(body.encode()) <= MAX_BYTES
    assert json.loads(body)["data"]["truncated"] is True
    assert json.loads(body)["data"]["team"] == str(event.team_id)


def test_names_a_message_without_dots_and_always_the_same():
    event = uuid7()

    assert message_id(event) == message_id(event) == f"evt_{event.hex}"
    assert "." not in message_id(event)
