"""`/contact_points/` and `/me/`."""

import pytest

from crisis_api.access.models import ContactPoint
from tests.factories.access import a_contact_point, a_key, a_person, a_team, an_api, joins

pytestmark = pytest.mark.django_db

MAIL = {"kind": "email", "address": "anna@example.org"}


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def anna(team):
    return a_person(team, "responder", name="Anna")


@pytest.fixture
def api(anna):
    return an_api(anna)


def test_keeps_the_callers_own(api, anna):
    made = api.post("/api/v1/contact_points/", {**MAIL, "label": "Mail"})
    assert made.status_code == 201, made.data
    assert (made.data["owner"], made.data["address"]) == (anna.pk, "anna@example.org")
    path = f"/api/v1/contact_points/{made.data['id']}/"
    changed = api.patch(path, {"urgency": "urgent"}, headers={"If-Match": made["ETag"]})
    assert changed.data["urgency"] == "urgent"
    assert api.patch(path, {"label": "x"}, headers={"If-Match": made["ETag"]}).status_code == 412
    assert api.delete(path).status_code == 204
    assert api.get("/api/v1/contact_points/").data["results"] == []


def test_masks_the_addresses_of_others(team, anna):
    point = a_contact_point(anna, **MAIL)
    manager = an_api(a_person(team, "manager"))
    (seen,) = manager.get("/api/v1/contact_points/").data["results"]
    assert seen["address"] == "a***@example.org"
    assert manager.get(f"/api/v1/contact_points/{point.pk}/").data["address"] == "a***@example.org"
    (own,) = an_api(anna).get("/api/v1/contact_points/").data["results"]
    assert own["address"] == "anna@example.org"


def test_hides_those_of_colleagues_from_all_but_managers(team, anna, api):
    boris = a_person(team, "approver")
    point = a_contact_point(boris)
    assert api.get("/api/v1/contact_points/").data["results"] == []
    assert api.patch(f"/api/v1/contact_points/{point.pk}/", {"label": "x"}).status_code == 404
    refused = api.post("/api/v1/contact_points/", {**MAIL, "owner": boris.pk})
    assert refused.status_code == 403


def test_lets_a_manager_of_all_their_teams_change_a_persons(team, anna):
    manager = a_person(team, "manager")
    api = an_api(manager)
    body = {**MAIL, "owner": anna.pk}
    assert api.post("/api/v1/contact_points/", body).status_code == 201
    other = a_team()
    joins(anna, other)
    body = {**body, "address": "manager@example.org"}
    refused = api.post("/api/v1/contact_points/", body)
    assert (refused.status_code, refused.data["code"]) == (403, "shared_person")


def test_arranges_a_chain(api, anna):
    a = a_contact_point(anna, label="a", position=1)
    b = a_contact_point(anna, label="b", position=2)
    body = {"urgency": "normal", "order": [b.pk, a.pk]}
    arranged = api.post("/api/v1/contact_points/arrange/", body)
    assert [row["label"] for row in arranged.data["results"]] == ["b", "a"]
    body["order"].append(a.pk)
    assert api.post("/api/v1/contact_points/arrange/", body).status_code == 400


def test_gives_a_team_webhooks_with_a_secret_shown_once(team, settings):
    settings.HTTP_ALLOW_PRIVATE = ["127.0.0.1"]
    api = an_api(a_person(team, "manager"))
    body = {"kind": "webhook", "address": "http://127.0.0.1:9/hook?x=1", "team": team.pk}
    made = api.post("/api/v1/contact_points/", body)
    assert made.status_code == 201, made.data
    assert made.data["secret"].startswith("whsec_")
    assert made.data["address"] == "http://127.0.0.1/***"
    path = f"/api/v1/contact_points/{made.data['id']}/"
    assert "secret" not in api.get(path).data
    rotated = api.post(f"{path}rotate_secret/")
    assert rotated.data["secret"] not in (None, made.data["secret"])
    assert api.post("/api/v1/contact_points/", {**MAIL, "team": team.pk}).status_code == 400


@pytest.mark.parametrize(
    ("scopes", "reads", "writes"), [(["read"], 1, 403), (["intake"], 0, 403), (["manage"], 1, 201)]
)
def test_asks_a_persons_key_for_its_scope(anna, scopes, reads, writes):
    a_contact_point(anna, address="other")
    key = an_api(a_key(owner=anna, scopes=["read", *scopes] if "manage" in scopes else scopes))
    assert len(key.get("/api/v1/contact_points/").data["results"]) == reads
    assert key.post("/api/v1/contact_points/", MAIL).status_code == writes


