"""`/api_keys/`: nobody gives a key more than they have."""

from datetime import timedelta

import pytest

from crisis_api.access import keys
from crisis_api.access.models import ApiKey, IdempotencyRecord, Membership, Owner
from crisis_api.lib import clock
from tests.factories.access import a_key, a_person, a_team, an_api, joins

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def api(team):
    return an_api(a_person(team, "manager"))


def issue(api, **values):
    return api.post("/api/v1/api_keys/", {"name": "Robot", "scopes": ["read"], **values})


def test_shows_a_new_key_once(api, team):
    made = issue(api, scopes=["read", "intake"])
    assert made.status_code == 201
    text = made.data["key"]
    assert text.startswith(f"ck_{made.data['prefix']}_")
    assert keys.find(text).team_id == team.pk
    shown = api.get(f"/api/v1/api_keys/{made.data['id']}/")
    assert "key" not in shown.data
    assert shown.data["scopes"] == ["intake", "read"]
    assert an_api(text).get("/api/v1/teams/").status_code == 200


def test_gives_the_same_key_again_to_whoever_repeats_the_request_and_never_stores_it(api):
    given = {"name": "Robot", "scopes": ["read"]}
    first = api.post("/api/v1/api_keys/", given, headers={"Idempotency-Key": "k1"})
    again = api.post("/api/v1/api_keys/", given, headers={"Idempotency-Key": "k1"})
    assert again.json() == first.json()
    assert ApiKey.objects.count() == 1
    secret = first.data["key"].rpartition("_")[2].encode()
    assert secret not in bytes(IdempotencyRecord.objects.get().body)


def test_asks_each_time_whether_a_key_is_still_good(team):
    text = a_key(team)
    api = an_api(text)
    assert api.get("/api/v1/teams/").status_code == 200
    # As another process does it: nothing here is told.
    ApiKey.objects.filter(pk=keys.find(text).pk).update(revoked_at=clock.now())
    assert api.get("/api/v1/teams/").status_code == 401


def test_asks_each_time_in_which_teams_a_key_s_person_is(team):
    person = a_person(team)
    api = an_api(a_key(owner=person))
    assert [row["id"] for row in api.get("/api/v1/teams/").data["results"]] == [team.pk]
    other = a_team()
    joins(person, other)
    Membership.objects.filter(owner=person, team=team).delete()
    assert [row["id"] for row in api.get("/api/v1/teams/").data["results"]] == [other.pk]
    Owner.objects.filter(pk=person.pk).update(deactivated_at=clock.now())
    assert api.get("/api/v1/teams/").status_code == 403


def test_tells_managers_of_every_key_that_acts_in_their_team(api, team):
    issue(api)
    made = issue(an_api(a_person(team)), personal=True)
    an_api(made.data["key"]).post(f"/api/v1/api_keys/{made.data['id']}/revoke/")
    lines = api.get("/api/v1/audit_events/?object_type=apikey").data["results"]
    assert [line["action"] for line in lines] == [
        "api_key.revoked",
        "api_key.issued",
        "api_key.issued",
    ]


@pytest.mark.parametrize("role", ["viewer", "responder", "approver"])
def test_leaves_the_keys_of_a_team_to_its_managers(team, role):
    a_key(team)
    api = an_api(a_person(team, role))
    assert issue(api).status_code == 403
    assert api.get("/api/v1/api_keys/").data["results"] == []


def test_lets_no_key_of_a_team_make_keys(team):
    assert issue(an_api(a_key(team))).status_code == 403


def test_gives_people_keys_that_act_as_themselves(team):
    person = a_person(team, "responder")
    api = an_api(person)
    made = issue(api, personal=True, scopes=["read", "incidents"])
    assert (made.status_code, made.data["owner"], made.data["team"]) == (201, person.pk, None)
    assert an_api(made.data["key"]).get("/api/v1/me/").data["owner"]["id"] == person.pk
    listed = api.get("/api/v1/api_keys/").data["results"]
    assert [row["id"] for row in listed] == [made.data["id"]]


def test_refuses_a_scope_that_the_person_has_no_use_for(team):
    refused = issue(an_api(a_person(team, "viewer")), personal=True, scopes=["manage"])
    assert (refused.status_code, refused.data["errors"][0]["code"]) == (422, "scope_beyond_yours")


def test_lets_a_key_make_no_stronger_and_no_longer_lived_one(team):
    person = a_person(team, "manager")
    end = clock.now() + timedelta(days=1)
    api = an_api(a_key(owner=person, scopes=["read"], expires_at=end))
    stronger = issue(api, personal=True, scopes=["manage"], expires_at=end.isoformat())
    assert stronger.data["errors"][0]["code"] == "scope_beyond_yours"
    longer = issue(api, personal=True)
    assert longer.data["errors"][0]["code"] == "outlives_yours"
    assert issue(api, personal=True, expires_at=end.isoformat()).status_code == 201


