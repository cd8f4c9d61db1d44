from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework import serializers

from crisis_api.access.models import ApiKey, ExternalRef, Membership, Team
from crisis_api.lib.actors import Actor
from crisis_api.lib.drf import problems
from crisis_api.lib.drf.serializers import (
    InstantField,
    ReadSerializer,
    SecondsField,
    StrictSerializer,
    TitleField,
    WordField,
)
from crisis_api.lib.ids import uuid7
from crisis_api.lib.records import made_by
from tests.crisis_api.lib.drf.sample import TeamRead
from tests.factories.access import a_key, a_person, a_team


class Part(StrictSerializer):
    size = serializers.IntegerField()


class Thing(StrictSerializer):
    id = serializers.UUIDField(read_only=True)
    title = TitleField(required=False)
    text = serializers.CharField(required=False)
    note = serializers.CharField(required=False, allow_blank=True)
    count = serializers.IntegerField(required=False)
    share = serializers.FloatField(required=False)
    flag = serializers.BooleanField(required=False)
    owner = serializers.UUIDField(required=False, allow_null=True)
    at = InstantField(required=False)
    delay_seconds = SecondsField(source="delay", required=False, max_value=3600)
    severity = WordField(words={1: "low", 3: "high"}, required=False)
    kind = serializers.ChoiceField(choices=["a", "b"], required=False)
    tags = serializers.ListField(child=serializers.CharField(), required=False)
    facts = serializers.DictField(child=serializers.IntegerField(), required=False)
    extra = serializers.JSONField(required=False)
    part = Part(required=False)
    parts = Part(many=True, required=False)


def wrong(data: Any) -> dict[str, str]:
    thing = Thing(data=data)
    assert not thing.is_valid(), thing.validated_data
    return {each.pointer: each.code for each in problems.flat(thing.errors)}


def right(data: Any) -> dict[str, Any]:
    thing = Thing(data=data)
    thing.is_valid(raise_exception=True)
    return thing.validated_data


def test_refuses_unknown_and_read_only_fields_at_any_depth() -> None:
    data = {"id": 1, "state": "x", "a/b": 1, "part": {"size": 1, "x": 1}, "parts": [{"y": 1}]}
    assert wrong(data) == {
        "/id": "read_only_field",
        "/state": "unknown_field",
        "/a~1b": "unknown_field",
        "/part/x": "unknown_field",
        "/parts/0/y": "unknown_field",
        "/parts/0/size": "required",
    }


def test_names_all_that_is_wrong_at_once() -> None:
    assert wrong({"count": "5", "nothing": 1, "kind": "z"}) == {
        "/count": "wrong_type",
        "/nothing": "unknown_field",
        "/kind": "invalid_choice",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("text", 5),
        ("text", True),
        ("text", ["a"]),
        ("title", 5),
        ("count", "5"),
        ("count", True),
        ("count", 5.5),
        ("share", "0.5"),
        ("share", False),
        ("flag", "true"),
        ("flag", 1),
        ("owner", 5),
        ("at", 5),
        ("delay_seconds", "5"),
        ("severity", 3),
        ("tags", "a"),
        ("facts", [1]),
    ],
)
def test_takes_no_value_of_another_json_type(name: str, value: Any) -> None:
    assert wrong({name: value}) == {f"/{name}": "wrong_type"}


def test_points_into_lists_and_objects() -> None:
    assert wrong({"tags": ["a", 1], "facts": {"x": "1"}}) == {
        "/tags/1": "wrong_type",
        "/facts/x": "wrong_type",
    }
    assert wrong({"tags": ["a\x07"]}) == {"/tags/0": "forbidden_character"}


@pytest.mark.parametrize("value", [None, "text", [], 5])
def test_refuses_anything_but_an_object(value: Any) -> None:
    assert not Thing(data=value).is_valid()


class Step(StrictSerializer):
    name = TitleField()
    delay = serializers.IntegerField(default=0)


class Plan(StrictSerializer):
    title = TitleField()
    rounds = serializers.IntegerField(default=1)
    steps = Step(many=True)
    last = Step()


def test_leaves_what_a_change_does_not_name_as_it_is() -> None:
    plan = Plan(data={}, partial=True)
    plan.is_valid(raise_exception=True)
    assert plan.validated_data == {}
    assert not Plan(data={}).is_valid()


def test_takes_what_a_change_names_whole() -> None:
    good = Plan(data={"steps": [{"name": "Owner"}]}, partial=True)
    good.is_valid(raise_exception=True)
    assert good.validated_data == {"steps": [{"name": "Owner", "delay": 0}]}
    bad = Plan(data={"steps": [{}], "last": {"delay": 5}}, partial=True)
    assert not bad.is_valid()
    told = {each.pointer: each.code for each in problems.flat(bad.errors)}
    assert told == {"/steps/0/name": "required", "/last/name": "required"}


def test_keeps_texts_as_they_are() -> None:
    text = "  first\n\tsecond  \u202e \u200b "
    assert right({"text": text, "tags": [" a "], "note": " ", "title": " a "}) == {
        "text": text,
        "tags": [" a "],
        "note": " ",
        "title": " a ",
    }


