"""Changing the key that encrypts: a new one in front, everything written again, the old one out."""

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from crisis_api.access.models import ContactPoint
from crisis_api.access.services import contact_points
from crisis_api.lib.actors import SYSTEM
from tests.factories.access import a_contact_point, a_key, a_person, a_team, an_api

pytestmark = pytest.mark.django_db


@pytest.fixture
def new_key(settings):
    old, new = settings.FIELD_KEYS, Fernet.generate_key().decode()

    def in_front():
        settings.FIELD_KEYS = [new, *old]

    def alone():
        settings.FIELD_KEYS = [new]

    return in_front, alone


def test_leaves_nothing_that_needs_the_old_key(new_key, capsys):
    team = a_team()
    for number in range(3):
        a_contact_point(a_person(team), kind="email", address=f"p{number}@example.com")
    in_front, alone = new_key
    in_front()
    call_command("rotate_field_keys")
    alone()
    found = {point.address for point in ContactPoint.objects.all()}
    assert found == {"p0@example.com", "p1@example.com", "p2@example.com"}
    assert "access.ContactPoint: 3" in capsys.readouterr().out


def test_needs_the_old_key_until_then(new_key):
    a_contact_point(a_person(a_team()), kind="email", address="p@example.com")
    _in_front, alone = new_key
    alone()
    with pytest.raises(ImproperlyConfigured):
        ContactPoint.objects.get()


def test_lets_addresses_still_be_found(new_key):
    person = a_person(a_team())
    contact_points.add(kind="email", address="p@example.com", owner=person, by=SYSTEM)
    in_front, alone = new_key
    in_front()
    call_command("rotate_field_keys")
    alone()
    with pytest.raises(Exception, match="already"):
        contact_points.add(kind="email", address="p@example.com", owner=person, by=SYSTEM)


def test_keeps_answers_that_can_be_asked_for_again(new_key):
    api = an_api(a_key(a_team()))
    body = {"title": "Burns", "category": "product_safety", "severity": "high"}
    first = api.post("/api/v1/incidents/", body, headers={"Idempotency-Key": "one"})
    in_front, alone = new_key
    in_front()
    call_command("rotate_field_keys")
    alone()
    again = api.post("/api/v1/incidents/", body, headers={"Idempotency-Key": "one"})
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
