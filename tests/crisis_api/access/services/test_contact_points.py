"""Contact points: their order, their addresses, their secrets."""

import pytest
from django.db import connection

from crisis_api.access.models import AuditEvent, ContactPoint
from crisis_api.access.services import contact_points
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.crypto import blind_index
from crisis_api.lib.errors import Conflict, Invalid
from tests.factories.access import a_person, a_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    return a_person(a_team())


def add(owner, name, **values):
    given = {"kind": "email", "address": f"{name}@example.org", "label": name, **values}
    return contact_points.add(owner=owner, by=SYSTEM, **given)


def chain(owner, urgency="normal"):
    points = ContactPoint.objects.filter(owner=owner, urgency=urgency).order_by("position")
    return [(point.position, point.label) for point in points]


def test_keeps_two_chains_in_order(person):
    add(person, "first")
    add(person, "second")
    add(person, "urgent", urgency="urgent")
    add(person, "before both", address="b@example.org", position=1)
    assert chain(person) == [(1, "before both"), (2, "first"), (3, "second")]
    assert chain(person, "urgent") == [(1, "urgent")]


def test_moves_within_a_chain_and_to_the_other(person):
    _a, b, c = add(person, "a"), add(person, "b"), add(person, "c")
    contact_points.change(c, by=SYSTEM, position=1)
    assert chain(person) == [(1, "c"), (2, "a"), (3, "b")]
    contact_points.change(b, by=SYSTEM, urgency="urgent")
    assert chain(person) == [(1, "c"), (2, "a")]
    assert chain(person, "urgent") == [(1, "b")]
    contact_points.remove(c, by=SYSTEM)
    assert chain(person) == [(1, "a")]


def test_arranges_a_whole_chain(person):
    a, b = add(person, "a"), add(person, "b")
    contact_points.arrange(person, "normal", [b.pk, a.pk], by=SYSTEM)
    assert chain(person) == [(1, "b"), (2, "a")]
    with pytest.raises(Invalid):
        contact_points.arrange(person, "normal", [b.pk], by=SYSTEM)


def test_takes_an_address_once_per_chain(person):
    add(person, "a")
    with pytest.raises(Conflict) as caught:
        add(person, "A", address="A@Example.org")
    assert caught.value.code == "already_there"
    add(person, "A", address="A@Example.org", urgency="urgent")


def test_stops_at_twenty(person):
    for number in range(contact_points.MOST):
        add(person, f"a{number}")
    with pytest.raises(Conflict):
        add(person, "another")


def test_encrypts_the_address_and_finds_it_by_its_blind_index(person):
    point = add(person, "anna")
    with connection.cursor() as cursor:
        cursor.execute("SELECT address, address_index FROM access_contactpoint")
        ((stored, index),) = cursor.fetchall()
    assert "anna@example.org" not in stored
    assert index == blind_index("contact_point", "ANNA@example.org ")
    contact_points.change(point, by=SYSTEM, address="boris@example.org")
    point.refresh_from_db()
    assert point.address_index == blind_index("contact_point", "boris@example.org")


def test_tries_a_new_address_where_the_old_one_was_given_up(person, clock):
    point = add(person, "anna")
    ContactPoint.objects.change(disabled_at=clock.now(), disabled_reason="no_such_mailbox")
    contact_points.change(point, by=SYSTEM, label="mail")
    point.refresh_from_db()
    assert point.disabled_at is not None
    contact_points.change(point, by=SYSTEM, address="boris@example.org")
    point.refresh_from_db()
    assert (point.disabled_at, point.disabled_reason) == (None, "")


def test_gives_a_webhook_a_secret_and_a_new_one_on_demand(settings):
    settings.HTTP_ALLOW_PRIVATE = ["127.0.0.1"]
    team = a_team()
    hook = contact_points.add(
        team=team, kind="webhook", address="http://127.0.0.1:1/hook", by=SYSTEM
    )
    first = hook.secret
    assert first.startswith("whsec_")
    second = contact_points.rotate_secret(hook, by=SYSTEM).secret
    assert second.startswith("whsec_")
    assert second != first


def test_reaches_a_team_by_webhook_only():
    with pytest.raises(Invalid):
        contact_points.add(team=a_team(), kind="email", address="a@example.org", by=SYSTEM)


def test_audits_without_addresses(person):
    point = add(person, "anna")
    contact_points.change(point, by=SYSTEM, address="boris@example.org", label="new")
    added, changed = AuditEvent.objects.order_by("id")
    assert (added.action, added.data) == (
        "contact_point.added",
        {"kind": "email", "urgency": "normal"},
    )
    assert (changed.action, changed.data) == (
        "contact_point.changed",
        {"fields": ["address", "label"]},
    )
