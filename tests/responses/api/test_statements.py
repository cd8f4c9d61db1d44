"""`/statements/` over HTTP."""

from datetime import timedelta

import pytest

from crisis_api.access.models import AuditEvent
from responses.models import Publication, Statement, StatusPage
from responses.services import statements
from tests.factories.access import a_key, a_person, a_team, an_api, joins
from tests.factories.incidents import an_incident
from tests.factories.responses import (
    a_page,
    a_published_statement,
    a_retracted_statement,
    a_statement,
    a_statement_in_review,
    an_approved_statement,
    some_texts,
)

pytestmark = pytest.mark.django_db

URL = "/api/v1/statements/"


@pytest.fixture
def team():
    team = a_team()
    a_page(team)
    return team


@pytest.fixture
def author(team):
    return a_person(team)


@pytest.fixture
def approver(team):
    return a_person(team, "approver")


def of(statement, verb=""):
    return f"{URL}{statement.pk}/{verb and verb + '/'}"


def call(person, statement, verb, body=None, *, match=True, query=""):
    """Post a verb as the person, with the present ETag unless told otherwise."""
    headers = {}
    if match:
        version = Statement.objects.values_list("version", flat=True).get(pk=statement.pk)
        headers["If-Match"] = f'"{version}"'
    return an_api(person).post(of(statement, verb) + query, body or {}, headers=headers)


def outcome(response):
    return response.status_code, response.json().get("code")


def flaws(response):
    return {(error["pointer"], error["code"]) for error in response.json()["errors"]}


def test_goes_from_the_draft_to_the_public_page(team, author, approver):
    incident = an_incident(team)
    body = {"incident": str(incident.pk), "kind": "holding", "texts": some_texts("Hello")}
    response = an_api(author).post(URL, body)
    assert response.status_code == 201
    assert response.json()["texts"] == some_texts("Hello")
    statement = Statement.objects.get(pk=response.json()["id"])

    assert call(author, statement, "submit").json()["status"] == "in_review"
    assert call(approver, statement, "approve").json()["status"] == "approved"
    shown = call(author, statement, "publish", {"targets": ["status_page"]}).json()

    assert shown["status"] == "published"
    assert shown["authors"] == [str(author.pk)]
    assert [each["approver"] for each in shown["approvals"]] == [str(approver.pk)]
    assert [each["target"] for each in shown["publications"]] == ["status_page"]
    assert shown["approvals"][0]["sha256"] == shown["revision"]["sha256"]
    assert shown["public_url"] == f"http://testserver/status/{team.slug}/{statement.pk}/"


def test_shows_the_same_in_the_list_as_in_the_detail(team, author):
    statement = a_retracted_statement(team)
    api = an_api(author)

    (row,) = api.get(URL).json()["results"]
    assert row == api.get(of(statement)).json()
    assert (row["retraction_reason"], row["public_reason"]) == (
        "The batch number was wrong.",
        "error",
    )


def test_a_list_takes_as_many_queries_for_one_as_for_ten(
    team, author, django_assert_max_num_queries
):
    for _ in range(10):
        a_published_statement(team)
    api = an_api(author)
    with django_assert_max_num_queries(14):
        assert len(api.get(URL).json()["results"]) == 10


def test_filters_and_orders(team, author, clock):
    incident = an_incident(team)
    first = a_statement(team, incident=incident, kind="apology")
    clock.move(minutes=1)
    second = a_published_statement(team, incident=incident)
    api = an_api(author)

    def found(query):
        return [row["id"] for row in api.get(f"{URL}?{query}").json()["results"]]

    assert found(f"incident={incident.pk}") == [str(second.pk), str(first.pk)]
    assert found("kind=apology,update") == [str(first.pk)]
    assert found("status=published") == [str(second.pk)]
    assert found("ordering=created_at") == [str(first.pk), str(second.pk)]
    assert api.get(f"{URL}?color=red").status_code == 400


# Writing


def test_a_teams_key_writes_in_the_name_of_who_made_it(team, author, approver):
    key = a_key(team, created_by=approver)
    body = {
        "incident": str(an_incident(team).pk),
        "kind": "holding",
        "texts": some_texts(),
    }
    response = an_api(key).post(URL, body)
    assert response.json()["actor"]["type"] == "api_key"
    assert response.json()["authors"] == [str(approver.pk)]

    statement = Statement.objects.get()
    call(author, statement, "submit")
    assert outcome(call(approver, statement, "approve")) == (403, "four_eyes")


def test_a_key_with_nobody_behind_it_writes_nothing(team):
    body = {
        "incident": str(an_incident(team).pk),
        "kind": "holding",
        "texts": some_texts(),
    }

    assert outcome(an_api(a_key(team)).post(URL, body)) == (422, "author_needed")


