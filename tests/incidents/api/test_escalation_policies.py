"""`/escalation_policies/`, `/assignment_rules/` and `/teams/{id}/incident_settings/`."""

import re
from pathlib import Path

import pytest

from incidents.api.policy_checks import FINDINGS
from incidents.services import policy_checks
from tests.factories.access import a_contact_point, a_key, a_person, a_team, an_api
from tests.factories.incidents import a_policy, a_rotation

pytestmark = pytest.mark.django_db

POLICIES = "/api/v1/escalation_policies/"
RULES = "/api/v1/assignment_rules/"
OWNER = {"kind": "owner"}


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def anna(team):
    anna = a_person(team, name="Anna")
    a_contact_point(anna, address="anna's phone")
    return anna


@pytest.fixture
def api(team):
    return an_api(a_person(team, "manager"))


def test_makes_and_shows_a_policy_with_its_steps(api, team, anna):
    body = {
        "name": "Default",
        "rounds": 3,
        "round_pause_seconds": 600,
        "steps": [
            {"targets": [OWNER]},
            {
                "delay_seconds": 300,
                "urgency": "normal",
                "working_hours_only": True,
                "targets": [
                    {"kind": "person", "id": str(anna.pk)},
                    {"kind": "role", "role": "manager"},
                ],
            },
        ],
    }
    made = api.post(POLICIES, body)
    assert made.status_code == 201, made.json()
    shown = made.json()
    assert shown["steps"] == [
        {
            "number": 1,
            "delay_seconds": 0,
            "urgency": "urgent",
            "working_hours_only": False,
            "targets": [{"kind": "owner", "id": None, "role": None}],
        },
        {
            "number": 2,
            "delay_seconds": 300,
            "urgency": "normal",
            "working_hours_only": True,
            "targets": [
                {"kind": "person", "id": str(anna.pk), "role": None},
                {"kind": "role", "id": None, "role": "manager"},
            ],
        },
    ]
    assert (shown["rounds"], shown["round_pause_seconds"], shown["team"]) == (3, 600, str(team.pk))
    path = f"{POLICIES}{shown['id']}/"
    assert api.get(path).json() == shown
    # What was shown can be sent back, but for what is numbered by its place.
    steps = [{k: v for k, v in step.items() if k != "number"} for step in shown["steps"]]
    same = api.patch(path, {"steps": steps}, headers={"If-Match": made["ETag"]})
    assert same["ETag"] == made["ETag"]
    fewer = api.patch(path, {"steps": steps[:1]})
    assert len(fewer.json()["steps"]) == 1
    assert api.patch(path, {"rounds": 1}, headers={"If-Match": made["ETag"]}).status_code == 412


@pytest.mark.parametrize(
    ("steps", "pointer", "code"),
    [
        ([], "/steps", "min_length"),
        ([{"targets": []}], "/steps/0/targets", "no_targets"),
        ([{"targets": [{"kind": "pigeon"}]}], "/steps/0/targets/0/kind", "invalid_choice"),
        ([{"targets": [{"kind": "person"}]}], "/steps/0/targets/0/id", "id_required"),
        ([{"targets": [{"kind": "role"}]}], "/steps/0/targets/0/role", "role_required"),
        (
            [{"targets": [{"kind": "owner", "role": "manager"}]}],
            "/steps/0/targets/0/role",
            "role_not_allowed",
        ),
        ([{"targets": [OWNER], "delay_seconds": -1}], "/steps/0/delay_seconds", "min_value"),
        ([{"targets": [OWNER], "delay_seconds": "5"}], "/steps/0/delay_seconds", "wrong_type"),
        ([{"targets": [OWNER], "delay": 5}], "/steps/0/delay", "unknown_field"),
        ([{"targets": [OWNER, OWNER]}], "/steps/0/targets/1", "named_twice"),
    ],
)
def test_says_what_is_wrong_with_a_step_and_where(api, steps, pointer, code):
    refused = api.post(POLICIES, {"name": "Default", "steps": steps})
    assert refused.status_code == 400
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [(pointer, code)]


def test_refuses_a_person_of_another_team(api):
    stranger = a_person(a_team())
    steps = [{"targets": [{"kind": "person", "id": str(stranger.pk)}]}]
    refused = api.post(POLICIES, {"name": "Default", "steps": steps})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/steps/0/targets/0/id"


def test_previews_who_would_be_reminded_when(team, anna):
    hook = a_contact_point(team=team, kind="webhook", address="https://x.org", label="Pager")
    policy = a_policy(team, [{"people": [anna]}, {"roles": ["legal"]}, {"webhooks": [hook]}])
    viewer = an_api(a_person(team, "viewer"))
    at = "2027-01-09T12:00:00.000000Z"
    shown = viewer.post(
        f"{POLICIES}{policy.pk}/preview/", {"category": "spam", "severity": "high", "at": at}
    )
    assert shown.status_code == 200, shown.json()
    found = shown.json()
    assert (found["policy"], found["at"], found["owner"]) == (str(policy.pk), at, None)
    first, second, third = found["steps"]
    assert first["people"] == [
        {"owner": str(anna.pk), "name": "Anna", "at": at, "through": "console"}
    ]
    assert second["people"] == []
    assert third["webhooks"] == [{"contact_point": str(hook.pk), "label": "Pager"}]
    warned = {(each["code"], each["step"]) for each in found["warnings"]}
    assert warned == {("no_owner", None), ("step_finds_nobody", 2)}
    assert all(each["detail"] for each in found["warnings"])
    assert viewer.post(f"{POLICIES}{policy.pk}/preview/").status_code == 200
    bad = viewer.post(f"{POLICIES}{policy.pk}/preview/", {"severity": "awful"})
    assert bad.status_code == 400


