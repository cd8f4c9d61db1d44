"""`/shift_swaps/`: who asks, who answers, who sees it."""

from datetime import timedelta

import pytest

from crisis_api.lib import clock
from tests.factories.access import a_key, a_person, a_team, an_api
from tests.factories.incidents import a_rotation

pytestmark = pytest.mark.django_db

SWAPS = "/api/v1/shift_swaps/"


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def anna(team):
    return a_person(team, "viewer")


@pytest.fixture
def boris(team):
    return a_person(team, "viewer")


@pytest.fixture
def body(team, anna, boris):
    rotation = a_rotation(team, [anna])
    start = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=2)
    return {
        "rotation": str(rotation.pk),
        "asked_of": str(boris.pk),
        "starts_at": start.isoformat(),
        "ends_at": (start + timedelta(hours=6)).isoformat(),
    }


def test_is_asked_and_accepted(team, anna, boris, body):
    made = an_api(anna).post(SWAPS, body)
    assert made.status_code == 201, made.json()
    swap = made.json()
    assert (swap["status"], swap["asked_by"], swap["override"]) == ("pending", str(anna.pk), None)
    assert swap["expires_at"] == swap["starts_at"]
    (seen,) = an_api(boris).get(f"{SWAPS}?asked_of={boris.pk}&status=pending").json()["results"]
    assert seen["id"] == swap["id"]
    accepted = an_api(boris).post(f"{SWAPS}{swap['id']}/accept/")
    assert (accepted.status_code, accepted.json()["status"]) == (200, "accepted")
    overrides = f"/api/v1/rotations/{body['rotation']}/overrides/"
    (override,) = an_api(anna).get(overrides).json()["results"]
    assert (override["id"], override["owner"]) == (accepted.json()["override"], str(boris.pk))
    declined = an_api(boris).post(f"{SWAPS}{swap['id']}/decline/")
    assert (declined.status_code, declined.json()["allowed"]) == (409, [])


def test_is_answered_by_nobody_else_and_withdrawn_by_the_asker_or_a_manager(
    team, anna, boris, body
):
    swap = f"{SWAPS}{an_api(anna).post(SWAPS, body).json()['id']}/"
    other, mara = an_api(a_person(team, "approver")), an_api(a_person(team, "manager"))
    for caller in (other, mara, an_api(anna), an_api(a_key(team))):
        assert caller.post(f"{swap}accept/").status_code == 403
        assert caller.post(f"{swap}decline/").status_code == 403
    assert other.post(f"{swap}withdraw/").status_code == 403
    assert an_api(boris).post(f"{swap}withdraw/").status_code == 403
    assert mara.post(f"{swap}withdraw/").json()["status"] == "withdrawn"
    assert an_api(anna).post(f"{swap}withdraw/").status_code == 200


def test_says_what_is_wrong(team, anna, boris, body):
    api = an_api(boris)
    refused = api.post(SWAPS, {**body, "asked_of": str(anna.pk)})
    assert (refused.status_code, refused.json()["code"]) == (422, "not_your_shift")
    assert an_api(a_key(team)).post(SWAPS, body).json()["code"] == "no_person"
    theirs = a_rotation(a_team())
    refused = an_api(anna).post(SWAPS, {**body, "rotation": str(theirs.pk)})
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_rotation")
