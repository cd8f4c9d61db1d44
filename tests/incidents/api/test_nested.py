"""Timeline, reminders, notes, and the messages that went out."""

from datetime import timedelta

import pytest

from crisis_api.lib.actors import SYSTEM
from incidents.escalation import decide
from incidents.models import Event, Notification, Reminder
from incidents.services import lifecycle
from tests.factories.access import a_contact_point, a_key, a_person, a_team, an_api
from tests.factories.incidents import a_policy
from tests.incidents.services.stories import kinds, opened

pytestmark = pytest.mark.django_db


def url(incident, child):
    return f"/api/v1/incidents/{incident.pk}/{child}/"


def reminded(team):
    owner = a_person(team)
    a_contact_point(owner, address="secret@x.test")
    incident = opened(team, owner=owner, policy=a_policy(team))
    decide.fire_all_due()
    return incident, Notification.objects.get(owner=owner)


def test_tells_the_timeline_in_its_order_after_any_number(clock):
    team = a_team()
    incident = opened(team, owner=a_person(team), policy=a_policy(team))
    for _ in range(3):
        lifecycle.escalate(incident, by=SYSTEM)
    api = an_api(a_key(team))
    rows = api.get(url(incident, "timeline"), {"page_size": 2}).json()
    assert [row["sequence"] for row in rows["results"]] == [1, 2]
    assert rows["results"][0]["kind"] == "incident.opened"
    assert rows["results"][0]["data"]["severity"] == "high"
    assert [r["sequence"] for r in api.get(rows["next"]).json()["results"]] == [3, 4]
    later = api.get(url(incident, "timeline"), {"after": 3}).json()["results"]
    assert later[0]["sequence"] == 4
    newest = api.get(url(incident, "timeline"), {"ordering": "-sequence"}).json()["results"]
    assert newest[-1]["sequence"] == 1
    one = api.get(f"{url(incident, 'timeline')}{newest[-1]['id']}/")
    assert one.json()["kind"] == "incident.opened"
    assert api.post(url(incident, "timeline"), {}).status_code == 405


def test_shows_what_was_and_what_will_be_said(clock):
    team = a_team()
    incident, notification = reminded(team)
    api = an_api(a_key(team))
    steps = api.get(url(incident, "reminders"), {"kind": "escalation_step"}).json()["results"]
    assert [(row["step"], row["status"]) for row in steps] == [(1, "fired"), (2, "pending")]
    assert steps[0]["outcome"] == "notified"
    assert steps[0]["notifications"] == [
        {
            "id": str(notification.pk),
            "owner": str(notification.owner_id),
            "status": "pending",
            "sent_at": None,
        }
    ]
    assert steps[1]["targets"] == [{"kind": "role", "id": None, "role": "manager"}]
    pending = api.get(url(incident, "reminders"), {"status": "pending"}).json()["results"]
    assert all(row["status"] == "pending" for row in pending)


def test_keeps_notes_for_those_who_may_write_them(clock):
    team = a_team()
    incident = opened(team)
    person = a_person(team, "legal")
    written = an_api(person).post(url(incident, "notes"), {"text": "Seen on Monday.\nTwice."})
    assert written.status_code == 201
    assert written.json()["actor"]["id"] == str(person.user_id)
    api = an_api(a_person(team, "viewer"))
    assert api.get(url(incident, "notes")).json()["results"] == [written.json()]
    assert api.post(url(incident, "notes"), {"text": "Me too."}).status_code == 403
    assert an_api(person).post(url(incident, "notes"), {"text": " "}).status_code == 400
    event = Event.objects.get(incident=incident, kind="incident.noted")
    assert "Monday" not in str(event.data)


def test_lists_messages_without_their_addresses(clock):
    team = a_team()
    incident, notification = reminded(team)
    response = an_api(a_key(team)).get(
        "/api/v1/notifications/", {"incident": str(incident.pk), "status": "pending"}
    )
    (row,) = response.json()["results"]
    assert row["id"] == str(notification.pk)
    assert row["contact_point"]["kind"] == "console"
    assert row["reminders"] == [str(Reminder.objects.get(incident=incident, step=1).pk)]
    assert b"secret@x.test" not in response.content
    other = an_api(a_key(a_team()))
    assert other.get("/api/v1/notifications/").json()["results"] == []
    assert other.get(f"/api/v1/notifications/{row['id']}/").status_code == 404


def test_sends_again_what_reached_nobody(clock):
    team = a_team()
    incident, notification = reminded(team)
    path = f"/api/v1/notifications/{notification.pk}/retry/"
    api = an_api(a_person(team))
    Notification.objects.filter(pk=notification.pk).update(status="sent")
    assert api.post(path, {}).status_code == 409
    Notification.objects.filter(pk=notification.pk).update(status="dead", attempts=8)
    response = api.post(path, {})
    assert (response.status_code, response.json()["status"]) == (200, "pending")
    assert api.post(path, {}).status_code == 200
    assert kinds(incident).count("notification.retried") == 1
    assert an_api(a_person(team, "viewer")).post(path, {}).status_code == 403


def test_sends_it_through_a_contact_point_that_is_still_there(clock):
    team = a_team()
    _incident, notification = reminded(team)
    path = f"/api/v1/notifications/{notification.pk}/retry/"
    api = an_api(a_person(team))
    Notification.objects.filter(pk=notification.pk).update(status="dead", contact_point=None)
    notification.contact_point.delete()
    gone = api.post(path, {})
    assert (gone.status_code, gone.json()["code"]) == (422, "no_contact_point")
    fresh = a_contact_point(notification.owner)
    assert api.post(path, {}).json()["contact_point"]["id"] == str(fresh.pk)


def test_tries_a_parked_reminder_again(clock):
    team = a_team()
    incident = opened(team, policy=a_policy(team, [{"delay": timedelta(hours=1)}]))
    reminder = Reminder.objects.get(incident=incident, step=1)
    path = f"{url(incident, 'reminders')}{reminder.pk}/retry/"
    api = an_api(a_person(team))
    Reminder.objects.filter(pk=reminder.pk).update(status="parked", attempts=5, last_error="X")
    response = api.post(path, {})
    assert response.json()["status"] == "pending"
    assert response.json()["attempts"] == 0
    assert "reminder.retried" in kinds(incident)
    Reminder.objects.filter(pk=reminder.pk).update(status="fired")
    assert api.post(path, {}).status_code == 409
