"""`/teams/`, `/owners/`, `/memberships/` and `/audit_events/`."""

import pytest

from crisis_api.access.models import Membership
from tests.factories.access import a_key, a_person, a_team, an_api, joins

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def manager(team):
    return a_person(team, "manager")


@pytest.fixture
def api(manager):
    return an_api(manager)


def test_shows_the_callers_teams_and_no_others(api, team):
    other = a_team()
    listed = api.get("/api/v1/teams/").data["results"]
    assert [row["id"] for row in listed] == [team.pk]
    assert listed[0] == api.get(f"/api/v1/teams/{team.pk}/").data
    assert api.get(f"/api/v1/teams/{other.pk}/").status_code == 404
    assert api.patch(f"/api/v1/teams/{other.pk}/", {"name": "x"}).status_code == 404


def test_changes_a_team_unless_somebody_was_faster(api, team):
    path = f"/api/v1/teams/{team.pk}/"
    tag = api.get(path)["ETag"]
    ref = {"system": "jira", "id": "CR", "url": ""}
    body = {"name": "Lumelle", "time_zone": "Europe/Moscow", "external_refs": [ref]}
    changed = api.patch(path, body, headers={"If-Match": tag})
    assert changed.status_code == 200
    assert changed.data["time_zone"] == "Europe/Moscow"
    assert changed.data["external_refs"] == [ref]
    assert changed["ETag"] != tag
    assert api.patch(path, {"name": "x"}, headers={"If-Match": tag}).status_code == 412


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"time_zone": "Moscow"}, "/time_zone", "unknown_time_zone"),
        ({"frozen_at": None}, "/frozen_at", "unknown_field"),
        ({"name": "a\nb"}, "/name", "forbidden_character"),
        ({"slug": "Ünï"}, "/slug", "invalid"),
    ],
)
def test_refuses_what_it_does_not_understand(api, team, body, pointer, code):
    refused = api.patch(f"/api/v1/teams/{team.pk}/", body)
    assert refused.status_code == 400
    assert [(e["pointer"], e["code"]) for e in refused.data["errors"]] == [(pointer, code)]


def test_answers_409_where_a_name_is_taken(api, team):
    other = a_team()
    assert api.patch(f"/api/v1/teams/{team.pk}/", {"name": other.name}).status_code == 409


@pytest.mark.parametrize(("role", "allowed"), [("viewer", 403), ("responder", 200), ("legal", 200)])
def test_lets_those_freeze_who_may(team, role, allowed):
    api = an_api(a_person(team, role))
    frozen = api.post(f"/api/v1/teams/{team.pk}/freeze/")
    assert frozen.status_code == allowed
    if allowed == 200:
        assert frozen.data["frozen_at"] is not None
        assert api.get("/api/v1/teams/?frozen=true").data["results"]
        assert api.post(f"/api/v1/teams/{team.pk}/unfreeze/").data["frozen_at"] is None


def test_lists_people_by_team_and_role_without_betraying_other_teams(api, team, manager):
    other = a_team()
    boris = a_person(team, "viewer", name="Boris")
    joins(boris, other, "manager")
    a_person(other, name="Nobody here")

    def names(query=""):
        return [row["name"] for row in api.get(f"/api/v1/owners/{query}").data["results"]]

    assert names() == ["Boris", manager.name]
    assert names(f"?team={team.pk}&role=manager") == [manager.name]
    assert names(f"?team={other.pk}") == []
    assert names("?role=viewer") == ["Boris"]
    memberships = api.get(f"/api/v1/memberships/?owner={boris.pk}").data["results"]
    assert [row["team"] for row in memberships] == [team.pk]


def test_lists_a_person_of_two_shared_teams_once(manager, team):
    second = a_team()
    joins(manager, second, "viewer")
    anna = a_person(team)
    joins(anna, second)
    found = an_api(manager).get("/api/v1/owners/").data["results"]
    assert [row["id"] for row in found] == sorted([manager.pk, anna.pk], key=_name_of)


def _name_of(pk):
    from crisis_api.access.models import Owner

    return Owner.objects.get(pk=pk).name


NEW = {"role": "responder", "username": "anna", "name": "Anna"}