@pytest.mark.parametrize(
    ("body", "flaw"),
    [
        ({"kind": "joke"}, ("/kind", "invalid_choice")),
        ({"texts": {}}, ("/texts", "no_language")),
        ({"texts": {"de": {}}}, ("/texts/de", "unknown_field")),
        ({"texts": {"en": {"title": "T"}}}, ("/texts/en/body", "required")),
        ({"texts": {"en": {"title": "a\nb", "body": "B"}}}, ("/texts/en/title", None)),
        ({"texts": {"en": {"title": "T", "body": "\u0007"}}}, ("/texts/en/body", None)),
        ({"status": "published"}, ("/status", "unknown_field")),
        ({"next_update_at": "2020-01-01T00:00:00Z"}, ("/next_update_at", "in_the_past")),
        ({"kind": "correction"}, ("/corrects", "required_for_corrections")),
    ],
)
def test_says_what_is_wrong_with_a_draft(body, flaw, team, author):
    good = {"incident": str(an_incident(team).pk), "kind": "holding", "texts": some_texts()}
    response = an_api(author).post(URL, {**good, **body})

    assert response.status_code == 400
    pointer, code = flaw
    assert (pointer, code) in flaws(response) if code else pointer in dict(flaws(response))
    assert not Statement.objects.exists()


def test_an_incident_of_another_team_does_not_exist(team, author):
    body = {"kind": "holding", "texts": some_texts()}
    foreign = an_incident(a_team())

    response = an_api(author).post(URL, {**body, "incident": str(foreign.pk)})
    assert outcome(response) == (422, "unknown_incident")


def test_two_people_do_not_overwrite_each_other(team, author):
    statement = a_statement(team, author=author)
    api = an_api(author)
    tag = api.get(of(statement)).headers["ETag"]
    body = {"texts": some_texts("Mine")}

    assert outcome(api.patch(of(statement), body)) == (428, "if_match_required")
    assert api.patch(of(statement), body, headers={"If-Match": tag}).status_code == 200
    assert outcome(api.patch(of(statement), body, headers={"If-Match": tag})) == (412, "stale")


@pytest.mark.parametrize("verb", ["approve", "publish"])
def test_what_must_be_read_first_says_which_version_it_read(verb, team, approver):
    body = {"targets": ["status_page"]} if verb == "publish" else {}
    make = an_approved_statement if verb == "publish" else a_statement_in_review
    statement = make(team)

    missing = call(approver, statement, verb, body, match=False)
    assert outcome(missing) == (428, "if_match_required")
    api = an_api(approver)
    stale = api.post(of(statement, verb), body, headers={"If-Match": '"1"'})
    assert outcome(stale) == (412, "stale")


def test_shows_every_wording_with_who_wrote_it(team, author):
    other = a_person(team)
    statement = a_statement(team, author=author, texts=some_texts("First"))
    tag = {"If-Match": f'"{statement.version}"'}
    an_api(other).patch(of(statement), {"texts": some_texts("Second")}, headers=tag)

    second, first = an_api(author).get(of(statement, "revisions")).json()["results"]
    assert (first["number"], first["authors"]) == (1, [str(author.pk)])
    assert first["texts"] == some_texts("First")
    assert set(second["authors"]) == {str(author.pk), str(other.pk)}


def test_a_statement_is_never_deleted(team, author):
    assert an_api(author).delete(of(a_statement(team))).status_code == 405


# Four eyes


def test_an_author_may_not_approve_by_any_door(team):
    person = a_person(team, "manager")
    type(team).objects.filter(pk=team.pk).change(personal_keys_may_approve=True)
    statement = a_statement_in_review(team, author=person)
    version = {"If-Match": f'"{statement.version}"'}

    for door in (person, a_key(owner=person)):
        response = an_api(door).post(of(statement, "approve"), {}, headers=version)
        assert outcome(response) == (403, "four_eyes")


def test_a_teams_key_never_approves(team, approver):
    statement = a_statement_in_review(team)
    key = a_key(team, created_by=approver)
    version = {"If-Match": f'"{statement.version}"'}

    response = an_api(key).post(of(statement, "approve"), {}, headers=version)
    assert outcome(response) == (403, "forbidden")


@pytest.mark.parametrize(("allowed", "status"), [(False, 403), (True, 200)])
def test_a_personal_key_approves_where_its_team_lets_it(allowed, status, team, approver):
    type(team).objects.filter(pk=team.pk).change(personal_keys_may_approve=allowed)
    statement = a_statement_in_review(team)
    version = {"If-Match": f'"{statement.version}"'}

    response = an_api(a_key(owner=approver)).post(of(statement, "approve"), {}, headers=version)
    assert response.status_code == status


