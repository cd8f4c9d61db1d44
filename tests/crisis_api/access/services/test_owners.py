"""People: made with their account, changed, deactivated."""

import pytest
from django.contrib.sessions.models import Session

from crisis_api.access import keys
from crisis_api.access.models import AuditEvent, Membership, User
from crisis_api.access.services import owners
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.errors import Conflict, Invalid
from tests.factories.access import a_key, a_person, a_team, an_api, joins

pytestmark = pytest.mark.django_db


def create(team, **values):
    given = {"role": "responder", "username": "anna", "name": "Anna", **values}
    return owners.create(team=team, by=SYSTEM, **given)


def test_makes_a_person_who_can_sign_in(client):
    team = a_team()
    owner = create(team, password="correct horse battery", time_zone="Europe/Moscow")
    assert Membership.objects.get(owner=owner).role == "responder"
    assert client.login(username="anna", password="correct horse battery")
    actions = AuditEvent.objects.filter(team=team).order_by("id").values_list("action", flat=True)
    assert list(actions) == ["owner.created", "membership.added"]


def test_makes_a_person_without_a_password_who_cannot(client):
    owner = create(a_team())
    assert not owner.user.has_usable_password()


def test_refuses_a_weak_password_and_makes_nobody():
    with pytest.raises(Invalid) as caught:
        create(a_team(), password="anna")
    assert {error.pointer for error in caught.value.errors} == {"/password"}
    assert not User.objects.exists()


def test_refuses_a_user_name_that_differs_in_case_only():
    create(a_team())
    with pytest.raises(Conflict):
        create(a_team(), username="ANNA")


@pytest.mark.parametrize(
    ("hours", "pointer"),
    [
        ({"mon": [["09:00"]]}, "/working_hours/mon/0"),
        ({"monday": []}, "/working_hours/monday"),
        ({"mon": [["09:00", "25:00"]]}, "/working_hours/mon/0/1"),
    ],
)
def test_refuses_working_hours_that_nobody_understands(hours, pointer):
    with pytest.raises(Invalid) as caught:
        owners.change(a_person(), by=SYSTEM, values={"working_hours": hours})
    assert [error.pointer for error in caught.value.errors] == [pointer]


def test_tells_every_team_of_the_person_what_changed():
    team, other = a_team(), a_team()
    person = a_person(team)
    joins(person, other)
    owners.change(
        person, by=SYSTEM, values={"language": "ru", "email": "anna@example.org", "name": "Anna"}
    )
    assert person.user.email == "anna@example.org"
    for each in (team, other):
        line = AuditEvent.objects.get(team=each)
        assert line.data == {"fields": ["email", "language", "name"]}


def test_ends_all_access_of_whoever_is_deactivated(clock):
    team = a_team()
    a_person(team, "manager")
    person, colleague = a_person(team), a_person(team)
    signed_in, with_key = an_api(person), an_api(a_key(owner=person))
    other = an_api(colleague)
    assert signed_in.get("/api/v1/me/").status_code == 200
    assert with_key.get("/api/v1/me/").status_code == 200

    owners.deactivate(person, by=SYSTEM)

    assert signed_in.get("/api/v1/me/").status_code in (401, 403)
    assert with_key.get("/api/v1/me/").status_code == 401
    assert other.get("/api/v1/me/").status_code == 200
    assert Session.objects.count() == 1
    assert person.deactivated_at == clock.now()


def test_keeps_keys_and_sessions_dead_after_coming_back():
    team = a_team()
    a_person(team, "manager")
    person = a_person(team)
    key = a_key(owner=person)
    session = an_api(person)
    owners.deactivate(person, by=SYSTEM)
    owners.reactivate(person, by=SYSTEM)
    assert keys.find(key) is None
    assert session.get("/api/v1/me/").status_code in (401, 403)
    assert an_api(type(person).objects.get(pk=person.pk)).get("/api/v1/me/").status_code == 200


def test_deactivates_once():
    team = a_team()
    a_person(team, "manager")
    person = a_person(team)
    owners.deactivate(person, by=SYSTEM)
    owners.deactivate(person, by=SYSTEM)
    assert AuditEvent.objects.filter(action="owner.deactivated").count() == 1