def test_archives_a_policy_unless_a_rule_names_it(api, team):
    policy = a_policy(team)
    rule = api.post(RULES, {"policy": str(policy.pk)}).json()
    refused = api.post(f"{POLICIES}{policy.pk}/archive/")
    assert (refused.status_code, refused.json()["used_by"]) == (409, [rule["id"]])
    assert api.delete(f"{RULES}{rule['id']}/").status_code == 204
    assert api.post(f"{POLICIES}{policy.pk}/archive/").json()["archived_at"]
    assert api.delete(f"{POLICIES}{policy.pk}/").status_code == 405


def test_reads_a_page_of_policies_with_one_query(api, team, django_assert_max_num_queries):
    for _ in range(5):
        a_policy(team)
    with django_assert_max_num_queries(1 + 4):  # session, user, person, memberships
        rows = api.get(POLICIES).json()["results"]
    assert [len(row["steps"]) for row in rows] == [2] * 5


def test_keeps_rules_in_order(api, team, anna):
    rotation = a_rotation(team, [anna])
    last = api.post(RULES, {"owner": str(anna.pk), "position": 200}).json()
    assert (last["category"], last["min_severity"]) == (None, "low")
    first = api.post(
        RULES, {"rotation": str(rotation.pk), "category": "spam", "min_severity": "high"}
    ).json()
    assert [row["id"] for row in api.get(RULES).json()["results"]] == [first["id"], last["id"]]
    path = f"{RULES}{first['id']}/"
    both = api.patch(path, {"owner": str(anna.pk)})
    assert (both.status_code, both.json()["errors"][0]["pointer"]) == (400, "/rotation")
    changed = api.patch(path, {"owner": str(anna.pk), "rotation": None, "category": None})
    assert (changed.json()["owner"], changed.json()["category"]) == (str(anna.pk), None)
    assert api.post(RULES, {}).status_code == 400
    assert api.get(f"{RULES}?category=spam").json()["results"] == []


def test_keeps_the_settings_of_a_team(api, team):
    path = f"/api/v1/teams/{team.pk}/incident_settings/"
    shown = api.get(path)
    assert shown.json()["milestone_target_minutes"]["critical"]["acknowledged"] == 5
    policy = a_policy(team)
    body = {
        "default_policy": str(policy.pk),
        "milestone_target_minutes": {"low": {"acknowledged": 99}},
    }
    changed = api.patch(path, body, headers={"If-Match": shown["ETag"]})
    assert changed.status_code == 200, changed.json()
    assert changed.json()["default_policy"] == str(policy.pk)
    assert changed.json()["milestone_target_minutes"]["low"] == {"acknowledged": 99}
    assert api.patch(path, body, headers={"If-Match": shown["ETag"]}).status_code == 412
    assert api.patch(path, {"milestone_targets": {}}).status_code == 400
    bad = api.patch(path, {"milestone_target_minutes": {"low": {"acknowledged": True}}})
    assert bad.status_code == 400
    viewer = an_api(a_person(team, "viewer"))
    assert viewer.get(path).status_code == 200
    assert viewer.patch(path, body).status_code == 403
    assert an_api(a_key(a_team())).get(path).status_code == 404
    assert api.get("/api/v1/teams/x/incident_settings/").status_code == 404


def test_leaves_policies_and_rules_to_managers_and_their_own_team(team):
    policy = a_policy(team)
    responder = an_api(a_person(team))
    assert responder.patch(f"{POLICIES}{policy.pk}/", {"rounds": 2}).status_code == 403
    assert responder.post(RULES, {"policy": str(policy.pk)}).status_code == 403
    stranger = an_api(a_key(a_team()))
    assert stranger.get(f"{POLICIES}{policy.pk}/").status_code == 404
    assert stranger.post(f"{POLICIES}{policy.pk}/preview/").status_code == 404


def test_says_what_would_go_wrong_with_a_policy(api, team, anna):
    rotation = a_rotation(team, [])
    policy = a_policy(team, [{"rotations": [rotation]}, {"people": [anna]}])
    told = api.get(f"{POLICIES}{policy.pk}/checks/")
    assert told.status_code == 200
    assert [(each["code"], each["level"]) for each in told.json()["findings"]] == [
        ("step_reaches_nobody", "error"),
        ("nobody_on_call", "warning"),
        ("step_comes_at_once", "warning"),
    ]
    assert told.json()["findings"][1]["subject"] == str(rotation.pk)
    assert all(each["detail"] for each in told.json()["findings"])


def test_has_a_sentence_for_everything_that_a_check_finds():
    source = Path(policy_checks.__file__).read_text()
    codes = set(re.findall(r'(?:Finding|note_gaps)\(\s*"(\w+)"', source))
    assert codes == set(FINDINGS)


def test_hands_over_to_another_policy(api, team):
    last = a_policy(team)
    body = {"name": "First", "steps": [{"targets": [OWNER]}], "fallback": str(last.pk)}
    made = api.post(POLICIES, body)
    assert (made.status_code, made.json()["fallback"]) == (201, str(last.pk))
    preview = api.post(f"{POLICIES}{made.json()['id']}/preview/", {}).json()
    assert [each["policy"] for each in preview["steps"]] == [made.json()["id"]] + [str(last.pk)] * 2
    circle = api.patch(f"{POLICIES}{last.pk}/", {"fallback": made.json()["id"]})
    assert circle.status_code == 422
    assert [(e["pointer"], e["code"]) for e in circle.json()["errors"]] == [
        ("/fallback", "goes_in_a_circle")
    ]
    strangers = api.patch(f"{POLICIES}{last.pk}/", {"fallback": str(a_policy(a_team()).pk)})
    assert (strangers.status_code, strangers.json()["code"]) == (422, "unknown_policy")
