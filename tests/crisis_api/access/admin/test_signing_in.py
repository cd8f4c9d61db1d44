"""The page to sign in, before anybody has."""

import pytest
from django.test import Client

from tests.factories.access import a_person, a_team

pytestmark = pytest.mark.django_db


def test_shows_the_page_to_whoever_is_not_signed_in(client):
    assert client.get("/admin/", follow=True).status_code == 200
    assert client.get("/admin/login/").status_code == 200


def test_lets_staff_in_with_their_password():
    owner = a_person(a_team())
    client = Client()
    form = {"username": owner.user.username, "password": "pass", "next": "/admin/"}
    assert client.post("/admin/login/", form)["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_says_that_the_password_is_wrong_and_shows_the_page_again():
    owner = a_person(a_team())
    form = {"username": owner.user.username, "password": "other"}
    assert Client().post("/admin/login/", form).status_code == 200