def test_an_approver_elsewhere_does_not_approve_here(team):
    person = a_person(a_team(), "approver")
    joins(person, team, "responder")

    assert outcome(call(person, a_statement_in_review(team), "approve")) == (403, "forbidden")


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("viewer", set()),
        ("moderator", set()),
        ("responder", {"submit", "publish", "retract", "correct"}),
        ("approver", {"submit", "approve", "request_changes", "publish", "retract", "correct"}),
        ("legal", {"submit", "approve", "request_changes", "retract", "correct"}),
        ("manager", {"submit", "approve", "request_changes", "publish", "retract", "correct"}),
    ],
)
def test_each_role_has_its_verbs(role, allowed, team):
    person = a_person(team, role)
    cases = {
        "submit": (a_statement, {}),
        "approve": (a_statement_in_review, {}),
        "request_changes": (a_statement_in_review, {"text": "Name the batch."}),
        "publish": (an_approved_statement, {"targets": ["status_page"]}),
        "retract": (a_published_statement, {"reason": "Wrong."}),
        "correct": (a_published_statement, {"texts": some_texts()}),
    }
    passed = {
        verb
        for verb, (make, body) in cases.items()
        if call(person, make(team), verb, body).status_code in (200, 201)
    }

    assert passed == allowed


def test_statements_of_another_team_do_not_exist(team):
    stranger = a_person(a_team(), "manager")
    for make in (a_statement, a_published_statement):
        statement = make(team)
        api = an_api(stranger)
        assert api.get(of(statement)).status_code == 404
        assert api.get(of(statement, "revisions")).status_code == 404
        assert call(stranger, statement, "retract", {"reason": "x"}).status_code == 404
    assert an_api(stranger).get(URL).json()["results"] == []


# Publishing


@pytest.mark.parametrize(
    "body", [{}, {"targets": []}, {"targets": ["everywhere"]}, {"targets": "status_page"}]
)
def test_nothing_means_everywhere(body, team, author):
    response = call(author, an_approved_statement(team), "publish", body)

    assert response.status_code == 400
    assert not Publication.objects.exists()


def test_a_rehearsal_does_nothing(team, author):
    statement = an_approved_statement(team)
    body = {"targets": ["status_page"]}
    response = call(author, statement, "publish", body, query="?dry_run=true")

    assert (response.status_code, response.json()["status"]) == (200, "published")
    statement.refresh_from_db()
    assert statement.status == "approved"
    assert not Publication.objects.exists()
    assert StatusPage.objects.get(team=team).last_number == 0


def test_the_same_key_publishes_once(team, author):
    statement = an_approved_statement(team)
    headers = {"If-Match": f'"{statement.version}"', "Idempotency-Key": "publish-1"}
    api = an_api(author)
    body = {"targets": ["status_page"]}
    first = api.post(of(statement, "publish"), body, headers=headers)
    again = api.post(of(statement, "publish"), body, headers=headers)

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    assert Publication.objects.count() == 1


def test_says_which_moves_are_possible(team, author):
    response = call(author, a_statement(team), "publish", {"targets": ["status_page"]})

    assert outcome(response) == (409, "not_allowed_now")
    assert response.json()["allowed"] == statements.EDGES.allowed("draft")


def test_a_correction_is_shown_with_what_it_corrects(team, author):
    statement = a_published_statement(team)
    tag = an_api(author).get(of(statement)).headers["ETag"]
    response = call(author, statement, "correct", {"texts": some_texts()})
    assert (response.status_code, response.json()["corrects"]) == (201, str(statement.pk))

    after = an_api(author).get(of(statement), headers={"If-None-Match": tag})
    assert after.json()["corrections"] == [response.json()["id"]]


# The public page


def test_managers_turn_the_page_on(team, author):
    other = a_team()
    manager = a_person(other, "manager")
    path = f"/api/v1/teams/{other.pk}/status_page/"
    api = an_api(manager)
    assert api.get(path).json()["is_enabled"] is False

    body = {"is_enabled": True, "title_ru": "Заявления", "intro_en": "First here."}
    response = api.patch(path, body)
    assert response.status_code == 200
    assert response.json()["public_url"] == f"http://testserver/status/{other.slug}/"
    fields = ["intro_en", "is_enabled", "title_ru"]
    assert AuditEvent.objects.get(action="status_page.changed").data == {"fields": fields}
    assert an_api(author).get(path).status_code == 404


@pytest.mark.parametrize("role", ["viewer", "responder", "approver", "legal"])
def test_others_only_see_its_settings(role, team):
    api = an_api(a_person(team, role))
    path = f"/api/v1/teams/{team.pk}/status_page/"

    assert api.get(path).status_code == 200
    assert api.patch(path, {"is_enabled": False}).status_code == 403


@pytest.mark.parametrize(
    "body",
    [{"title_en": "T" * 151}, {"intro_en": "T" * 1001}, {"title_en": "a\u202eb"}, {"color": "red"}],
)
def test_its_words_are_bounded(body, team):
    path = f"/api/v1/teams/{team.pk}/status_page/"

    assert an_api(a_person(team, "manager")).patch(path, body).status_code == 400


def test_a_promise_of_the_next_update_is_shown(team, author, clock):
    at = clock.now() + timedelta(hours=2)
    statement = a_published_statement(team, next_update_at=at)

    shown = an_api(author).get(of(statement)).json()["next_update_at"]
    assert shown == at.isoformat().replace("+00:00", "Z")
