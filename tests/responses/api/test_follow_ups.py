from datetime import timedelta

import pytest

from crisis_api.lib import clock as the_clock
from crisis_api.lib.drf.renderers import instant
from crisis_api.lib.ids import uuid7
from responses.models import FollowUp
from responses.services import follow_ups
from tests.factories.access import a_key, a_person, a_team, an_api, joins, the_actor
from tests.factories.incidents import an_incident

pytestmark = pytest.mark.django_db

URL = "/api/v1/follow_ups/"


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def person(team):
    return a_person(team, "responder")


@pytest.fixture
def api(person):
    return an_api(person)


def days(number):
    return instant(the_clock.now() + timedelta(days=number))


def body(owner, **values):
    return {"title": "Publish the report", "owner": str(owner.pk), "due_at": days(3), **values}


def one(team, owner, **values):
    defaults = {
        "team": team,
        "title": "Publish the report",
        "owner": owner,
        "due_at": the_clock.now() + timedelta(days=3),
        "by": the_actor(owner),
    }
    return follow_ups.create(**{**defaults, **values})


def path(row, verb=""):
    return f"{URL}{row.pk}/{verb + '/' if verb else ''}"


def test_is_created_and_shown_with_all_that_it_is(api, team, person):
    incident = an_incident(team)
    answer = api.post(
        URL,
        body(
            person,
            kind="commitment",
            incident=str(incident.pk),
            remind_before_seconds=3600,
            external_refs=[{"system": "jira", "id": "CR-12"}],
        ),
    )

    assert answer.status_code == 201, answer.data
    shown = answer.json()
    assert shown["kind"] == "commitment"
    assert shown["status"] == "open"
    assert shown["incident"] == str(incident.pk)
    assert shown["remind_before_seconds"] == 3600
    assert shown["external_refs"] == [{"system": "jira", "id": "CR-12", "url": ""}]
    assert shown["actor"] == {"type": "user", "id": str(person.user_id)}
    assert shown["html_url"].endswith(f"/admin/responses/followup/{shown['id']}/change/")
    assert api.get(path(FollowUp.objects.get())).json() == shown
    assert api.get(URL).json()["results"] == [shown]


def test_belongs_to_the_team_of_the_incident_it_names(person, team):
    other = a_team()
    joins(person, other)
    incident = an_incident(other)

    answer = an_api(person).post(URL, body(person, incident=str(incident.pk)))

    assert answer.json()["team"] == str(other.pk)


def test_asks_for_the_team_where_there_are_several(person, team):
    joins(person, a_team())

    answer = an_api(person).post(URL, body(person))

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/team"


@pytest.mark.parametrize(
    ("values", "status", "pointer"),
    [
        ({"due_at": "2020-01-01T00:00:00Z"}, 400, "/due_at"),
        ({"due_at": "tomorrow"}, 400, "/due_at"),
        ({"title": ""}, 400, "/title"),
        ({"title": "\u202etxt"}, 400, "/title"),
        ({"kind": "wish"}, 400, "/kind"),
        ({"status": "done"}, 400, "/status"),
        ({"remind_before_seconds": -1}, 400, "/remind_before_seconds"),
    ],
)
def test_refuses_what_cannot_be(api, person, values, status, pointer):
    answer = api.post(URL, body(person, **values))

    assert answer.status_code == status
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not FollowUp.objects.exists()


def test_refuses_what_is_not_the_callers(api, team, person):
    stranger = a_person(a_team())
    for values in (
        {"owner": str(stranger.pk)},
        {"incident": str(an_incident(a_team()).pk)},
        {"statement": str(uuid7())},
    ):
        assert api.post(URL, {**body(person), **values}).status_code == 422


def test_shows_nothing_of_another_team(api):
    other = a_team()
    row = one(other, a_person(other))

    assert api.get(path(row)).status_code == 404
    assert api.post(path(row, "start")).status_code == 404
    assert api.patch(path(row), {"title": "x"}).status_code == 404
    assert api.get(URL).json()["results"] == []


def test_lets_a_viewer_read_and_nothing_else(team, person):
    row = one(team, person)
    viewer = an_api(a_person(team, "viewer"))

    assert viewer.get(path(row)).status_code == 200
    assert viewer.post(path(row, "start")).status_code == 403
    assert viewer.post(URL, body(person)).status_code == 403


def test_asks_a_key_for_its_scope(team, person):
    row = one(team, person)

    assert an_api(a_key(team, ["read"])).post(path(row, "start")).status_code == 403
    assert an_api(a_key(team, ["responses"])).post(path(row, "start")).status_code == 200


def test_goes_through_its_verbs(api, team, person):
    row = one(team, person)

    assert api.post(path(row, "start")).json()["status"] == "in_progress"
    assert api.post(path(row, "complete"), {}).status_code == 400
    done = api.post(path(row, "complete"), {"proof": "Report No. 7"}).json()
    assert (done["status"], done["proof"]) == ("done", "Report No. 7")
    refused = api.post(path(row, "cancel"), {"reason": "Late"})
    assert refused.status_code == 409
    assert refused.json()["allowed"] == []


def test_is_cancelled_with_a_reason(api, team, person):
    row = one(team, person)

    shown = api.post(path(row, "cancel"), {"reason": "Promised by mistake"}).json()

    assert (shown["status"], shown["cancel_reason"]) == ("cancelled", "Promised by mistake")


def test_is_changed(api, team, person):
    row = one(team, person)
    due = days(9)

    shown = api.patch(path(row), {"due_at": due, "remind_before_seconds": 60}).json()

    assert (shown["due_at"], shown["remind_before_seconds"]) == (due, 60)


def test_is_not_changed_from_an_old_version(api, team, person):
    row = one(team, person)
    etag = api.get(path(row)).headers["ETag"]
    assert api.patch(path(row), {"title": "A"}, HTTP_IF_MATCH=etag).status_code == 200

    assert api.patch(path(row), {"title": "B"}, HTTP_IF_MATCH=etag).status_code == 412


def test_is_made_once_under_one_idempotency_key(api, person):
    made = body(person)
    first = api.post(URL, made, HTTP_IDEMPOTENCY_KEY="k1")
    second = api.post(URL, made, HTTP_IDEMPOTENCY_KEY="k1")

    assert first.json() == second.json()
    assert FollowUp.objects.count() == 1


def test_is_found_by_what_is_asked_for(api, team, person):
    incident = an_incident(team)
    promise = one(team, person, kind="commitment", incident=incident)
    action = one(team, a_person(team), due_at=the_clock.now() + timedelta(days=30))

    def found(**query):
        answer = api.get(URL, query)
        assert answer.status_code == 200, answer.data
        return [row["id"] for row in answer.json()["results"]]

    assert found() == [str(promise.pk), str(action.pk)]
    assert found(kind="commitment") == [str(promise.pk)]
    assert found(status="open,done", ordering="-due_at") == [str(action.pk), str(promise.pk)]
    assert found(incident=str(incident.pk)) == [str(promise.pk)]
    assert found(incident="none") == [str(action.pk)]
    assert found(owner=str(person.pk)) == [str(promise.pk)]
    assert found(due_at__lt=days(10)) == [str(promise.pk)]
    assert api.get(URL, {"wish": "1"}).status_code == 400


def test_lists_with_two_queries(api, team, person, django_assert_max_num_queries):
    for _ in range(5):
        one(team, person)
    api.get(URL)

    with django_assert_max_num_queries(2 + 4):  # session, user, person, memberships
        assert len(api.get(URL).json()["results"]) == 5
