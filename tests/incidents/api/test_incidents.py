"""`/incidents/`: what is created, listed, shown, edited and refused."""

import uuid
from datetime import timedelta

import pytest

from crisis_api.lib import clock as the_clock
from crisis_api.lib.actors import SYSTEM
from incidents.models import Event, Incident
from incidents.services import lifecycle, merging, relations
from tests.factories.access import a_key, a_person, a_team, an_api, joins, the_actor
from tests.factories.incidents import a_policy, an_account, an_incident
from tests.incidents.services.stories import opened

pytestmark = pytest.mark.django_db

URL = "/api/v1/incidents/"
BODY = {"title": "Burns", "category": "product_safety", "severity": "high"}


def codes(response):
    return {(error["pointer"], error["code"]) for error in response.json()["errors"]}


def test_opens_an_incident_and_says_where_it_is(clock):
    team = a_team()
    person, policy, account = a_person(team), a_policy(team), an_account(team)
    response = an_api(person).post(
        URL,
        {
            **BODY,
            "summary": "Batch 0427",
            "policy": str(policy.pk),
            "account": str(account.pk),
            "owner": str(person.pk),
            "links": [{"url": "https://x.test/1"}],
            "external_refs": [{"system": "jira", "id": "CR-12"}],
            "detected_at": (clock.now() - timedelta(minutes=9)).isoformat(),
        },
    )
    assert response.status_code == 201
    shown = response.json()
    assert response.headers["Location"].endswith(f"{URL}{shown['id']}/")
    assert response.headers["ETag"] == '"1"'
    assert shown["status"] == "open"
    assert shown["owner"] == str(person.pk)
    assert shown["actor"] == {"type": "user", "id": str(person.user_id)}
    assert shown["links"] == [{"url": "https://x.test/1", "title": ""}]
    assert shown["external_refs"] == [{"system": "jira", "id": "CR-12", "url": ""}]
    assert shown["escalation"]["next_reminder_at"] == shown["opened_at"]
    milestones = {row["name"]: row for row in shown["milestones"]}
    assert milestones["opened"]["minutes"] == 9
    assert milestones["acknowledged"]["target_minutes"] == 15
    assert shown["html_url"].endswith(f"/admin/incidents/incident/{shown['id']}/change/")


def test_answers_200_to_a_signal_that_joins(clock):
    api = an_api(a_key(a_team()))
    first = api.post(URL, {**BODY, "dedup_key": "batch-0427"})
    second = api.post(URL, {**BODY, "dedup_key": "batch-0427"})
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json()["id"] == first.json()["id"]
    assert second.json()["signal_count"] == 2


def test_opens_nothing_in_a_rehearsal(clock):
    response = an_api(a_key(a_team())).post(f"{URL}?dry_run=true", BODY)
    assert (response.status_code, response.json()["status"]) == (201, "open")
    assert not Incident.objects.exists()


def test_opens_one_incident_for_one_idempotency_key(clock):
    api = an_api(a_key(a_team()))
    answers = [api.post(URL, BODY, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert Incident.objects.count() == 1


def test_needs_to_know_the_team_of_somebody_who_has_several(clock):
    team, other = a_team(), a_team()
    person = a_person(team, "manager")
    joins(person, other, "viewer")
    api = an_api(person)
    assert ("/team", "required") in codes(api.post(URL, BODY))
    assert api.post(URL, {**BODY, "team": str(team.pk)}).status_code == 201
    assert api.post(URL, {**BODY, "team": str(other.pk)}).status_code == 403
    unknown = api.post(URL, {**BODY, "team": str(a_team().pk)})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_team")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"status": "closed"}, ("/status", "unknown_field")),
        ({"id": str(uuid.uuid4())}, ("/id", "unknown_field")),
        ({"severity": 3}, ("/severity", "wrong_type")),
        ({"severity": "grave"}, ("/severity", "invalid_choice")),
        ({"category": "weather"}, ("/category", "invalid_choice")),
        ({"title": ""}, ("/title", "blank")),
        ({"title": "x" * 201}, ("/title", "max_length")),
        ({"title": "Two\nlines"}, ("/title", "forbidden_character")),
        ({"title": "\u202egnorw"}, ("/title", "forbidden_character")),
        ({"mode": "rehearsal"}, ("/mode", "invalid_choice")),
        ({"owner": "me"}, ("/owner", "invalid")),
        ({"links": [{"url": "javascript:alert(1)"}]}, ("/links/0/url", "invalid")),
        (
            {"links": [{"url": "https://x.test/", "color": "red"}]},
            ("/links/0/color", "unknown_field"),
        ),
        ({"detected_at": "yesterday"}, ("/detected_at", "invalid")),
        ({"detected_at": "2199-01-01T00:00:00Z"}, ("/detected_at", "in_the_future")),
        ({"dedup_key": ""}, ("/dedup_key", "blank")),
        ({"summary": "a\x00b"}, None),
    ],
)
def test_refuses_what_it_does_not_understand(clock, change, error):
    response = an_api(a_key(a_team())).post(URL, {**BODY, **change})
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    if error is not None:
        assert error in codes(response)
    assert not Incident.objects.exists()


