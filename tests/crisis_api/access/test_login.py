"""Guessing passwords at the admin's door."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from crisis_api.access.models import LoginAttempts
from crisis_api.access.services import logins
from crisis_api.lib import clock as the_clock
from crisis_api.lib.errors import Throttled
from tests.factories.access import a_person, a_team

pytestmark = pytest.mark.django_db

LOGIN = "/admin/login/"


@pytest.fixture
def anna():
    return a_person(a_team(), "responder").user


def tries(user, password="wrong", address="192.0.2.7", **headers):
    client = Client(REMOTE_ADDR=address)
    return client.post(LOGIN, {"username": user.username, "password": password}, headers=headers)


def test_lets_somebody_in(anna):
    assert Client().get(LOGIN).status_code == 200
    answer = tries(anna, "pass")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


def test_shuts_after_ten_wrong_passwords_for_a_quarter_of_an_hour(anna, clock):
    assert [tries(anna).status_code for _ in range(10)] == [200] * 10
    clock.move(minutes=5)
    refused = tries(anna, "pass")
    assert (refused.status_code, refused["Retry-After"]) == (429, "600")
    assert "Try again in 10 minutes" in refused.content.decode()
    clock.move(minutes=10)
    assert tries(anna, "pass").status_code == 302


def test_counts_from_the_beginning_after_a_right_password(anna):
    for _ in range(2):
        assert [tries(anna).status_code for _ in range(9)] == [200] * 9
        assert tries(anna, "pass").status_code == 302


def test_shuts_for_one_address_and_one_account_alone(anna):
    boris = a_person(a_team()).user
    for _ in range(11):
        tries(anna)
    assert tries(anna, "pass").status_code == 429
    assert tries(anna, "pass", address="198.51.100.1").status_code == 302
    assert tries(boris, "pass").status_code == 302


def test_leaves_whoever_is_signed_in(anna):
    inside = Client(REMOTE_ADDR="192.0.2.7")
    inside.force_login(anna)
    for _ in range(11):
        tries(anna)
    assert inside.get("/admin/").status_code == 200


def test_is_not_fooled_by_a_forged_address(anna):
    for number in range(10):
        tries(anna, **{"X-Forwarded-For": f"203.0.113.{number}"})
    assert tries(anna, "pass", **{"X-Forwarded-For": "203.0.113.200"}).status_code == 429


def test_tells_callers_apart_behind_a_proxy(anna, settings):
    settings.NUM_PROXIES = 1
    for number in range(11):
        # What the caller wrote first differs, and does not count.
        tries(anna, **{"X-Forwarded-For": f"203.0.113.{number}, 198.51.100.1"})
    same, other = "203.0.113.200, 198.51.100.1", "198.51.100.2"
    assert tries(anna, "pass", **{"X-Forwarded-For": same}).status_code == 429
    assert tries(anna, "pass", **{"X-Forwarded-For": other}).status_code == 302


def test_counts_accounts_that_there_are_not_alike(anna):
    class Nobody:
        username = "nobody@example.org"

    assert [tries(Nobody).status_code for _ in range(11)] == [200] * 10 + [429]
    # What is typed into the wrong field may be a password.
    assert "nobody" not in str(list(LoginAttempts.objects.values()))


def test_refuses_a_password_too_long_to_be_hashed(anna):
    answer = tries(anna, "p" * 5000)
    assert answer.status_code == 200
    assert "at most 4096 characters" in answer.content.decode()
    assert LoginAttempts.objects.count() == 0


def test_gives_a_new_session_to_whoever_signs_in(anna):
    client = Client()
    client.get(LOGIN)
    before = client.session.session_key
    client.post(LOGIN, {"username": anna.username, "password": "pass"})
    assert client.session.session_key not in (None, before)


@pytest.mark.django_db(transaction=True)
def test_lets_no_more_than_ten_of_fifty_at_once_guess():
    def guess(_n):
        try:
            logins.begin("anna", "192.0.2.7")
        except Throttled:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(guess, range(50))) == 10


def test_forgets_what_is_over(clock):
    logins.begin("anna", "192.0.2.7")
    clock.move(minutes=14)
    logins.begin("boris", "192.0.2.7")
    clock.move(minutes=1)
    assert logins.forget_old() == 1
    (left,) = LoginAttempts.objects.all()
    assert left.since == the_clock.now() - logins.WINDOW / 15
