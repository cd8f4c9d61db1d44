import base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.db import connection, transaction
from django.db.models import F, QuerySet
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from crisis_api.access.models import AuditEvent
from crisis_api.lib.drf import pages
from crisis_api.lib.drf.pages import Ordering
from crisis_api.lib.drf.serializers import ReadSerializer
from crisis_api.lib.errors import Invalid

pytestmark = pytest.mark.django_db

START = datetime(2026, 11, 22, 9, tzinfo=UTC)


class LineRead(ReadSerializer):
    id = serializers.UUIDField()
    action = serializers.CharField()


def lines(rows: Sequence[tuple[int, str, int | None]]) -> None:
    """Store lines with the given hour, action and object, of which several may be equal."""
    AuditEvent.objects.bulk_create(
        AuditEvent(
            action=action,
            object_type="x",
            object_id=None if target is None else UUID(int=target),
            created_at=START + timedelta(hours=hour),
            actor_type="system",
        )
        for hour, action, target in rows
    )


def get(url: str) -> Request:
    return Request(APIRequestFactory().get(url))


def page(url: str, ordering: Ordering, rows: QuerySet[Any] | None = None) -> dict[str, Any]:
    found = AuditEvent.objects.order_by() if rows is None else rows
    return pages.page(found, LineRead, ordering, get(url))


def walk(url: str, ordering: Ordering, rows: QuerySet[Any] | None = None) -> list[list[UUID]]:
    """Return the pages from the first to the last."""
    found = []
    link: str | None = url
    while link:
        body = page(link, ordering, rows)
        found.append([row["id"] for row in body["results"]])
        link = body["next"]
        assert len(found) < 200, "it never ends"
    return found


def walk_back(url: str, ordering: Ordering) -> list[list[UUID]]:
    """Return the pages from the last to the first."""
    body = page(url, ordering)
    while body["next"]:
        body = page(body["next"], ordering)
    found = [[row["id"] for row in body["results"]]]
    while body["previous"]:
        body = page(body["previous"], ordering)
        found.insert(0, [row["id"] for row in body["results"]])
        assert len(found) < 200, "it never ends"
    return found


def by_hand(ordering: Ordering) -> list[UUID]:
    """Return all ids in order, sorted by Python: nulls last whatever the direction."""
    found = list(AuditEvent.objects.all())
    for term in reversed(ordering.keys()):

        def value(row: AuditEvent, name: str = term.column) -> Any:
            return getattr(row, name)

        with_value = [row for row in found if value(row) is not None]
        with_value.sort(key=value, reverse=term.descending)
        found = with_value + [row for row in found if value(row) is None]
    return [row.pk for row in found]


orderings = st.lists(
    st.tuples(st.sampled_from(["created_at", "action", "object_id"]), st.booleans()),
    max_size=3,
    unique_by=lambda term: term[0],
).map(lambda terms: Ordering.by(*[("-" if down else "") + name for name, down in terms]))
tied_rows = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(["a.b", "c.d"]), st.none() | st.integers(0, 2)),
    max_size=25,
)


@settings(max_examples=150, deadline=None)
@given(tied_rows, orderings, st.integers(1, 7))
def test_shows_every_row_once_forward_and_backward(
    rows: list[tuple[int, str, int | None]], ordering: Ordering, size: int
) -> None:
    with transaction.atomic():
        lines(rows)
        url = f"/lines/?page_size={size}"
        expected = by_hand(ordering)
        forward = walk(url, ordering)
        assert [pk for ids in forward for pk in ids] == expected
        assert all(len(ids) == size for ids in forward[:-1])
        backward = walk_back(url, ordering)
        assert [pk for ids in backward for pk in ids] == expected
        transaction.set_rollback(True)


def test_ends_where_thousands_share_a_moment() -> None:
    lines([(0, "a.b", None)] * 1000)
    found = walk("/lines/?page_size=200", Ordering.by("-created_at"))
    assert [len(ids) for ids in found] == [200] * 5
    assert len({pk for ids in found for pk in ids}) == 1000


def test_asks_the_database_once_and_never_counts(django_assert_num_queries: Any) -> None:
    lines([(0, "a.b", None)] * 60)
    with django_assert_num_queries(1) as asked:
        page("/lines/", Ordering.by("-created_at"))
    assert "COUNT" not in asked.captured_queries[0]["sql"].upper()


def test_keeps_its_place_while_rows_come_and_go() -> None:
    lines([(hour, "a.b", None) for hour in range(10)])
    first = page("/lines/?page_size=4", Ordering.by("-created_at"))
    lines([(hour, "new", None) for hour in (20, 21)])
    second = page(first["next"], Ordering.by("-created_at"))
    seen = [row["id"] for row in first["results"] + second["results"]]
    assert len(set(seen)) == 8
    assert "new" not in {row["action"] for row in second["results"]}