def test_names_only_what_belongs_to_the_team(clock):
    other = a_team()
    api = an_api(a_key(a_team()))
    foreign = {
        "owner": str(a_person(other).pk),
        "policy": str(a_policy(other).pk),
        "account": str(an_account(other).pk),
    }
    response = api.post(URL, {**BODY, **foreign})
    assert response.status_code == 422
    assert codes(response) == {(f"/{name}", f"unknown_{name}") for name in foreign}


def test_lists_the_incidents_of_the_callers_teams_in_two_queries(
    clock, django_assert_max_num_queries
):
    team = a_team()
    for _ in range(5):
        an_incident(team)
    an_incident(a_team())
    api = an_api(a_key(team))
    api.get(URL)
    # One for the key, one for the page.
    with django_assert_max_num_queries(2):
        response = api.get(URL, {"page_size": 3})
    assert len(response.json()["results"]) == 3
    rest = api.get(response.json()["next"]).json()
    assert (len(rest["results"]), rest["next"]) == (2, None)


def test_shows_an_incident_with_all_that_belongs_to_it_in_two_queries(
    clock, django_assert_num_queries
):
    team, far = a_team(), a_team()
    incident, other, merged = opened(team), opened(team), opened(team)
    api = an_api(a_key(team))
    api.post(f"{URL}{incident.pk}/relate/", {"other": str(other.pk)})
    api.post(f"{URL}{merged.pk}/merge/", {"into": str(incident.pk)})
    refs = [{"system": "jira", "id": "CR-1", "url": ""}]
    api.patch(f"{URL}{incident.pk}/", {"external_refs": refs})
    opened(far)
    # One for the key, one for the incident.
    with django_assert_num_queries(2):
        shown = api.get(f"{URL}{incident.pk}/").json()
    assert shown["external_refs"] == refs
    assert [each["id"] for each in shown["related_incidents"]] == [str(other.pk)]
    assert [each["id"] for each in shown["merged_incidents"]] == [str(merged.pk)]
    assert [each["name"] for each in shown["milestones"]][:2] == ["detected", "opened"]
    assert api.get(f"{URL}{other.pk}/").json()["related_incidents"][0]["id"] == str(incident.pk)


def test_shows_a_timeline_in_three_queries(clock, django_assert_num_queries):
    incident = opened(a_team())
    api = an_api(a_key(incident.team))
    api.get(URL)
    # One for the key, one for whether the incident is the caller's, one for the page.
    with django_assert_num_queries(3):
        rows = api.get(f"{URL}{incident.pk}/timeline/").json()["results"]
    assert rows[0]["kind"] == "incident.opened"


def test_shows_the_same_fields_in_the_list_as_in_the_detail(clock):
    team = a_team()
    incident = opened(team)
    api = an_api(a_key(team))
    listed = api.get(URL).json()["results"][0]
    shown = api.get(f"{URL}{incident.pk}/").json()
    assert listed == {name: shown[name] for name in listed}


