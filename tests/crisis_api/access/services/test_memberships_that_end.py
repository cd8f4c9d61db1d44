"""Memberships that end by themselves, as those of guests do."""

from datetime import timedelta

import pytest

from crisis_api.access.models import AuditEvent, Membership
from crisis_api.access.services import memberships
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.errors import Invalid, Refused
from tests.factories.access import a_key, a_person, a_team, an_api

pytestmark = pytest.mark.django_db

URL = "/api/v1/memberships/"


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def guest(team, clock):
    guest = a_person()
    end = clock.now() + timedelta(days=2)
    memberships.add(team=team, owner=guest, role="moderator", by=SYSTEM, expires_at=end)
    return guest


def seen(api):
    return len(api.get("/api/v1/me/").json()["teams"])


def test_gives_access_until_the_end_and_not_a_moment_longer(guest, clock):
    by_cookie, by_key = an_api(guest), an_api(a_key(owner=guest))
    assert (seen(by_cookie), seen(by_key)) == (1, 1)
    assert by_cookie.get("/api/v1/mentions/inbox/").status_code == 200
    clock.move(days=2)
    assert (seen(by_cookie), seen(by_key)) == (0, 0)
    assert by_cookie.get("/api/v1/mentions/inbox/").status_code == 403


def test_is_taken_away_by_the_engine_and_told_in_the_audit(team, guest, clock):
    assert memberships.end_expired() == 0
    clock.move(days=2)
    assert memberships.end_expired() == 1
    assert memberships.end_expired() == 0
    assert not Membership.objects.filter(owner=guest).exists()
    assert AuditEvent.objects.filter(team=team, action="membership.expired").count() == 1


def test_ends_later_or_not_at_all_when_a_manager_says_so(team, guest, clock):
    api = an_api(a_person(team, "manager"))
    row = Membership.objects.get(owner=guest)
    later = clock.now() + timedelta(days=9)
    told = api.patch(f"{URL}{row.pk}/", {"expires_at": later.isoformat()}).json()
    assert told["expires_at"][:10] == later.isoformat()[:10]
    clock.move(days=3)
    assert seen(an_api(guest)) == 1
    assert api.patch(f"{URL}{row.pk}/", {"expires_at": None}).json()["expires_at"] is None
    clock.move(days=30)
    assert seen(an_api(guest)) == 1


def test_never_ends_a_managers_nor_in_the_past(team, guest, clock):
    soon = clock.now() + timedelta(days=1)
    with pytest.raises(Refused):
        memberships.add(team=team, owner=a_person(), role="manager", by=SYSTEM, expires_at=soon)
    row = Membership.objects.get(owner=guest)
    with pytest.raises(Refused):
        memberships.change_role(row, role="manager", by=SYSTEM)
    with pytest.raises(Invalid):
        memberships.change(row, by=SYSTEM, values={"expires_at": clock.now()})
