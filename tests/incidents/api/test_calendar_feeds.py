"""`/calendar_feeds/`: made and revoked; everybody has their own."""

import pytest
from django.test import Client

from incidents.models import CalendarFeed
from tests.factories.access import a_key, a_person, a_team, an_api
from tests.factories.incidents import a_rotation

pytestmark = pytest.mark.django_db

FEEDS = "/api/v1/calendar_feeds/"


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def anna(team):
    return a_person(team, "viewer")


def test_gives_the_address_once_and_takes_it_back(team, anna):
    rotation, api = a_rotation(team, [anna]), an_api(anna)
    made = api.post(FEEDS, {"rotation": str(rotation.pk)})
    assert made.status_code == 201, made.json()
    url = made.json()["url"]
    assert Client().get(url.removeprefix("http://testserver")).status_code == 200
    shown = api.get(f"{FEEDS}{made.json()['id']}/").json()
    assert "url" not in shown
    assert shown["last_read_at"] is not None
    revoked = api.post(f"{FEEDS}{made.json()['id']}/revoke/")
    assert revoked.json()["revoked_at"] is not None
    assert Client().get(url.removeprefix("http://testserver")).status_code == 404


def test_makes_one_of_the_callers_own_shifts(team, anna):
    made = an_api(anna).post(FEEDS, {})
    assert (made.status_code, made.json()["rotation"]) == (201, None)
    assert CalendarFeed.objects.get().owner == anna


def test_refuses_keys_of_teams_and_what_is_anothers(team, anna):
    assert an_api(a_key(team)).post(FEEDS, {}).json()["code"] == "no_person"
    theirs = a_rotation(a_team())
    refused = an_api(anna).post(FEEDS, {"rotation": str(theirs.pk)})
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_rotation")
    refused = an_api(anna).post(FEEDS, {"team": str(theirs.team_id)})
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_team")


def test_shows_and_lets_revoke_those_of_others_to_managers_alone(team, anna):
    made = an_api(anna).post(FEEDS, {}).json()
    boris, mara = an_api(a_person(team, "approver")), an_api(a_person(team, "manager"))
    assert boris.get(FEEDS).json()["results"] == []
    assert boris.post(f"{FEEDS}{made['id']}/revoke/").status_code == 404
    assert [each["id"] for each in mara.get(FEEDS).json()["results"]] == [made["id"]]
    assert mara.post(f"{FEEDS}{made['id']}/revoke/").status_code == 200
