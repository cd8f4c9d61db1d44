"""Webhook endpoints, deliveries and the settings of what goes out, in the admin."""

from datetime import timedelta

import pytest

from responses.models import DeskSettings, StatusPage, WebhookDelivery, WebhookEndpoint
from responses.services import webhook_endpoints
from tests.factories.access import a_person, a_team, the_actor
from tests.factories.admin import AdminPages, at, errors, fields, page, said
from tests.factories.incidents import an_incident
from tests.factories.responses import a_page
from tests.factories.webhooks import a_delivery, an_endpoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def manager(team):
    return a_person(team, "manager")


@pytest.fixture
def pages(manager):
    return AdminPages(manager)


@pytest.fixture(autouse=True)
def _reaches_this_machine(settings):
    settings.HTTP_ALLOW_PRIVATE = ["127.0.0.1"]


def test_makes_an_endpoint_and_shows_its_secret_once(pages, team):
    typed = {"url": "http://127.0.0.1:9/hook", "event_kinds": "incident.*\nstatement.published"}
    response = pages.add(WebhookEndpoint, **typed)
    row = WebhookEndpoint.objects.get()
    assert row.secret in response.content.decode()
    assert row.event_kinds == ["incident.*", "statement.published"]
    assert row.secret not in pages.open(row).content.decode()


@pytest.mark.parametrize(
    ("typed", "refused"),
    [
        ({"url": "http://example.test/x"}, "Only https"),
        ({"url": "https://user:pass@example.test/"}, "name or password"),
        ({"url": "nonsense"}, "Only https"),
        ({"url": "http://127.0.0.1/x", "event_kinds": "What? Ever"}, "A kind of event"),
    ],
)
def test_shows_what_is_wrong_with_an_endpoint(pages, typed, refused):
    assert refused in errors(pages.add(WebhookEndpoint, **typed))
    assert not WebhookEndpoint.objects.exists()


def test_changes_an_endpoint_while_it_fails(pages, team, manager):
    row = an_endpoint(team, "http://127.0.0.1:9/hook")
    opened = pages.open(row)
    typed = fields(opened)
    WebhookEndpoint.objects.filter(pk=row.pk).change(failures=3)
    response = pages.client.post(page("change", row), {**typed, "description": "The desk"})
    assert response.status_code == 302, errors(response)
    row.refresh_from_db()
    assert (row.description, row.failures) == ("The desk", 3)


def test_disables_enables_tests_rotates_and_deletes_an_endpoint(pages, team):
    row = an_endpoint(team, "http://127.0.0.1:9/hook")
    before = row.secret
    response = pages.do("test", row)
    delivery = WebhookDelivery.objects.get()
    assert response.headers["Location"] == page("change", delivery)
    pages.do("disable", row)
    row.refresh_from_db()
    assert row.disabled_at is not None
    assert pages.offered(row) == {"enable", "rotate_secret"}
    assert "disabled" in errors(pages.press("test", row, version=row.version))
    pages.do("enable", row)
    row.refresh_from_db()
    assert row.disabled_at is None
    content = pages.do("rotate_secret", row).content.decode()
    row.refresh_from_db()
    assert row.secret != before
    assert row.secret in content
    pages.client.post(page("delete", row), {"post": "yes"})
    assert not WebhookEndpoint.objects.exists()


def test_replays_one_delivery_several_and_all_of_a_time(pages, team, clock):
    row = an_endpoint(team, "http://127.0.0.1:9/hook")
    delivery = a_delivery(row, an_incident(team))
    WebhookDelivery.objects.update(status="dead", attempts=9)
    pages.do("replay", delivery)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("pending", 0)
    WebhookDelivery.objects.update(status="dead")
    assert "Done with 1." in said(pages.do_with("replay", delivery))
    WebhookDelivery.objects.update(status="dead")
    hour = timedelta(hours=1)
    times = {**at("since", clock.now() - hour), **at("until", clock.now() + hour)}
    pages.do("replay", row, **times)
    delivery.refresh_from_db()
    assert delivery.status == "pending"
    backwards = {**at("since", clock.now() + hour), **at("until", clock.now() - hour)}
    assert "after since" in errors(pages.do("replay", row, **backwards))


def test_says_that_nothing_goes_to_a_disabled_endpoint(pages, team, manager):
    row = an_endpoint(team, "http://127.0.0.1:9/hook")
    delivery = a_delivery(row, an_incident(team))
    webhook_endpoints.disable(row, by=the_actor(manager))
    assert "This endpoint is disabled" in errors(pages.do("replay", delivery))


def test_a_responder_sees_no_endpoint(team):
    pages = AdminPages(a_person(team))
    row = an_endpoint(team)
    pages.list(WebhookEndpoint, status=403)
    assert pages.client.get(page("change", row)).status_code == 403
    assert pages.press("disable", row, version=1).status_code == 404


def test_changes_how_a_team_answers(pages, team):
    response = pages.add(
        DeskSettings,
        ticket_categories=["spam", "harassment"],
        ticket_language="ru",
        brand_name="Lumelle",
    )
    assert response.status_code == 302, errors(response)
    row = DeskSettings.objects.get()
    assert row.ticket_categories == ["harassment", "spam"]
    assert pages.edit(row, ticket_categories=[], contact_email="no").status_code == 200
    assert pages.edit(row, ticket_categories=[]).status_code == 302
    row.refresh_from_db()
    assert row.ticket_categories == []


def test_turns_the_public_page_on_and_words_it(pages, team):
    assert pages.add(StatusPage, title_en="Lumelle").status_code == 302
    row = StatusPage.objects.get()
    assert not row.is_enabled
    assert pages.edit(row, is_enabled="on", intro_en="We tell you here.").status_code == 302
    row.refresh_from_db()
    assert row.is_enabled
    assert f"/status/{team.slug}/" in pages.open(row).content.decode()
    assert "at most 1000" in errors(pages.edit(row, intro_en="x" * 1001))


def test_leaves_the_settings_to_managers(team):
    row = a_page(team)
    pages = AdminPages(a_person(team))
    assert pages.open(row).context["show_save"] is False
    assert pages.client.post(page("change", row), {"is_enabled": ""}).status_code == 403
    assert pages.client.get(page("add", StatusPage)).status_code == 403
