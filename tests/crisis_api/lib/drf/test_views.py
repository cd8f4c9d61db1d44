from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from crisis_api.access.models import Team
from crisis_api.lib.ids import uuid7
from tests.factories.access import a_key, a_person, a_team, an_api, joins

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.crisis_api.lib.drf.sample"),
]
TEAMS = "/api/v1/teams/"


@pytest.fixture
def team() -> Team:
    return a_team(name="Lumelle")


@pytest.fixture
def api(team: Team) -> APIClient:
    return an_api(a_key(team))


def code(answer: Any) -> tuple[int, str]:
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    return answer.status_code, answer.json()["code"]


def test_lists_what_exists_for_the_caller(api: APIClient, team: Team) -> None:
    a_team()
    body = api.get(TEAMS).json()
    assert [row["id"] for row in body["results"]] == [str(team.pk)]
    assert (body["next"], body["previous"]) == (None, None)


def test_reads_a_list_in_few_queries(api: APIClient, django_assert_max_num_queries: Any) -> None:
    # The key, its use, and the list with two kinds of related rows.
    with django_assert_max_num_queries(6):
        api.get(TEAMS)


def test_serves_the_same_fields_in_list_and_detail(api: APIClient, team: Team) -> None:
    assert api.get(f"{TEAMS}{team.pk}/").json() == api.get(TEAMS).json()["results"][0]


def test_asks_strangers_who_they_are(team: Team) -> None:
    for path in (TEAMS, f"{TEAMS}{team.pk}/", f"{TEAMS}{uuid4()}/"):
        answer = APIClient().get(path)
        assert code(answer) == (401, "not_authenticated")
        assert answer["WWW-Authenticate"].startswith("Bearer")
    answer = an_api("ck_abcdefgh_wrong").get(TEAMS)
    assert answer.status_code == 401


def test_shows_nothing_of_other_teams(api: APIClient) -> None:
    foreign, missing = a_team(), uuid7()
    answers = [api.get(f"{TEAMS}{pk}/") for pk in (foreign.pk, missing)]
    assert [code(answer) for answer in answers] == [(404, "not_found")] * 2
    for answer in answers:
        answer.data.pop("instance")
        answer.data.pop("request_id")
    assert answers[0].data == answers[1].data


@pytest.mark.parametrize(
    "value",
    [
        "1",
        "-1",
        "9223372036854775808",
        "0x10",
        "1e3",
        "%201",
        "%00",
        "none",
        "CR-2026-0142",
        "{01a203b6-3f0e-7db3-ae12-0853b0c8ca46}",
        "01a203b63f0e7db3ae120853b0c8ca46",
        "urn:uuid:01a203b6-3f0e-7db3-ae12-0853b0c8ca46",
        "01a203b6-3f0e-7db3-ae12-0853b0c8ca4%D9%A3",
    ],
)
def test_takes_anything_but_a_uuid_for_nothing(api: APIClient, value: str) -> None:
    assert api.get(f"{TEAMS}{value}/").status_code == 404


def test_refuses_callers_without_the_permission(team: Team) -> None:
    viewer = an_api(a_person(team, "viewer"))
    answer = viewer.patch(f"{TEAMS}{team.pk}/", {"name": "x"}, headers={"If-Match": "*"})
    assert code(answer) == (403, "forbidden")
    narrow = an_api(a_key(team, scopes=["intake"]))
    assert narrow.get(TEAMS).status_code == 403


def test_counts_a_permission_only_in_the_team_where_one_has_it(team: Team) -> None:
    person, other = a_person(team, "manager"), a_team()
    joins(person, other, "viewer")
    api = an_api(person)
    for each, status in ((team, 200), (other, 403)):
        answer = api.patch(
            f"{TEAMS}{each.pk}/", {"name": f"new {each.name}"}, headers={"If-Match": "*"}
        )
        assert answer.status_code == status
    other.refresh_from_db()
    assert not other.name.startswith("new")


def test_serves_a_version_with_each_object(api: APIClient, team: Team) -> None:
    answer = api.get(f"{TEAMS}{team.pk}/")
    assert answer["ETag"] == '"1"'
    known = api.get(f"{TEAMS}{team.pk}/", headers={"If-None-Match": '"1"'})
    assert (known.status_code, known.content, known["ETag"]) == (304, b"", '"1"')
    assert api.get(f"{TEAMS}{team.pk}/", headers={"If-None-Match": '"2"'}).status_code == 200