def test_makes_a_person_with_a_role_in_the_only_team(api, team):
    made = api.post("/api/v1/owners/", {**NEW, "working_hours": {"mon": [["09:00", "18:00"]]}})
    assert made.status_code == 201, made.data
    assert made.data["working_hours"] == {"mon": [["09:00", "18:00"]]}
    assert Membership.objects.get(owner_id=made.data["id"]).team_id == team.pk


def test_refuses_hours_with_a_pointer_into_the_body(api):
    hours = {"mon": [["18:00", "18:00"]]}
    refused = api.post("/api/v1/owners/", {**NEW, "working_hours": hours})
    assert refused.status_code == 400
    assert refused.data["errors"][0]["pointer"] == "/working_hours/mon/0"


def test_lets_no_key_of_a_team_make_people_who_could_then_sign_in(team):
    api = an_api(a_key(team))
    assert api.post("/api/v1/owners/", {**NEW, "role": "manager"}).status_code == 403


def test_leaves_people_of_other_teams_to_all_their_managers(api, team, manager):
    other = a_team()
    boris = a_person(team)
    joins(boris, other)
    for path in ("", "deactivate/"):
        call = api.post if path else api.patch
        refused = call(f"/api/v1/owners/{boris.pk}/{path}", {} if path else {"name": "B"})
        assert (refused.status_code, refused.data["code"]) == (403, "shared_person")
    joins(manager, other, "manager")
    assert api.patch(f"/api/v1/owners/{boris.pk}/", {"name": "B"}).data["name"] == "B"
    assert api.post(f"/api/v1/owners/{boris.pk}/deactivate/").data["deactivated_at"]
    assert api.get("/api/v1/owners/?active=false").data["results"][0]["name"] == "B"
    assert api.post(f"/api/v1/owners/{boris.pk}/reactivate/").data["deactivated_at"] is None


@pytest.mark.parametrize("role", ["viewer", "responder", "approver", "legal", "moderator"])
def test_leaves_people_to_managers(team, role):
    api = an_api(a_person(team, role))
    assert api.post("/api/v1/owners/", NEW).status_code == 403
    assert api.get("/api/v1/audit_events/").status_code == 403


def test_keeps_memberships(api, team, manager):
    anna = a_person(team, "viewer")
    mine = Membership.objects.get(owner=manager)
    hers = Membership.objects.get(owner=anna)
    refused = api.patch(f"/api/v1/memberships/{mine.pk}/", {"role": "viewer"})
    assert (refused.status_code, refused.data["code"]) == (409, "last_manager")
    raised = api.patch(f"/api/v1/memberships/{hers.pk}/", {"role": "manager"})
    assert raised.data["role"] == "manager"
    assert api.delete(f"/api/v1/memberships/{mine.pk}/").status_code == 204
    assert api.get("/api/v1/memberships/").status_code == 403


def test_adds_somebody_the_caller_knows_to_another_of_their_teams(api, manager, team):
    other = a_team()
    joins(manager, other, "manager")
    anna, stranger = a_person(team), a_person(a_team())

    def add(person, where):
        body = {"owner": person.pk, "team": where.pk, "role": "viewer"}
        return api.post("/api/v1/memberships/", body)

    assert add(anna, other).status_code == 201
    assert add(anna, other).status_code == 409
    assert add(stranger, other).status_code == 422
    assert add(anna, a_team()).status_code == 422
    missing = api.post("/api/v1/memberships/", {"owner": anna.pk, "role": "viewer"})
    assert (missing.status_code, missing.data["errors"][0]["pointer"]) == (400, "/team")


def test_shows_managers_who_changed_what(api, team, manager):
    api.patch(f"/api/v1/teams/{team.pk}/", {"language": "ru"})
    (line,) = api.get("/api/v1/audit_events/?action=team.changed").data["results"]
    assert line["data"] == {"fields": ["language"]}
    assert line["actor"] == {"type": "user", "id": manager.user_id}
    assert line["object"] == team.pk
    assert api.get(f"/api/v1/audit_events/{line['id']}/").data == line
    assert api.get("/api/v1/audit_events/?actor=none").status_code == 400