def test_turns_round_where_it_ran_past_the_end() -> None:
    lines([(hour, "a.b", None) for hour in range(4)])
    ordering = Ordering.by("created_at")
    first = page("/lines/?page_size=2", ordering)
    few = AuditEvent.objects.filter(created_at__lt=START + timedelta(hours=2))
    past = page(first["next"], ordering, few)
    assert past["results"] == []
    assert past["next"] is None
    back = page(past["previous"], ordering, few)
    assert [row["id"] for row in back["results"]] == [row["id"] for row in first["results"]]
    assert back["next"] is None


def test_orders_by_annotations_and_relations() -> None:
    lines([(hour % 3, "a.b", hour % 2) for hour in range(9)])
    rows = AuditEvent.objects.annotate(when=F("created_at"))
    found = walk("/lines/?page_size=2", Ordering.by("-when", "team__name", "team_id"), rows)
    assert len({pk for ids in found for pk in ids}) == 9


def test_links_keep_the_filters() -> None:
    lines([(0, "a.b", None)] * 3)
    link = page("/lines/?q=a%20b&page_size=1&x=1,2", Ordering.by("-id"))["next"]
    assert link.startswith("http://testserver/lines/?")
    query = get(link).query_params
    assert (query["q"], query["x"], query["page_size"]) == ("a b", "1,2", "1")


@pytest.mark.parametrize("size", ["0", "201", "-1", "1e3", "x", "", " 5", "٥", "9" * 50, "1.0"])
def test_refuses_a_bad_page_size(size: str) -> None:
    with pytest.raises(Invalid) as refusal:
        page(f"/lines/?page_size={size}", Ordering.by("id"))
    assert refusal.value.errors[0].pointer == "/query/page_size"


def cursor(*parts: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "%%%",
        "ё",
        "A" * 3000,
        cursor(),
        cursor(1, 2, 3),
        cursor("created_at", [], "next"),
        cursor("created_at", ["2026-11-22T09:00:00Z"], "next"),
        cursor("created_at", ["2026-11-22T09:00:00Z", "x"], "next"),
        cursor("created_at", ["2026-11-22T09:00:00", str(UUID(int=1))], "next"),
        cursor("created_at", ["0001-01-01T00:00:00+14:00", str(UUID(int=1))], "next"),
        cursor("created_at", ["9999-12-31T23:59:59-14:00", str(UUID(int=1))], "next"),
        cursor("created_at", [None, str(UUID(int=1))], "next"),
        cursor("created_at", [5, str(UUID(int=1))], "next"),
        cursor("created_at", [{"a": 1}, [1]], "next"),
        cursor("created_at", ["2026-11-22T09:00:00Z", str(UUID(int=1))], "sideways"),
        cursor("created_at", "ab", "next"),
        base64.urlsafe_b64encode(b'["created_at",[[[[').decode(),
        base64.urlsafe_b64encode(b"[" * 1000).decode(),
    ],
)
def test_refuses_a_cursor_that_is_none(text: str) -> None:
    request = get("/lines/")
    request._request.GET = request._request.GET.copy()
    request._request.GET["cursor"] = text
    with pytest.raises(Invalid) as refusal:
        pages.page(AuditEvent.objects.all(), LineRead, Ordering.by("created_at"), request)
    assert refusal.value.errors[0].code == "invalid_cursor"


@given(
    st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: base64.b64encode(raw).decode())
)
@settings(deadline=None)
def test_never_fails_on_a_cursor(text: str) -> None:
    request = get("/lines/")
    request._request.GET = request._request.GET.copy()
    request._request.GET["cursor"] = text
    with pytest.raises(Invalid):
        pages.page(AuditEvent.objects.all(), LineRead, Ordering.by("created_at"), request)


def test_refuses_values_that_would_break_the_database() -> None:
    text = cursor("action", ["a\x00b", str(UUID(int=1))], "next")
    with pytest.raises(Invalid):
        page(f"/lines/?cursor={text}", Ordering.by("action"))


def test_refuses_a_cursor_of_another_ordering() -> None:
    lines([(0, "a.b", None)] * 3)
    link = page("/lines/?page_size=1", Ordering.by("-created_at"))["next"]
    with pytest.raises(Invalid) as refusal:
        page(link, Ordering.by("created_at"))
    assert refusal.value.errors[0].code == "cursor_of_another_ordering"


def test_lets_an_index_bound_the_search() -> None:
    lines([(hour % 7, "a.b", None) for hour in range(300)])
    ordering = Ordering.by("-created_at")
    link = page("/lines/?page_size=100", ordering)["next"]
    with connection.execute_wrapper(explained := Explained()):
        page(link, ordering)
    assert explained.sql.count(" OR ") == 1
    assert '"created_at" <= ' in explained.sql


class Explained:
    """Keeps the statement that was run."""

    sql = ""

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.sql = sql
        return execute(sql, params, many, context)
