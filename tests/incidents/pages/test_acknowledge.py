"""The link to acknowledge, as a person without a login opens it."""

import base64
import hashlib
from datetime import timedelta

import pytest
from django.test import Client

from crisis_api.access.models import Membership, Owner
from crisis_api.lib import clock
from crisis_api.lib.actors import SYSTEM
from incidents.escalation import links
from incidents.models import Event, Incident, Milestone, Reminder
from incidents.services import lifecycle
from tests.factories.access import a_contact_point, a_person, a_team, joins
from tests.factories.incidents import a_policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def anna(team):
    anna = a_person(team, "responder", name="Anna")
    a_contact_point(anna)
    return anna


@pytest.fixture
def incident(team, anna):
    policy = a_policy(team)
    return lifecycle.open_incident(
        team=team,
        category="product_safety",
        severity=4,
        title="Burns after batch 0427",
        owner=anna,
        policy=policy,
        by=SYSTEM,
    ).incident


@pytest.fixture
def page(client):
    # CSRF is checked as in real life: the token alone must do.
    return Client(enforce_csrf_checks=True)


def path_of(owner, incident, at=None):
    link = links.acknowledge_link(owner.pk, incident.pk, at or clock.now())
    return link.removeprefix("http://testserver")


def text_of(response):
    return response.content.decode()


def test_shows_what_it_is_about_and_changes_nothing(page, anna, incident):
    for method in (page.get, page.head, page.get):
        shown = method(path_of(anna, incident))
        assert shown.status_code == 200
    assert incident.reference in text_of(shown)
    assert "critical" in text_of(shown)
    assert "Acknowledge as Anna" in text_of(shown)
    assert incident.title not in text_of(shown)
    incident.refresh_from_db()
    assert (incident.status, incident.generation) == ("open", 1)
    assert not Event.objects.filter(kind="incident.acknowledged").exists()


def test_acknowledges_as_that_person_at_the_press_of_the_button(page, anna, incident):
    path = path_of(anna, incident)
    pressed = page.post(path)
    assert (pressed.status_code, pressed["Location"]) == (302, path)
    incident.refresh_from_db()
    assert (incident.status, incident.acknowledged_by) == ("acknowledged", anna)
    event = Event.objects.get(kind="incident.acknowledged")
    assert (event.actor_type, event.actor_id) == ("user", anna.user_id)
    assert Milestone.objects.get(incident=incident, name="acknowledged").reached_at
    left = Reminder.objects.pending().filter(incident=incident, kind="escalation_step")
    assert not left.exists()
    after = text_of(page.get(path))
    assert "you" in after
    assert "<button" not in after


def test_says_who_was_faster(page, team, anna, incident):
    boris = a_person(team, name="Boris")
    page.post(path_of(boris, incident))
    shown = page.get(path_of(anna, incident))
    assert "Boris" in text_of(shown)
    again = page.post(path_of(anna, incident))
    assert again.status_code == 302
    incident.refresh_from_db()
    assert incident.acknowledged_by == boris


def test_has_nothing_to_acknowledge_once_it_is_over(page, anna, incident):
    lifecycle.resolve(incident, note="A false alarm", by=SYSTEM)
    pressed = page.post(path_of(anna, incident))
    assert pressed.status_code == 409
    assert "nothing to acknowledge" in text_of(pressed)
    assert "<button" not in text_of(page.get(path_of(anna, incident)))


def test_follows_an_incident_that_was_merged(page, team, anna, incident):
    from incidents.services import merging

    target = lifecycle.open_incident(
        team=team, category="spam", severity=1, title="Target", owner=anna, by=SYSTEM
    ).incident
    merging.merge(incident, into=target, by=SYSTEM)
    shown = page.get(path_of(anna, incident))
    assert target.reference in text_of(shown)
    page.post(path_of(anna, incident))
    target.refresh_from_db()
    assert target.status == "acknowledged"


def test_ends_kindly_after_a_day(page, anna, incident):
    path = path_of(anna, incident, clock.now() - timedelta(hours=25))
    for call in (page.get, page.post):
        answer = call(path)
        assert answer.status_code == 410
        assert "expired" in text_of(answer)
        assert incident.reference not in text_of(answer)
    incident.refresh_from_db()
    assert incident.status == "open"


def test_leads_nowhere_with_a_token_that_we_did_not_sign(page, anna, incident):
    path = path_of(anna, incident)
    for forged in (path[:-3] + "x/", "/ack/a:b:c/", "/ack/…/"):
        assert page.get(forged).status_code == 404
        assert page.post(forged).status_code == 404


@pytest.mark.parametrize("change", ["left", "deactivated", "viewer"])
def test_leads_nowhere_for_somebody_who_may_no_more(page, team, anna, incident, change):
    a_person(team, "manager")
    path = path_of(anna, incident)
    mine = Membership.objects.filter(owner=anna, team=team)
    match change:
        case "left":
            mine.delete()
            joins(anna, a_team())
        case "deactivated":
            Owner.objects.filter(pk=anna.pk).change(deactivated_at=clock.now())
        case "viewer":
            mine.update(role="viewer")
    assert page.get(path).status_code == 404
    assert page.post(path).status_code == 404
    assert Incident.objects.get().status == "open"


def test_speaks_the_persons_language(page, anna, incident):
    Owner.objects.filter(pk=anna.pk).update(language="ru")
    shown = page.get(path_of(anna, incident), headers={"Accept-Language": "en"})
    assert '<html lang="ru">' in text_of(shown)
    assert "Взять в работу как Anna" in text_of(shown)
    assert "критическая" in text_of(shown)


def test_is_neither_indexed_nor_cached_nor_framed_nor_passed_on(page, anna, incident):
    shown = page.get(path_of(anna, incident))
    assert "noindex" in shown["X-Robots-Tag"]
    assert "no-store" in shown["Cache-Control"]
    assert shown["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in shown["Content-Security-Policy"]
    style = text_of(shown).partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in shown["Content-Security-Policy"]
    assert "<script" not in text_of(shown)
    assert not shown.cookies


def test_escapes_a_name(page, team, incident):
    mallory = a_person(team, name="<b>Mallory</b>")
    assert "<b>Mallory" not in text_of(page.get(path_of(mallory, incident)))


def test_labels_a_drill(page, team, anna):
    drill = lifecycle.open_incident(
        team=team, category="spam", severity=1, title="Drill", mode="drill", owner=anna, by=SYSTEM
    ).incident
    assert "Drill" in text_of(page.get(path_of(anna, drill)))