def test_filters_and_orders(clock):
    team = a_team()
    person = a_person(team)
    account = an_account(team)
    grave = an_incident(team, severity="critical", title="Утечка: ёлка", search_text="утечка елка")
    mine = an_incident(team, severity="low", owner=person, account=account, dedup_key="k")
    drill = an_incident(team, severity="medium", mode="drill", status="resolved")
    later = the_clock.now() + timedelta(hours=1)
    Incident.objects.filter(pk=drill.pk).update(opened_at=later, category="spam")
    api = an_api(a_key(team))

    def found(**params):
        response = api.get(URL, params)
        assert response.status_code == 200, response.json()
        return [row["id"] for row in response.json()["results"]]

    def ids(*incidents):
        return [str(incident.pk) for incident in incidents]

    assert found(status="resolved,closed") == ids(drill)
    assert found(severity="critical") == ids(grave)
    assert found(category="spam") == ids(drill)
    assert found(mode="drill") == ids(drill)
    assert found(owner=str(person.pk)) == ids(mine)
    assert set(found(owner="none")) == set(ids(grave, drill))
    assert found(account=str(account.pk)) == ids(mine)
    assert found(dedup_key="k") == ids(mine)
    assert found(q="ЕЛКА") == ids(grave)
    assert found(reference=mine.reference) == ids(mine)
    assert found(opened_at__gte=later.isoformat()) == ids(drill)
    assert set(found(opened_at__lt=later.isoformat())) == set(ids(grave, mine))
    assert found(ordering="-severity") == ids(grave, drill, mine)
    assert found(ordering="-severity,opened_at") == ids(grave, drill, mine)
    assert found(ordering="-opened_at")[0] == str(drill.pk)
    for wrong in ({"colour": "red"}, {"status": "gone"}, {"ordering": "title"}, {"owner": "x"}):
        assert api.get(URL, wrong).status_code == 400


def test_finds_an_incident_by_id_and_by_reference(clock):
    team = a_team()
    incident = opened(team)
    api = an_api(a_key(team))
    by_id = api.get(f"{URL}{incident.pk}/").json()
    assert api.get(f"{URL}{incident.reference}/").json() == by_id
    for unknown in ("CR-2026-9999", "CR-x", "1", str(uuid.uuid4()), incident.pk.hex):
        assert api.get(f"{URL}{unknown}/").status_code == 404


def test_shows_nothing_of_another_team(clock):
    incident = opened(a_team())
    api = an_api(a_key(a_team()))
    assert api.get(f"{URL}{incident.pk}/").status_code == 404
    assert api.get(f"{URL}{incident.pk}/timeline/").status_code == 404
    assert api.patch(f"{URL}{incident.pk}/", {"title": "Mine"}).status_code == 404
    assert api.post(f"{URL}{incident.pk}/contain/", {}).status_code == 404
    assert api.get(URL).json()["results"] == []


def test_refuses_a_reference_that_two_teams_of_the_caller_have_given(clock):
    team, other = a_team(), a_team()
    first, second = opened(team), opened(other)
    assert first.reference == second.reference
    person = a_person(team)
    joins(person, other)
    for path in ("", "timeline/", "notes/"):
        response = an_api(person).get(f"{URL}{first.reference}/{path}")
        assert (response.status_code, response.json()["code"]) == (409, "ambiguous_reference")


def test_edits_one_who_read_the_latest_version(clock):
    team = a_team()
    incident = opened(team)
    api = an_api(a_key(team))
    etag = api.get(f"{URL}{incident.pk}/").headers["ETag"]
    edited = api.patch(
        f"{URL}{incident.pk}/",
        {"title": "Burns, batch 7", "external_refs": [{"system": "jira", "id": "A-1"}]},
        headers={"If-Match": etag},
    )
    assert edited.status_code == 200
    assert edited.json()["title"] == "Burns, batch 7"
    assert edited.json()["external_refs"] == [{"system": "jira", "id": "A-1", "url": ""}]
    assert edited.headers["ETag"] != etag
    stale = api.patch(f"{URL}{incident.pk}/", {"title": "x"}, headers={"If-Match": etag})
    assert stale.status_code == 412
    fields = Event.objects.get(incident=incident, kind="incident.edited").data["fields"]
    assert fields == ["external_refs", "title"]


@pytest.mark.parametrize(
    "field", ["status", "reference", "mode", "owner", "opened_at", "dedup_key"]
)
def test_moves_no_status_and_nothing_else_by_patch(clock, field):
    team = a_team()
    incident = opened(team)
    response = an_api(a_key(team)).patch(f"{URL}{incident.pk}/", {field: "closed"})
    assert response.status_code == 400
    assert (f"/{field}", "unknown_field") in codes(response)