def test_has_none_for_the_key_of_a_team(team):
    refused = an_api(a_key(team)).post("/api/v1/contact_points/", MAIL)
    assert (refused.status_code, refused.data["errors"][0]["pointer"]) == (422, "/owner")


def test_shows_who_calls_and_what_they_may_do(api, anna, team):
    a_contact_point(anna, **MAIL)
    me = api.get("/api/v1/me/")
    assert me.data["actor"] == {"type": "user", "id": anna.user_id}
    assert me.data["owner"]["name"] == "Anna"
    assert me.data["key"] is None
    (mine,) = me.data["teams"]
    assert (mine["id"], mine["role"]) == (team.pk, "responder")
    assert "incidents.acknowledge" in mine["permissions"]
    assert "teams.manage" not in mine["permissions"]
    assert [row["address"] for row in me.data["contact_points"]] == ["anna@example.org"]


def test_shows_a_key_of_a_team_what_it_is(team):
    me = an_api(a_key(team, scopes=["intake"])).get("/api/v1/me/").data
    assert (me["owner"], me["key"]["scopes"], me["contact_points"]) == (None, ["intake"], [])
    assert me["teams"][0]["role"] is None
    assert "mentions.intake" in me["teams"][0]["permissions"]
    assert an_api(a_key(team)).patch("/api/v1/me/", {"name": "x"}).status_code == 403


def test_lets_people_change_themselves(api, anna):
    tag = api.get("/api/v1/me/")["ETag"]
    body = {"language": "ru", "time_zone": "Europe/Moscow", "working_hours": {"sat": []}}
    changed = api.patch("/api/v1/me/", body, headers={"If-Match": tag})
    assert changed.status_code == 200, changed.data
    assert changed.data["owner"]["language"] == "ru"
    assert api.patch("/api/v1/me/", body, headers={"If-Match": tag}).status_code == 412
    bad = api.patch("/api/v1/me/", {"working_hours": {"sat": [["1", "2"]]}})
    assert bad.data["errors"][0]["pointer"].startswith("/working_hours/sat/0")


def test_asks_strangers_to_sign_in(client):
    assert client.get("/api/v1/me/").status_code == 401
    assert ContactPoint.objects.count() == 0


def test_takes_from_which_severity_and_in_which_hours_it_is_used(api, anna):
    wanted = {"from_severity": "high", "hours": {"mon": [["09:00", "18:00"]]}}
    made = api.post("/api/v1/contact_points/", {**MAIL, **wanted})
    assert made.status_code == 201, made.data
    assert {name: made.data[name] for name in wanted} == wanted
    path = f"/api/v1/contact_points/{made.data['id']}/"
    bad = api.patch(path, {"hours": {"mon": [["9", "18"]]}})
    assert bad.status_code == 400
    assert bad.json()["errors"][0]["pointer"] == "/hours/mon/0/0"
    assert api.patch(path, {"from_severity": "worst"}).status_code == 400
    always = api.patch(path, {"hours": {}, "from_severity": "low"}).data
    assert (always["hours"], always["from_severity"]) == (None, "low")
    assert ContactPoint.objects.get(owner=anna).hours is None


def test_uses_a_webhook_of_a_team_for_everything_at_any_hour(team):
    manager = an_api(a_person(team, "manager"))
    hook = {"kind": "webhook", "address": "https://1.1.1.1/hook", "team": team.pk}
    refused = manager.post("/api/v1/contact_points/", {**hook, "from_severity": "high"})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "not_a_persons")
    point = a_contact_point(team=team, kind="webhook", address="https://example.org")
    path = f"/api/v1/contact_points/{point.pk}/"
    assert manager.patch(path, {"hours": {"mon": [["09:00", "18:00"]]}}).status_code == 400
    assert manager.patch(path, {"label": "Hub"}).status_code == 200


def test_lets_people_do_without_the_morning_digest(api, anna):
    assert api.get("/api/v1/me/").data["owner"]["wants_digest"] is True
    changed = api.patch("/api/v1/me/", {"wants_digest": False})
    assert changed.data["owner"]["wants_digest"] is False
    anna.refresh_from_db()
    assert anna.wants_digest is False