def test_ends_a_key_at_its_time_and_on_demand(api, clock):
    soon = (clock.now() + timedelta(hours=1)).isoformat()
    made = issue(api, expires_at=soon)
    with_key = an_api(made.data["key"])
    assert with_key.get("/api/v1/me/").status_code == 200
    clock.move(hours=1)
    assert with_key.get("/api/v1/me/").status_code == 401
    assert issue(api, expires_at=soon).status_code == 400

    other = issue(api)
    revoked = api.post(f"/api/v1/api_keys/{other.data['id']}/revoke/")
    assert revoked.data["revoked_at"] is not None
    assert an_api(other.data["key"]).get("/api/v1/me/").status_code == 401
    assert api.get("/api/v1/api_keys/?revoked=true").data["results"][0]["id"] == other.data["id"]


def test_lets_a_key_that_leaked_end_itself_and_nothing_else(team):
    text, other = a_key(team, scopes=["read"]), a_key(team, scopes=["read"])
    api = an_api(text)
    (mine,) = api.get("/api/v1/api_keys/").data["results"]
    assert api.post(f"/api/v1/api_keys/{keys.find(other).pk}/revoke/").status_code == 404
    assert api.post(f"/api/v1/api_keys/{mine['id']}/revoke/").status_code == 200
    assert keys.find(text) is None


def test_never_shows_keys_of_other_teams(api):
    foreign = keys.find(a_key(a_team()))
    assert api.get(f"/api/v1/api_keys/{foreign.pk}/").status_code == 404
    assert api.post(f"/api/v1/api_keys/{foreign.pk}/revoke/").status_code == 404


def test_refuses_a_team_for_a_personal_key(api, team):
    assert issue(api, personal=True, team=team.pk).status_code == 400


def test_shows_managers_the_personal_keys_that_act_in_their_team(api, team, clock):
    person = a_person(team, "viewer")
    text = a_key(owner=person, scopes=["read"])
    an_api(text).get("/api/v1/me/")
    (row,) = api.get("/api/v1/api_keys/").data["results"]
    assert (row["prefix"], row["owner"], row["team"]) == (text[3:11], person.pk, None)
    assert row["scopes"] == ["read"]
    assert row["last_used_at"] is not None
    assert "key" not in row
    assert text.rpartition("_")[2] not in str(row)


def test_lets_managers_end_the_personal_key_of_a_member(api, team):
    text = a_key(owner=a_person(team, "responder"), scopes=["read"])
    revoked = api.post(f"/api/v1/api_keys/{keys.find(text).pk}/revoke/")
    assert (revoked.status_code, revoked.data["revoked_at"] is not None) == (200, True)
    assert an_api(text).get("/api/v1/me/").status_code == 401


def test_lets_a_manager_of_one_team_end_a_key_that_acts_in_two_and_tells_both(api, team):
    other = a_team()
    person, elsewhere = a_person(team), an_api(a_person(other, "manager"))
    joins(person, other)
    key = keys.find(a_key(owner=person))
    assert [row["id"] for row in elsewhere.get("/api/v1/api_keys/").data["results"]] == [key.pk]
    assert api.post(f"/api/v1/api_keys/{key.pk}/revoke/").status_code == 200
    for each in (api, elsewhere):
        (line,) = each.get("/api/v1/audit_events/?action=api_key.revoked").json()["results"]
        assert str(key.pk) in str(line)


def test_keeps_personal_keys_from_those_who_manage_none_of_the_persons_teams(team):
    person, stranger = a_person(team), a_person(a_team(), "manager")
    joins(stranger, team, "responder")  # a manager, but not here
    key = keys.find(a_key(owner=person))
    for api in (an_api(stranger), an_api(a_person(a_team(), "manager"))):
        assert api.get("/api/v1/api_keys/").data["results"] == []
        assert api.post(f"/api/v1/api_keys/{key.pk}/revoke/").status_code == 404
    key.refresh_from_db()
    assert key.revoked_at is None


def test_forgets_the_keys_of_who_has_left_the_team(api, team):
    person = a_person(team)
    key = keys.find(a_key(owner=person))
    person.memberships.all().delete()
    assert api.get(f"/api/v1/api_keys/{key.pk}/").status_code == 404


def test_shows_a_teams_manage_key_the_personal_keys_and_lets_it_end_none(team):
    key = keys.find(a_key(owner=a_person(team)))
    api = an_api(a_key(team, scopes=["manage"]))
    assert api.get(f"/api/v1/api_keys/{key.pk}/").status_code == 200
    assert api.post(f"/api/v1/api_keys/{key.pk}/revoke/").status_code == 403
