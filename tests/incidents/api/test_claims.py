"""Claims over the API."""

from datetime import timedelta

import pytest

from incidents.models import Claim
from tests.factories.access import a_person, a_team, an_api
from tests.factories.incidents import a_claim, a_mention, an_account, an_incident

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def api(team):
    return an_api(a_person(team, "responder"))


def test_lists_the_claims_of_ones_teams_and_their_mentions(api, team):
    account = an_account(team)
    claim = a_claim(team, title="It burns")
    a_claim(a_team())
    mention = a_mention(account, claim=claim)
    a_mention(account)
    listed = api.get("/api/v1/claims/").json()["results"]
    assert [(row["id"], row["title"]) for row in listed] == [(str(claim.pk), "It burns")]
    of_it = api.get(f"/api/v1/mentions/?claim={claim.pk}").json()["results"]
    assert [row["id"] for row in of_it] == [str(mention.pk)]
    assert len(api.get("/api/v1/mentions/?claim=none").json()["results"]) == 1


def test_shows_the_claims_of_an_incident(api, team):
    incident = an_incident(team)
    claim = a_claim(team, incident=incident, mention_count=9)
    a_claim(team)
    shown = api.get(f"/api/v1/incidents/{incident.pk}/").json()["claims"]
    assert shown == [
        {
            "id": str(claim.pk),
            "title": "",
            "truth": "unverified",
            "mention_count": 9,
            "raid_score": 0,
        }
    ]


def test_counts_by_the_hour(api, team, clock):
    account, claim = an_account(team), a_claim(team)
    now = clock.now().replace(minute=30)
    for minutes in (0, 5, 70):
        a_mention(account, claim=claim, written_at=now - timedelta(minutes=minutes))
    hours = api.get(f"/api/v1/claims/{claim.pk}/volume/").json()["hours"]
    assert [hour["mentions"] for hour in hours] == [1, 2]
    since = now.replace(minute=0).isoformat().replace("+00:00", "Z")
    later = api.get(f"/api/v1/claims/{claim.pk}/volume/?written_at__gte={since}").json()["hours"]
    assert [hour["mentions"] for hour in later] == [2]


def test_names_merges_and_judges(api, team):
    claim, other = a_claim(team), a_claim(team)
    at = f"/api/v1/claims/{claim.pk}/"
    assert api.patch(at, {"title": "It burns"}, format="json").json()["title"] == "It burns"
    given = {"truth": "refuted", "evidence_note": "A test says so."}
    judged = api.post(f"{at}set_truth/", given, format="json").json()
    assert (judged["truth"], judged["truth_set_by"]["type"]) == ("refuted", "user")
    merged = api.post(f"{at}merge/", {"into": str(other.pk)}, format="json").json()
    assert merged["merged_into"] == str(other.pk)


def test_refuses_what_another_team_has(api, team):
    claim, foreign = a_claim(team), a_claim(a_team())
    at = f"/api/v1/claims/{claim.pk}/"
    assert api.get(f"/api/v1/claims/{foreign.pk}/").status_code == 404
    assert api.post(f"{at}merge/", {"into": str(foreign.pk)}, format="json").status_code == 422
    incident = str(an_incident(foreign.team).pk)
    assert api.patch(at, {"incident": incident}, format="json").status_code == 422


def test_lets_no_moderator_say_what_is_true(team):
    api = an_api(a_person(team, "moderator"))
    claim = a_claim(team)
    given = {"truth": "refuted", "evidence_note": "A test says so."}
    at = f"/api/v1/claims/{claim.pk}/set_truth/"
    assert api.post(at, given, format="json").status_code == 403
    assert Claim.objects.get().truth == "unverified"
