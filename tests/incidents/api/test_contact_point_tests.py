"""`/contact_points/{id}/test/`: does a message get through?"""

import pytest
from django.core import checks, mail

from crisis_api.access.models import AuditEvent, ContactPoint
from tests.factories.access import a_contact_point, a_key, a_person, a_team, an_api
from tests.factories.admin import AdminPages, errors

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna():
    return a_person(a_team(), language="ru")


def test_sends_one_message_at_once_in_the_persons_language(anna, clock):
    point = a_contact_point(anna, kind="email", address="anna@example.org")
    done = an_api(anna).post(f"/api/v1/contact_points/{point.pk}/test/")
    assert done.status_code == 200, done.json()
    assert (done.json()["sent"], done.json()["code"]) == (True, "")
    (sent,) = mail.outbox
    assert sent.to == ["anna@example.org"]
    point.refresh_from_db()
    assert point.last_success_at == clock.now()
    line = AuditEvent.objects.get(action="contact_point.tested")
    assert line.data == {"sent": True, "code": ""}


@pytest.fixture
def printing(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    settings.DEBUG = settings.DEMO = False
    return settings


def test_does_not_call_it_sent_where_mail_is_only_printed(anna, printing, capsys):
    point = a_contact_point(anna, kind="email", address="anna@example.org")
    refused = an_api(anna).post(f"/api/v1/contact_points/{point.pk}/test/")
    assert (refused.status_code, refused.json()["code"]) == (422, "email_not_configured")
    # In the admin she is told so in her own language.
    assert "EMAIL_URL" in errors(AdminPages(anna).do("test", point))
    point.refresh_from_db()
    assert point.last_success_at is None
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("where", ["DEBUG", "DEMO"])
def test_prints_mail_while_developing_and_in_the_demo(anna, printing, capsys, where):
    setattr(printing, where, True)
    point = a_contact_point(anna, kind="email", address="anna@example.org")
    assert an_api(anna).post(f"/api/v1/contact_points/{point.pk}/test/").json()["sent"]
    assert "anna@example.org" in capsys.readouterr().out


def test_the_check_before_going_live_warns_where_mail_is_only_printed(printing):
    def warned():
        return [each.id for each in checks.run_checks(include_deployment_checks=True)]

    assert "crisis.W001" in warned()
    printing.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert "crisis.W001" not in warned()


def test_says_why_it_did_not_get_through(anna, clock, httpserver, settings):
    settings.HTTP_ALLOW_PRIVATE = ["localhost", "127.0.0.1"]
    httpserver.expect_request("/hook").respond_with_data("", status=410)
    point = a_contact_point(
        anna,
        kind="webhook",
        address=httpserver.url_for("/hook"),
        secret="whsec_" + "a" * 43 + "=",
    )
    done = an_api(anna).post(f"/api/v1/contact_points/{point.pk}/test/")
    assert (done.status_code, done.json()["sent"], done.json()["code"]) == (200, False, "gone")
    point.refresh_from_db()
    assert (point.last_failure_at, point.disabled_at) == (clock.now(), None)


def test_uses_one_again_that_had_been_given_up(anna, clock, capsys):
    point = a_contact_point(anna, disabled_at=clock.now(), disabled_reason="gone")
    assert an_api(anna).post(f"/api/v1/contact_points/{point.pk}/test/").json()["sent"]
    point.refresh_from_db()
    assert (point.disabled_at, point.disabled_reason) == (None, "")
    assert capsys.readouterr().out.count("\n") == 1


def test_floods_nobody(anna, clock, capsys):
    point = a_contact_point(anna)
    api = an_api(anna)
    path = f"/api/v1/contact_points/{point.pk}/test/"
    assert api.post(path).status_code == 200
    again = api.post(path)
    assert (again.status_code, again["Retry-After"]) == (429, "11")
    clock.move(seconds=10)
    assert api.post(path).status_code == 200


def test_is_for_the_person_and_their_managers(anna):
    point = a_contact_point(anna)
    path = f"/api/v1/contact_points/{point.pk}/test/"
    team = anna.memberships.get().team
    assert an_api(a_person(team)).post(path).status_code == 404
    assert an_api(a_person(team, "manager")).post(path).status_code == 200
    assert an_api(a_key(a_team())).post(path).status_code == 404
    assert an_api(a_key(owner=anna, scopes=["read"])).post(path).status_code == 403
    assert ContactPoint.objects.get().last_success_at
