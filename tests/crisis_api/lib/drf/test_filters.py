from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.http import QueryDict

from crisis_api.access.models import Membership, Owner, Team
from crisis_api.lib.drf.filters import (
    FlagFilter,
    IdFilter,
    InstantRange,
    NumberRange,
    OrderingFilter,
    ResourceFilter,
    SearchFilter,
    TextFilter,
    WordsFilter,
)
from crisis_api.lib.drf.pages import Ordering, Term
from crisis_api.lib.errors import Invalid
from crisis_api.lib.folding import fold
from tests.factories.access import a_person, a_team


class TeamFilter(ResourceFilter):
    language = WordsFilter(words=["en", "ru"])
    rank = WordsFilter(field_name="version", words={"new": 1, "changed": 2})
    slug = TextFilter()
    id = IdFilter()
    created_at = InstantRange()
    version = NumberRange()
    created_by = IdFilter(field_name="actor_id", allow_none=True)
    q = SearchFilter("slug")
    ordering = OrderingFilter({"name": "name", "age": "created_at"}, default="-age,name")


class OwnerFilter(ResourceFilter):
    gone = FlagFilter(field_name="deactivated_at", lookup_expr="isnull", exclude=True)


def found(query: str, kind: type[ResourceFilter] = TeamFilter, model: Any = Team) -> list[Any]:
    return list(kind(QueryDict(query), model.objects.all()).qs)


def refusal(query: str, kind: type[ResourceFilter] = TeamFilter) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        kind(QueryDict(query), Team.objects.all())
    return {each.pointer: each.code for each in refused.value.errors}


@pytest.mark.django_db
def test_filters_by_words_with_commas() -> None:
    english, russian = a_team(language="en"), a_team(language="ru", version=2)
    assert found("language=en") == [english]
    assert set(found("language=en,ru")) == {english, russian}
    assert found("rank=changed") == [russian]
    assert found("language=en&rank=changed") == []


@pytest.mark.django_db
def test_filters_by_ids_and_by_none() -> None:
    one, other, third = a_team(), a_team(), a_team()
    Team.objects.filter(pk=third.pk).update(actor_id=one.pk)
    assert found(f"id={one.pk}") == [one]
    assert set(found(f"id={one.pk},{str(other.pk).upper()}")) == {one, other}
    assert set(found("created_by=none")) == {one, other}
    assert set(found(f"created_by=none,{one.pk}")) == {one, other, third}


@pytest.mark.django_db
def test_filters_by_moments_and_numbers() -> None:
    old, new = a_team(), a_team(version=7)
    Team.objects.filter(pk=old.pk).update(created_at=new.created_at - timedelta(hours=1))
    at = quote(new.created_at.isoformat())
    assert found(f"created_at__gte={at}") == [new]
    assert found(f"created_at__lt={at}") == [old]
    assert set(found(f"created_at__lte={at}")) == {old, new}
    assert found(f"created_at__gt={at}") == []
    assert found("version__gte=2&version__lt=8") == [new]
    for moment in ("0428-01-10T09:38:44Z", "0001-01-01T00:00:00%2B14:00", "0001-01-01T00:00:00Z"):
        assert set(found(f"created_at__gte={moment}")) == {old, new}
    assert found("created_at__gte=9999-12-31T23:59:59-14:00") == []
    assert found("version__gte=7.0") == [new]
    # An offset whose plus was not escaped arrives as a blank.
    assert found(f"created_at__gte={new.created_at.isoformat()}") == [new]


@pytest.mark.django_db
def test_filters_by_text_search_and_flag() -> None:
    team = a_team(slug="lumelle-glow")
    a_team(slug="orrin")
    assert found("slug=lumelle-glow") == [team]
    assert found("q=GLOW+Lum") == [team]
    assert found("q=%25") == []
    assert found("q=glow_lum") == []
    assert len(found("q=+")) == 2
    person = a_person(team)
    assert found("gone=false", OwnerFilter, Owner) == [person]
    assert found("gone=true", OwnerFilter, Owner) == []
    assert Membership.objects.count() == 1


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("colour=red", "/query/colour", "unknown_parameter"),
        ("name__regex=(a%2B)%2B%24", "/query/name__regex", "unknown_parameter"),
        ("owner__user__password=x", "/query/owner__user__password", "unknown_parameter"),
        ("a%2Fb=1", "/query/a~1b", "unknown_parameter"),
        ("%00=1", "/query/\x00", "unknown_parameter"),
        ("language=en&language=ru", "/query/language", "repeated_parameter"),
        ("language=en%00", "/query/language", "forbidden_character"),
        ("q=%00", "/query/q", "forbidden_character"),
        ("cursor=%00", "/query/cursor", "forbidden_character"),
        ("language=", "/query/language", "unknown_word"),
        ("language=de", "/query/language", "unknown_word"),
        ("language=en,", "/query/language", "unknown_word"),
        ("rank=1", "/query/rank", "unknown_word"),
        ("id=none", "/query/id", "invalid_uuid"),
        ("id=5", "/query/id", "invalid_uuid"),
        ("id=" + ",".join(["x"] * 101), "/query/id", "too_many"),
        ("created_at__gte=yesterday", "/query/created_at__gte", "invalid_instant"),
        ("created_at__gte=2026-11-22", "/query/created_at__gte", "invalid_instant"),
        ("version__gte=1e3", "/query/version__gte", "invalid_number"),
        ("version__gte=--1", "/query/version__gte", "invalid_number"),
        ("version__gte=%C2%B2", "/query/version__gte", "invalid_number"),
        ("version__gte=" + "9" * 19, "/query/version__gte", "invalid_number"),
        ("slug=", "/query/slug", "invalid_length"),
        ("q=" + "x" * 201, "/query/q", "invalid_length"),
        ("q=" + "x" * 100_000, "/query/q", "max_length"),
        ("ordering=secret", "/query/ordering", "unknown_ordering"),
        ("ordering=", "/query/ordering", "unknown_ordering"),
        ("ordering=--name", "/query/ordering", "unknown_ordering"),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_refuses_what_nobody_declared(query: str, pointer: str, code: str) -> None:
    assert refusal(query) == {pointer: code}


def test_names_all_that_is_wrong_at_once() -> None:
    assert len(refusal("a=1&b=2")) == 2
    assert refusal("language=x&rank=y").keys() == {"/query/language", "/query/rank"}


def test_orders_as_asked_or_by_its_default() -> None:
    otherwise = Ordering.by("-id")
    asked = TeamFilter(QueryDict("ordering=name,-age"), Team.objects.all()).ordering(otherwise)
    assert asked == Ordering("name,-age", (Term("name"), Term("created_at", True)))
    again = TeamFilter(QueryDict("ordering=name,-age,-name"), Team.objects.all())
    assert again.ordering(otherwise).terms == asked.terms
    default = TeamFilter(QueryDict(""), Team.objects.all()).ordering(otherwise)
    assert default.public == "-age,name"
    assert OwnerFilter(QueryDict(""), Owner.objects.all()).ordering(otherwise) is otherwise


def test_describes_every_parameter() -> None:
    described = {name: each.schema() for name, each in TeamFilter.base_filters.items()}
    assert described["language"]["items"]["enum"] == ["en", "ru"]
    assert described["created_at__gte"] == {"type": "string", "format": "date-time"}
    assert described["ordering"]["default"] == ["-age", "name"]
    assert "created_at" not in described
    assert fold("Ё") == "е"
