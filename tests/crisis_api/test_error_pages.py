"""What people see where there is nothing, where they may not, and where something broke."""

import pytest
from django.test import Client
from django.urls import reverse

from incidents.models import Incident
from tests.factories.access import a_person, a_team
from tests.factories.admin import AdminPages, page

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("address", "back"),
    [
        ("/nothing/", "/admin/"),
        ("/status/nobody/", None),
        ("/status/nobody/01a20490-cae7-7d48-b219-28cfc211a65a/", "../"),
    ],
)
def test_says_that_there_is_nothing_and_leads_back(address, back):
    answer = Client().get(address)
    text = answer.content.decode()
    assert answer.status_code == 404
    assert "There is nothing here" in text
    assert (f'href="{back}"' in text) if back else ("href" not in text)


def test_says_it_in_the_language_of_whoever_reads():
    answer = Client().get("/nothing/", headers={"Accept-Language": "ru"})
    assert "Здесь ничего нет" in answer.content.decode()


def test_refuses_what_a_person_may_not_with_a_page():
    pages = AdminPages(a_person(a_team(), "viewer"))
    text = pages.get(page("add", Incident), status=403).content.decode()
    assert "This is not for you" in text
    assert 'href="/admin/"' in text


def test_refuses_a_form_that_lay_open_for_too_long_with_a_page():
    browser = Client(enforce_csrf_checks=True)
    answer = browser.post(reverse("admin:login"), {"username": "a", "password": "b"})
    assert answer.status_code == 403
    assert "open it again" in answer.content.decode()


def test_says_that_something_broke_without_asking_the_database(
    monkeypatch, django_assert_num_queries
):
    def broken(*_args, **_named):
        raise RuntimeError("broken")

    monkeypatch.setattr("crisis_api.views.nudge.broker_is_well", broken)
    with django_assert_num_queries(1):
        answer = Client(raise_request_exception=False).get("/healthz/ready")
    assert answer.status_code == 500
    assert "Something went wrong here" in answer.content.decode()


def test_has_an_icon_for_every_page():
    answer = Client().get("/favicon.ico")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/svg+xml")
