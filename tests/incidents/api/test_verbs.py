"""The verbs of `/incidents/{id}/`."""

from datetime import timedelta

import pytest

from crisis_api.lib.actors import SYSTEM
from incidents.models import Incident
from incidents.services import lifecycle
from tests.factories.access import a_key, a_person, a_team, an_api
from tests.factories.incidents import a_mention, a_policy, an_account
from tests.incidents.services.stories import opened

pytestmark = pytest.mark.django_db


def url(incident, verb):
    return f"/api/v1/incidents/{incident.pk}/{verb}/"


def codes(response):
    return {(error["pointer"], error["code"]) for error in response.json()["errors"]}


def test_goes_from_the_opening_to_the_close(clock):
    team = a_team()
    person = a_person(team)
    api = an_api(person)
    incident = opened(team, policy=a_policy(team))
    steps = [
        ("acknowledge", {"expires_in_seconds": 3600}, "acknowledged"),
        ("contain", {}, "contained"),
        ("resolve", {"resolution_note": "Recalled."}, "resolved"),
        ("close", {}, "closed"),
        ("reopen", {"reason": "Again."}, "open"),
    ]
    for verb, body, status in steps:
        response = api.post(url(incident, verb), body)
        assert (response.status_code, response.json()["status"]) == (200, status)
        assert response.json()["owner"] == str(person.pk)
        assert response.headers["ETag"]


def test_answers_200_to_what_is_done_already_and_says_who_did_it(clock):
    team = a_team()
    first, second = a_person(team), a_person(team)
    incident = opened(team)
    before = an_api(first).post(url(incident, "acknowledge"), {})
    after = an_api(second).post(url(incident, "acknowledge"), {})
    assert after.status_code == 200
    assert after.json()["acknowledged_by"] == str(first.pk)
    assert after.headers["ETag"] == before.headers["ETag"]


def test_answers_409_with_what_is_allowed(clock):
    team = a_team()
    incident = opened(team)
    response = an_api(a_person(team)).post(url(incident, "close"), {})
    assert (response.status_code, response.json()["code"]) == (409, "not_allowed_now")
    assert response.json()["allowed"] == lifecycle.EDGES.allowed("open")


def test_takes_an_acknowledgement_from_a_teams_key_for_a_named_person(clock):
    team = a_team()
    person = a_person(team)
    api = an_api(a_key(team))
    incident = opened(team)
    nobody = api.post(url(incident, "acknowledge"), {})
    assert (nobody.status_code, nobody.json()["code"]) == (422, "owner_needed")
    stranger = api.post(url(incident, "acknowledge"), {"owner": str(a_person(a_team()).pk)})
    assert ("/owner", "unknown_owner") in codes(stranger)
    named = api.post(url(incident, "acknowledge"), {"owner": str(person.pk)})
    assert named.json()["acknowledged_by"] == str(person.pk)


def test_lets_nobody_acknowledge_for_somebody_else(clock):
    team = a_team()
    incident = opened(team)
    response = an_api(a_person(team)).post(
        url(incident, "acknowledge"), {"owner": str(a_person(team).pk)}
    )
    assert (response.status_code, codes(response)) == (422, {("/owner", "somebody_else")})


def test_assigns_and_snoozes_and_escalates(clock):
    team = a_team()
    person = a_person(team)
    api = an_api(person)
    incident = opened(team, policy=a_policy(team, [{"delay": timedelta(hours=1)}]))
    assigned = api.post(url(incident, "assign"), {"owner": str(person.pk)})
    assert assigned.json()["owner"] == str(person.pk)
    until = clock.now() + timedelta(hours=2)
    snoozed = api.post(url(incident, "snooze"), {"snoozed_until": until.isoformat()})
    assert snoozed.json()["snoozed_until"] == until.isoformat().replace("+00:00", "Z")
    assert snoozed.json()["escalation"]["status"] == "stopped"
    escalated = api.post(url(incident, "escalate"), {})
    assert escalated.json()["snoozed_until"] is None
    assert escalated.json()["escalation"]["status"] == "running"


