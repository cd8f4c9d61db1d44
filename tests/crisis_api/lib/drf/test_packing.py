"""Rows that the database packs as JSON: the values are those that the columns hold."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Value
from rest_framework import serializers

from crisis_api.access.models import ApiKey, ContactPoint, Membership, Owner, Team
from crisis_api.lib.drf.columns import Related, RelatedOne
from crisis_api.lib.drf.reading import ReadSerializer
from tests.factories.access import a_key, a_person, a_team

pytestmark = pytest.mark.django_db


class RoleRead(ReadSerializer):
    role = serializers.CharField()
    joined_at = serializers.DateTimeField(source="created_at")
    person = serializers.CharField(source="owner.name")


class TeamRead(ReadSerializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    frozen_at = serializers.DateTimeField()
    personal_keys_may_approve = serializers.BooleanField()
    version = serializers.IntegerField()
    members = Related(RoleRead, queryset=Membership.objects.all, fk="team_id", order=["role"])
    latest = RelatedOne(RoleRead, queryset=Membership.objects.all, fk="team_id", order=["-role"])


TEXTS = ["", "null", '"quoted" \\ back', "line\nbreak\ttab", "Люмелле 🙂 \u2028", "100% %s", "[]"]


@pytest.mark.parametrize("text", TEXTS)
def test_carries_a_text_as_it_is(text):
    team = a_team(name=text)
    assert (TeamRead.row(Team.objects.all()) or {})["name"] == team.name == text


@pytest.mark.parametrize("microsecond", [0, 7, 120_000, 999_999])
def test_carries_a_moment_to_the_microsecond(microsecond):
    at = datetime(2026, 3, 29, 1, 30, 0, microsecond, tzinfo=UTC)
    a_team(frozen_at=at)
    row = TeamRead.row(Team.objects.all()) or {}
    assert row["frozen_at"] == at
    assert row["frozen_at"].tzinfo is UTC


@pytest.mark.parametrize("answer", [True, False])
def test_tells_true_and_false_from_numbers(answer):
    a_team(personal_keys_may_approve=answer)
    assert (TeamRead.row(Team.objects.all()) or {})["personal_keys_may_approve"] is answer


@pytest.mark.parametrize("value", [{}, [], {"a": {"b": [1, 2.5, None, True, "ü"]}}, ["x"]])
def test_carries_what_is_json_already(value):
    class HoursRead(ReadSerializer):
        hours = serializers.JSONField(source="working_hours")

    person = a_person(a_team())
    Owner.objects.filter(pk=person.pk).update(working_hours=value)
    assert HoursRead.rows(Owner.objects.filter(pk=person.pk)) == [{"hours": value}]


def test_brings_what_belongs_to_a_row_in_order_and_nothing_of_others(django_assert_num_queries):
    lumelle, orrin, alone = (a_team(name=name) for name in ("Lumelle", "Orrin", "Xenia"))
    mira = a_person(lumelle, "viewer", name="Mira")
    a_person(lumelle, "approver", name="Anna")
    a_person(orrin, "manager", name="Boris")
    with django_assert_num_queries(1):
        rows = TeamRead.rows(Team.objects.order_by("name"))
    assert [[each["person"] for each in row["members"]] for row in rows] == [
        ["Anna", "Mira"],
        ["Boris"],
        [],
    ]
    joined = Membership.objects.get(owner=mira).created_at
    assert rows[0]["latest"] == {"role": "viewer", "joined_at": joined, "person": "Mira"}
    assert rows[2]["id"] == alone.pk
    assert rows[2]["latest"] is None


def test_reads_beside_it_what_json_would_not_carry():
    class PointRead(ReadSerializer):
        person = serializers.CharField(source="owner.name")
        address = serializers.CharField()
        kind = serializers.CharField()
        answer = serializers.IntegerField()

    person = a_person(a_team(), name="Mira")
    ContactPoint.objects.filter(owner=person).delete()
    ContactPoint.objects.create(owner=person, kind="email", address="mira@example.org")
    rows = PointRead.fetch(ContactPoint.objects.annotate(answer=Value(42)), "owner_id", "kind")
    assert rows == [
        (
            {
                "person": "Mira",
                "address": "mira@example.org",
                "kind": "email",
                "answer": 42,
            },
            (person.pk, "email"),
        )
    ]


def test_refuses_to_gather_what_json_would_not_carry():
    class PointRead(ReadSerializer):
        address = serializers.CharField()

    class OwnerRead(ReadSerializer):
        points = Related(PointRead, queryset=ContactPoint.objects.all, fk="owner_id")

    with pytest.raises(ImproperlyConfigured):
        OwnerRead.rows(Owner.objects.all())


def test_keeps_to_the_conditions_and_the_order_of_the_query():
    teams = [a_team(name=name) for name in ("Lumelle", "Orrin", "Xenia")]
    a_key(teams[0])
    rows = Team.objects.filter(pk__in=ApiKey.objects.values("team"))
    assert [row["name"] for row in TeamRead.rows(rows)] == ["Lumelle"]
    assert [row["name"] for row in TeamRead.rows(Team.objects.order_by("-name")[1:])] == [
        "Orrin",
        "Lumelle",
    ]
    assert TeamRead.rows(Team.objects.filter(pk__in=[])) == []
