import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections, models, transaction

from crisis_api.lib import counters
from crisis_api.lib.ids import uuid7


class Tally(models.Model):
    """Something counted; a table of these tests alone."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        app_label = "counter_tests"


@pytest.fixture
def _tallies(transactional_db: None) -> Iterator[None]:
    with connection.schema_editor() as editor:
        editor.create_model(Tally)
    yield
    with connection.schema_editor() as editor:
        editor.delete_model(Tally)


pytestmark = pytest.mark.usefixtures("_tallies")


def tallies(count: int) -> list[Any]:
    return [row.pk for row in Tally.objects.bulk_create(Tally() for _ in range(count))]


def test_returns_what_each_counter_is_after_its_own_step() -> None:
    first, second, third = tallies(3)
    with transaction.atomic():
        assert counters.raised(Tally, "last", {second: 2, first: 1}) == {first: 1, second: 2}
        assert counters.raised(Tally, "last", {third: 5, first: 5}) == {first: 6, third: 5}
    assert dict(Tally.objects.values_list("pk", "last")) == {first: 6, second: 2, third: 5}


def test_leaves_out_rows_that_are_not_there() -> None:
    (first,) = tallies(1)
    assert counters.raised(Tally, "last", {first: 1, uuid7(): 1}) == {first: 1}
    assert counters.raised(Tally, "last", {}) == {}


def test_does_the_same_where_the_database_returns_nothing(monkeypatch: Any) -> None:
    (first,) = tallies(1)
    with monkeypatch.context() as patch:
        patch.setattr(connection.features, "can_return_columns_from_insert", False)
        assert counters.raised(Tally, "last", {first: 3}) == {first: 3}


def test_gives_each_number_once_and_never_deadlocks() -> None:
    ids = tallies(6)
    given: list[tuple[Any, int]] = []

    def work(order: list[Any]) -> None:
        try:
            for _ in range(15):
                with transaction.atomic():
                    found = counters.raised(Tally, "last", dict.fromkeys(order, 1))
                given.extend(found.items())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(order,)) for order in (ids, ids[::-1], ids[2:])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(given) == len(set(given)) == 15 * 16


def test_gives_the_next_number_of_one_row_and_none_where_there_is_none(monkeypatch: Any) -> None:
    first, second = tallies(2)
    with transaction.atomic():
        assert counters.next_of(Tally.objects.filter(pk=first, last__lt=2), "last") == 1
        assert counters.next_of(Tally.objects.filter(pk=first), "last") == 2
        assert counters.next_of(Tally.objects.filter(pk=uuid7()), "last") is None
        with monkeypatch.context() as patch:
            patch.setattr(connection.features, "can_return_columns_from_insert", False)
            assert counters.next_of(Tally.objects.filter(pk=first), "last") == 3
            assert counters.next_of(Tally.objects.filter(pk=uuid7()), "last") is None
    assert Tally.objects.get(pk=second).last == 0