def test_refuses_another_severity_once_it_is_over(clock):
    team = a_team()
    incident = opened(team)
    lifecycle.resolve(incident, note="Over.", by=SYSTEM)
    response = an_api(a_key(team)).patch(f"{URL}{incident.pk}/", {"severity": "critical"})
    assert (response.status_code, response.json()["code"]) == (409, "not_allowed_now")
    assert "reopen" in response.json()["allowed"]


def test_is_never_deleted_or_put(clock):
    team = a_team()
    incident = opened(team)
    api = an_api(a_key(team))
    for method in (api.delete, api.put):
        response = method(f"{URL}{incident.pk}/")
        assert response.status_code == 405
        assert "PATCH" in response.headers["Allow"]


def test_shows_what_it_is_related_to_and_what_went_into_it(clock):
    team = a_team()
    incident, other, source = opened(team), opened(team), opened(team)
    relations.relate(other, incident, by=SYSTEM)
    merging.merge(source, into=incident, by=SYSTEM)
    api = an_api(a_key(team))
    shown = api.get(f"{URL}{incident.pk}/").json()
    assert [row["reference"] for row in shown["related_incidents"]] == [other.reference]
    assert [row["status"] for row in shown["merged_incidents"]] == ["merged"]
    assert api.get(f"{URL}{source.pk}/").json()["merged_into"] == str(incident.pk)


def test_answers_304_unless_its_escalation_runs(clock):
    team = a_team()
    incident = opened(team, policy=a_policy(team))
    api = an_api(a_key(team))
    etag = api.get(f"{URL}{incident.pk}/").headers["ETag"]
    running = api.get(f"{URL}{incident.pk}/", headers={"If-None-Match": etag})
    assert (running.status_code, running.headers["ETag"]) == (200, etag)
    lifecycle.resolve(incident, note="Over.", by=SYSTEM)
    etag = api.get(f"{URL}{incident.pk}/").headers["ETag"]
    over = api.get(f"{URL}{incident.pk}/", headers={"If-None-Match": etag})
    assert over.status_code == 304


def test_shows_missed_milestones(clock):
    team = a_team()
    incident = opened(team)
    clock.move(minutes=16)
    shown = an_api(a_key(team)).get(f"{URL}{incident.pk}/").json()
    missed = [row["name"] for row in shown["milestones"] if row["missed"]]
    assert missed == ["acknowledged"]


def test_counts_by_status_and_severity(clock):
    team = a_team()
    an_incident(team, severity="critical")
    an_incident(team, severity="low", owner=a_person(team))
    an_incident(team, severity="low", status="closed")
    an_incident(team, severity="low", mode="drill")
    an_incident(a_team())
    api = an_api(a_key(team))
    counted = api.get(f"{URL}counts/", {"mode": "standard"}).json()
    assert counted["total"] == 3
    assert (counted["by_status"]["open"], counted["by_severity"]["low"]) == (2, 2)
    assert counted["unresolved"] == {
        "total": 2,
        "without_owner": 1,
        "by_severity": {"low": 1, "medium": 0, "high": 0, "critical": 1},
    }
    assert api.get(f"{URL}counts/", {"page_size": "3"}).status_code == 400


@pytest.mark.parametrize(
    ("role", "reading", "opening", "editing"),
    [
        ("viewer", 200, 403, 403),
        ("moderator", 200, 201, 403),
        ("legal", 200, 403, 403),
        ("responder", 200, 201, 200),
        ("manager", 200, 201, 200),
    ],
)
def test_lets_each_role_do_what_the_table_says(clock, role, reading, opening, editing):
    team = a_team()
    incident = opened(team)
    api = an_api(a_person(team, role))
    assert api.get(f"{URL}{incident.pk}/").status_code == reading
    assert api.post(URL, BODY).status_code == opening
    assert api.patch(f"{URL}{incident.pk}/", {"title": "x"}).status_code == editing


def test_needs_somebody_who_is_known(clock):
    api = an_api("ck_nothing")
    assert api.get(URL).status_code == 401
    reader = an_api(a_key(a_team(), ["read"]))
    assert reader.get(URL).status_code == 200
    assert reader.post(URL, BODY).status_code == 403


def test_names_the_person_as_the_actor_of_every_event(clock):
    team = a_team()
    person = a_person(team)
    shown = an_api(person).post(URL, BODY).json()
    event = Event.objects.get(incident_id=shown["id"], kind="incident.opened")
    assert event.actor == the_actor(person)