@pytest.mark.parametrize("character", ["\r", "\x00", "\x07", "\x1b", "\x7f", "\x85"])
def test_refuses_control_characters(character: str) -> None:
    assert wrong({"text": f"a{character}b"}) == {"/text": "forbidden_character"}


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
def test_refuses_blank_texts_unless_they_may_be(text: str) -> None:
    assert wrong({"text": text}) == {"/text": "blank"}
    assert right({"note": text}) == {"note": text}


@pytest.mark.parametrize(
    "character", ["\n", "\t", "\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u2028", "\u00ad"]
)
def test_refuses_in_titles_what_hides_or_reverses(character: str) -> None:
    assert wrong({"title": f"a{character}b"}) == {"/title": "forbidden_character"}


def test_takes_whole_numbers_however_written() -> None:
    assert right({"count": 5.0}) == {"count": 5}


def test_turns_words_into_numbers_and_seconds_into_durations() -> None:
    assert right({"severity": "high", "delay_seconds": 90}) == {
        "severity": 3,
        "delay": timedelta(seconds=90),
    }
    assert wrong({"severity": "none"}) == {"/severity": "invalid_choice"}
    for seconds, code in ((-1, "min_value"), (3601, "max_value"), (10**12, "max_value")):
        assert wrong({"delay_seconds": seconds}) == {"/delay_seconds": code}


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-22T09:30:00Z", datetime(2026, 11, 22, 9, 30, tzinfo=UTC)),
        ("2026-11-22T12:30:00.5+03:00", datetime(2026, 11, 22, 9, 30, 0, 500_000, tzinfo=UTC)),
        ("2026-11-22t09:30:00z", datetime(2026, 11, 22, 9, 30, tzinfo=UTC)),
    ],
)
def test_reads_moments_with_an_offset(text: str, at: datetime) -> None:
    value = right({"at": text})["at"]
    assert value == at
    assert value.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T09:30:00",
        "2026-11-22 09:30:00Z",
        "2026-11-22",
        "2026-13-22T09:30:00Z",
        "2026-11-22T25:30:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-11-22T09:30:00Z\n",
        "٢٠٢٦-11-22T09:30:00Z",
        "now",
        "",
    ],
)
def test_refuses_other_moments(text: str) -> None:
    assert list(wrong({"at": text})) == ["/at"]


# Output


@pytest.mark.django_db
def test_reads_rows_from_columns(django_assert_num_queries: Any) -> None:
    who = Actor("user", uuid7())
    lumelle = a_team(name="Lumelle", **made_by(who))
    orrin = a_team(name="Orrin")
    for number in ("2", "1"):
        ExternalRef.objects.create(
            team=lumelle,
            subject_type="team",
            subject_id=lumelle.pk,
            system="jira",
            external_id=number,
        )
    member = a_person(orrin)
    with django_assert_num_queries(1):
        first, second = TeamRead.rows(Team.objects.order_by("name"))
    assert first == {
        "id": lumelle.pk,
        "name": "Lumelle",
        "shout": "LUMELLE",
        "actor": {"type": "user", "id": who.id},
        "html_url": f"http://testserver/admin/access/team/{lumelle.pk}/change/",
        "external_refs": [{"system": "jira", "id": "1"}, {"system": "jira", "id": "2"}],
        "member_ids": [],
        "created_at": lumelle.created_at,
    }
    assert list(first) == list(TeamRead().fields)
    assert second["actor"] == {"type": "system", "id": None}
    assert second["member_ids"] == [member.pk]


@pytest.mark.django_db
def test_reads_one_row_or_none() -> None:
    team = a_team()
    assert (TeamRead.row(Team.objects.all()) or {})["id"] == team.pk
    assert TeamRead.row(Team.objects.none()) is None


class TeamBrief(ReadSerializer):
    id = serializers.UUIDField()
    name = serializers.CharField()


@pytest.mark.django_db
def test_follows_paths_and_nests(django_assert_num_queries: Any) -> None:
    team = a_team(name="Lumelle")
    a_person(team, "viewer", name="Mira")

    class Nested(ReadSerializer):
        person = serializers.CharField(source="owner.name")
        same_person = serializers.CharField(source="owner__name")
        team = TeamBrief()

    with django_assert_num_queries(1):
        rows = Nested.rows(Membership.objects.all())
    assert rows == [
        {"person": "Mira", "same_person": "Mira", "team": {"id": team.pk, "name": "Lumelle"}}
    ]
    assert Nested.columns() == ("owner__name", "team__id", "team__name")


@pytest.mark.django_db
def test_serves_null_where_nothing_is_referred_to() -> None:
    class OwnerBrief(ReadSerializer):
        id = serializers.UUIDField()
        name = serializers.CharField()

    class KeyRead(ReadSerializer):
        owner = OwnerBrief()
        rank = WordField(words={1: "first"}, source="version")

    a_key(a_team())
    assert KeyRead.rows(ApiKey.objects.all()) == [{"owner": None, "rank": "first"}]


@pytest.mark.django_db
def test_returns_further_columns_beside_the_row() -> None:
    team = a_team(slug="lumelle")
    ((row, extra),) = TeamBrief.fetch(Team.objects.all(), "slug", "id")
    assert row == {"id": team.pk, "name": team.name}
    assert extra == ("lumelle", team.pk)