@pytest.mark.parametrize(
    ("verb", "body", "error"),
    [
        ("acknowledge", {"expires_in_seconds": 59}, "min_value"),
        ("acknowledge", {"expires_in_seconds": 366 * 24 * 3600}, "max_value"),
        ("acknowledge", {"expires_in_seconds": "600"}, "wrong_type"),
        ("acknowledge", {"expires_in_seconds": 600.5}, "wrong_type"),
        ("acknowledge", {"expires": 600}, "unknown_field"),
        ("assign", {}, "required"),
        ("assign", {"owner": None}, "null"),
        ("snooze", {"snoozed_until": "2020-01-01T00:00:00Z"}, "out_of_range"),
        ("snooze", {"snoozed_until": "2199-01-01T00:00:00Z"}, "out_of_range"),
        ("snooze", {"snoozed_until": "2026-01-01"}, "invalid"),
        ("contain", {"note": "x"}, "unknown_field"),
        ("resolve", {}, "required"),
        ("resolve", {"resolution_note": " \n"}, "blank"),
        ("close", {"reason": "x"}, "unknown_field"),
        ("merge", {"into": "CR-2026-0001"}, "invalid"),
        ("split", {"mention_ids": [], "title": "x"}, "min_length"),
        ("relate", {}, "required"),
    ],
)
def test_refuses_what_it_does_not_understand(clock, verb, body, error):
    team = a_team()
    incident = opened(team)
    response = an_api(a_person(team, "manager")).post(url(incident, verb), body)
    assert response.status_code == 400
    assert error in {code for _pointer, code in codes(response)}
    assert Incident.objects.get(pk=incident.pk).version == incident.version


def test_refuses_a_verb_on_a_version_that_is_not_the_latest(clock):
    team = a_team()
    incident = opened(team)
    api = an_api(a_person(team))
    stale = api.post(url(incident, "acknowledge"), {}, headers={"If-Match": '"99"'})
    assert stale.status_code == 412
    good = api.post(url(incident, "acknowledge"), {}, headers={"If-Match": '"1"'})
    assert good.status_code == 200


def test_merges_and_rehearses_a_merge(clock):
    team = a_team()
    source, target = opened(team), opened(team)
    api = an_api(a_person(team))
    rehearsed = api.post(f"{url(source, 'merge')}?dry_run=true", {"into": str(target.pk)})
    assert rehearsed.json()["status"] == "merged"
    assert Incident.objects.get(pk=source.pk).status == "open"
    merged = api.post(url(source, "merge"), {"into": str(target.pk)})
    assert (merged.json()["status"], merged.json()["merged_into"]) == ("merged", str(target.pk))
    foreign = api.post(url(target, "merge"), {"into": str(opened(a_team()).pk)})
    assert ("/into", "unknown_incident") in codes(foreign)


def test_splits_and_answers_with_the_second_incident(clock):
    team = a_team()
    account = an_account(team)
    incident = opened(team, account=account)
    mention = a_mention(account, incident=incident)
    response = an_api(a_person(team)).post(
        url(incident, "split"),
        {
            "mention_ids": [str(mention.pk)],
            "title": "Spam",
            "category": "spam",
            "severity": "low",
        },
    )
    assert response.status_code == 201
    fresh = response.json()
    assert fresh["id"] != str(incident.pk)
    assert fresh["related_incidents"][0]["id"] == str(incident.pk)
    assert response.headers["Location"].endswith(f"{fresh['id']}/")


def test_relates_and_takes_it_back(clock):
    team = a_team()
    incident, other = opened(team), opened(team)
    api = an_api(a_person(team))
    related = api.post(url(incident, "relate"), {"other": str(other.pk)})
    assert related.json()["related_incidents"][0]["reference"] == other.reference
    assert related.headers["ETag"] == '"2"'
    back = api.post(url(incident, "unrelate"), {"other": str(other.pk)})
    assert back.json()["related_incidents"] == []


@pytest.mark.parametrize("role", ["viewer", "moderator", "legal"])
def test_is_not_for_every_role(clock, role):
    team = a_team()
    incident = opened(team, policy=a_policy(team))
    api = an_api(a_person(team, role))
    for verb in ("acknowledge", "assign", "contain", "resolve", "close", "merge", "split"):
        assert api.post(url(incident, verb), {}).status_code == 403
    expected = 200 if role == "moderator" else 403
    assert api.post(url(incident, "escalate"), {}).status_code == expected


def test_knows_no_other_method(clock):
    team = a_team()
    incident = opened(team)
    lifecycle.acknowledge(incident, owner=a_person(team), by=SYSTEM)
    response = an_api(a_person(team)).get(url(incident, "contain"))
    assert response.status_code == 405
