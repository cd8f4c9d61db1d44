"""A prepared query: its SQL is worked out once, what it finds is what is there now."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.db.models import CharField, UUIDField

from crisis_api.access.models import Team
from crisis_api.lib.prepared import Argument, Prepared
from tests.factories.access import a_team


class Counted:
    """A query by id and name that counts how often it is built."""

    def __init__(self):
        self.built = 0

    def __call__(self):
        self.built += 1
        return Team.objects.filter(
            pk=Argument("id", UUIDField()), name__startswith=Argument("name", CharField())
        ).values_list("id", "created_at", "personal_keys_may_approve", "name")


@pytest.mark.django_db
def test_finds_what_is_there_now_each_time():
    query = Counted()
    prepared = Prepared(query)
    one, other = a_team(name="Lumelle"), a_team(name="Orrin")
    assert prepared.rows(id=one.pk, name="Lum") == [[one.pk, one.created_at, False, "Lumelle"]]
    assert prepared.rows(id=other.pk, name="Lum") == []
    Team.objects.filter(pk=one.pk).update(name="Lumen", personal_keys_may_approve=True)
    assert prepared.rows(id=one.pk, name="Lum") == [[one.pk, one.created_at, True, "Lumen"]]
    one.delete()
    assert prepared.rows(id=one.pk, name="Lum") == []
    assert query.built == 1


@pytest.mark.django_db
def test_takes_a_value_for_a_value_whatever_stands_in_it():
    prepared = Prepared(Counted())
    team = a_team(name="100% ' OR 1=1 --")
    assert len(prepared.rows(id=team.pk, name="100% ' OR 1=1 --")) == 1
    assert prepared.rows(id=team.pk, name="' OR 1=1 --") == []


@pytest.mark.django_db(transaction=True)
def test_runs_on_the_connection_of_whoever_asks():
    prepared = Prepared(Counted())
    team = a_team(name="Lumelle")

    def ask(_):
        try:
            return prepared.rows(id=team.pk, name="Lumelle")
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(ask, range(4)))
    assert found == [[[team.pk, team.created_at, False, "Lumelle"]]] * 4
    assert prepared.rows(id=team.pk, name="Lumelle") == found[0]
