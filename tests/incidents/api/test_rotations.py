"""`/rotations/` and what is on call in them."""

import pytest

from tests.factories.access import a_key, a_person, a_team, an_api
from tests.factories.incidents import a_rotation

pytestmark = pytest.mark.django_db

ROTATIONS = "/api/v1/rotations/"


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def people(team):
    return [a_person(team, name=name) for name in ("Anna", "Boris")]


@pytest.fixture
def api(team):
    return an_api(a_person(team, "manager"))


@pytest.fixture
def body(people):
    return {
        "name": "Primary",
        "time_zone": "Europe/Moscow",
        "starts_on": "2027-01-04",
        "handoff_time": "09:00",
        "handoff_weekday": "monday",
        "shift_days": 7,
        "participants": [str(person.pk) for person in people],
    }


@pytest.fixture
def path(api, body):
    made = api.post("/api/v1/rotations/", body)
    assert made.status_code == 201, made.json()
    return f"/api/v1/rotations/{made.json()['id']}/"


def test_shows_what_was_made(api, body, path):
    shown = api.get(path).json()
    assert {name: shown[name] for name in body} == body
    assert api.get("/api/v1/rotations/").json()["results"] == [shown]


def test_replaces_the_order_unless_somebody_was_faster(api, path, people):
    tag = api.get(path)["ETag"]
    order = {"participants": [str(people[1].pk)]}
    changed = api.patch(path, order, headers={"If-Match": tag})
    assert changed.json()["participants"] == order["participants"]
    assert api.patch(path, order, headers={"If-Match": tag}).status_code == 412


@pytest.mark.parametrize(
    ("change", "status", "pointer", "code"),
    [
        ({"handoff_weekday": "someday"}, 400, "/handoff_weekday", "invalid_choice"),
        ({"handoff_time": "9 o'clock"}, 400, "/handoff_time", "invalid"),
        ({"shift_days": 8}, 400, "/handoff_weekday", "weekday_needs_whole_weeks"),
        ({"time_zone": "Moscow"}, 400, "/time_zone", "unknown_time_zone"),
        ({"on_call": None}, 400, "/on_call", "unknown_field"),
        (
            {"participants": ["019c0000-0000-7000-8000-000000000000"]},
            422,
            "/participants/0",
            "not_a_member",
        ),
    ],
)
def test_says_what_is_wrong_and_where(api, body, change, status, pointer, code):
    refused = api.post("/api/v1/rotations/", {**body, **change})
    assert refused.status_code == status
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [(pointer, code)]


def test_says_who_is_on_call_and_who_is_next(api, path, people):
    # Nine in Moscow is six in UTC.
    found = api.get(f"{path}on_call/?at=2027-01-11T05:59:59Z").json()
    assert found["owner"] == str(people[0].pk)
    assert found["now"] == {
        "owner": str(people[0].pk),
        "reachable": True,
        "starts_at": "2027-01-04T06:00:00.000000Z",
        "ends_at": "2027-01-11T06:00:00.000000Z",
        "is_override": False,
        "layer": None,
    }
    assert found["next"]["owner"] == str(people[1].pk)
    before = api.get(f"{path}on_call/?at=2027-01-01T00:00:00Z").json()
    assert (before["owner"], before["now"]) == (None, None)
    assert api.get(f"{path}on_call/").status_code == 200
    assert api.get(f"{path}on_call/?at=yesterday").status_code == 400
    assert api.get(f"{path}on_call/?when=now").status_code == 400


def test_lists_shifts_for_a_calendar(api, path, people):
    found = api.get(f"{path}shifts/?from=2027-01-04T06:00:00Z&to=2027-01-25T06:00:00Z").json()
    order = [shift["owner"] for shift in found["results"]]
    assert order == [str(people[0].pk), str(people[1].pk), str(people[0].pk)]
    for query in (
        "",
        "?from=2027-01-04T06:00:00Z",
        "?from=2027-01-04T06:00:00Z&to=2029-01-01T00:00:00Z",
    ):
        assert api.get(f"{path}shifts/{query}").status_code == 400


def test_takes_overrides_from_those_who_work(team, path, people):
    api = an_api(people[1])
    body = {
        "owner": str(people[1].pk),
        "starts_at": "2027-01-05T06:00:00Z",
        "ends_at": "2027-01-05T18:00:00Z",
    }
    made = api.post(f"{path}overrides/", body)
    assert made.status_code == 201, made.json()
    found = api.get(f"{path}on_call/?at=2027-01-05T12:00:00Z").json()
    assert (found["owner"], found["now"]["is_override"]) == (str(people[1].pk), True)
    assert [row["id"] for row in api.get(f"{path}overrides/").json()["results"]] == [
        made.json()["id"]
    ]
    assert an_api(a_person(team, "viewer")).post(f"{path}overrides/", body).status_code == 403
    assert api.delete(f"{path}overrides/{made.json()['id']}/").status_code == 204
    assert (
        api.post(path.replace("rotations", "rotations/x") + "overrides/", body).status_code == 404
    )


def test_leaves_rotations_to_managers_and_their_own_team(team, path, body):
    assert an_api(a_person(team, "approver")).post("/api/v1/rotations/", body).status_code == 403
    stranger = an_api(a_key(a_team()))
    for each in (path, f"{path}on_call/", f"{path}overrides/"):
        assert stranger.get(each).status_code == 404
    assert stranger.post(f"{path}overrides/", {}).status_code == 404


def test_archives(api, path):
    assert api.post(f"{path}archive/").json()["archived_at"]
    assert api.get("/api/v1/rotations/?archived=false").json()["results"] == []
    assert len(api.get("/api/v1/rotations/?archived=true").json()["results"]) == 1
    assert api.delete(path).status_code == 405


def test_puts_layers_over_a_rotation_and_shows_which_decides(api, team):
    wanda, anna = a_person(team), a_person(team)
    rotation = a_rotation(team, [anna])
    body = {
        "name": "Saturdays",
        "starts_on": "2027-01-01",
        "handoff_time": "00:00",
        "participants": [str(wanda.pk)],
        "hours": {"sat": [["00:00", "24:00"]]},
    }
    layers = f"{ROTATIONS}{rotation.pk}/layers/"
    made = api.post(layers, body)
    assert made.status_code == 201, made.json()
    layer = made.json()
    assert (layer["position"], layer["hours"], layer["participants"]) == (
        1,
        body["hours"],
        body["participants"],
    )
    assert api.get(f"{ROTATIONS}{rotation.pk}/").json()["layers"] == [layer["id"]]
    asked = f"{ROTATIONS}{rotation.pk}/on_call/?at=2027-01-09T12:00:00Z"
    told = api.get(asked).json()
    assert (told["owner"], told["now"]["layer"]) == (str(wanda.pk), layer["id"])
    assert (told["next"]["owner"], told["next"]["layer"]) == (str(anna.pk), None)
    shifts = f"{ROTATIONS}{rotation.pk}/shifts/?from=2027-01-08T12:00:00Z&to=2027-01-11T00:00:00Z"
    found = [each["layer"] for each in api.get(shifts).json()["results"]]
    assert found == [None, layer["id"], None, None]
    taken = api.post(layers, body)
    assert (taken.status_code, taken.json()["code"]) == (409, "position_taken")
    changed = api.patch(f"{layers}{layer['id']}/", {"hours": {}})
    assert (changed.status_code, changed.json()["hours"]) == (200, None)
    assert api.delete(f"{layers}{layer['id']}/").status_code == 204
    assert api.get(layers).json()["results"] == []