def test_changes_only_the_version_that_was_read(api: APIClient, team: Team) -> None:
    path = f"{TEAMS}{team.pk}/"
    person = an_api(a_person(team, "manager"))
    assert code(person.patch(path, {"name": "x"})) == (428, "if_match_required")
    changed = person.patch(path, {"name": "Lumelle Glow"}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed["ETag"]) == (200, '"2"')
    assert changed.json()["name"] == "Lumelle Glow"
    stale = person.patch(path, {"name": "y"}, headers={"If-Match": '"1"'})
    assert code(stale) == (412, "stale")
    assert stale["ETag"] == '"2"'
    team.refresh_from_db()
    assert (team.name, team.version) == ("Lumelle Glow", 2)


def test_honours_if_match_where_it_is_not_required(api: APIClient, team: Team) -> None:
    path = f"{TEAMS}{team.pk}/shout/"
    assert api.post(path, headers={"If-Match": '"9"'}).status_code == 412
    assert api.post(path, headers={"If-Match": '"1"'})["ETag"] == '"2"'
    assert api.post(path).status_code == 200


def test_takes_a_verb_without_a_body(api: APIClient, team: Team) -> None:
    path = f"{TEAMS}{team.pk}/shout/"
    assert api.post(path).status_code == 200
    assert api.post(path, {}).status_code == 200
    assert code(api.post(path, {"loudness": 99})) == (400, "invalid")


def test_refuses_an_empty_body_where_something_is_required(api: APIClient) -> None:
    assert code(api.post(TEAMS)) == (400, "empty_body")
    answer = api.post(TEAMS, {})
    assert code(answer) == (400, "invalid")
    assert answer.json()["errors"] == [
        {"pointer": "/name", "code": "required", "detail": "This field is required."}
    ]


def test_refuses_parameters_that_nobody_declared(api: APIClient, team: Team) -> None:
    for path in (TEAMS, f"{TEAMS}{team.pk}/"):
        answer = api.get(path, {"verbose": "1"})
        assert code(answer) == (400, "invalid")
        assert answer.json()["errors"][0]["pointer"] == "/query/verbose"
    assert api.post(f"{TEAMS}{team.pk}/shout/?dry_run=true").status_code == 400


def test_filters_and_orders_the_list(api: APIClient, team: Team) -> None:
    assert len(api.get(TEAMS, {"language": "en,ru", "ordering": "-name"}).json()["results"]) == 1
    assert api.get(TEAMS, {"q": "nothing"}).json()["results"] == []


@pytest.mark.parametrize("method", ["put", "delete", "options"])
def test_names_the_methods_it_knows(api: APIClient, method: str) -> None:
    answer = api.generic(method.upper(), TEAMS)
    assert code(answer) == (405, "method_not_allowed")
    assert {each.strip() for each in answer["Allow"].split(",")} == {"GET", "HEAD", "POST"}


def test_minds_no_method_override(api: APIClient, team: Team) -> None:
    api.post(TEAMS, {"name": "x"}, headers={"X-HTTP-Method-Override": "DELETE"})
    assert Team.objects.filter(pk=team.pk).exists()


def test_answers_head_without_a_body(api: APIClient, team: Team) -> None:
    answer = api.head(f"{TEAMS}{team.pk}/")
    assert (answer.status_code, answer.content, answer["ETag"]) == (200, b"", '"1"')


def test_tells_what_is_possible_instead(api: APIClient, team: Team) -> None:
    answer = api.post(f"{TEAMS}{team.pk}/stuck/")
    assert code(answer) == (409, "not_allowed_now")
    assert answer.json()["allowed"] == ["shout", "wait"]


def test_answers_a_session_without_its_token_with_403(team: Team) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(a_person(team, "manager").user)
    assert client.get(TEAMS).status_code == 200
    assert code(client.post(TEAMS, {"name": "x"})) == (403, "csrf_failed")


def test_says_how_much_of_its_rate_a_caller_has_left(api: APIClient) -> None:
    first, second = api.get(TEAMS), api.get(TEAMS)
    assert int(second["RateLimit-Remaining"]) == int(first["RateLimit-Remaining"]) - 1
    assert int(first["RateLimit-Limit"]) > int(first["RateLimit-Remaining"])


def test_rehearses_where_an_action_allows_it(api: APIClient) -> None:
    answer = api.post(f"{TEAMS}?dry_run=true", {"name": "Rehearsed"})
    assert (answer.status_code, answer["Dry-Run"]) == (201, "true")
    assert answer.json()["name"] == "Rehearsed"
    assert not Team.objects.filter(name="Rehearsed").exists()
    assert code(api.post(f"{TEAMS}?dry_run=maybe", {"name": "x"})) == (400, "invalid")
    assert api.post(f"{TEAMS}?dry_run=false", {"name": "Real"}).status_code == 201
    assert Team.objects.filter(name="Real").exists()
