import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, connections, models, transaction

from crisis_api.lib import lease
from crisis_api.lib.ids import uuid7

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
LEASE = timedelta(seconds=20)


class Job(models.Model):
    """Something to be done by one at a time; a table of these tests alone."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    status = models.CharField(max_length=10, default="pending")
    lease_owner = models.CharField(max_length=80, default="")
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)

    class Meta:
        app_label = "lease_tests"


@pytest.fixture
def _jobs(transactional_db: None) -> Iterator[None]:
    with connection.schema_editor() as editor:
        editor.create_model(Job)
    yield
    with connection.schema_editor() as editor:
        editor.delete_model(Job)


pytestmark = pytest.mark.usefixtures("_jobs")


def jobs(count: int, **values: Any) -> list[Any]:
    return [job.pk for job in Job.objects.bulk_create(Job(**values) for _ in range(count))]


def claim(owner: str = "me", now: datetime = NOW, **words: Any) -> dict[Any, int]:
    pending = Job.objects.filter(status="pending").order_by("pk")
    return lease.claim(pending, owner=owner, lease=LEASE, now=now, **words)


def in_threads(*work: Callable[[], Any]) -> list[Any]:
    """Run each at once in a thread with a connection of its own."""

    def run(each: Callable[[], Any]) -> Any:
        try:
            return each()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(work)) as pool:
        return [each.result(30) for each in [pool.submit(run, each) for each in work]]


def test_takes_free_rows_and_raises_their_fence() -> None:
    first, second, third = jobs(3)
    assert claim(limit=2) == {first: 1, second: 1}
    job = Job.objects.get(pk=first)
    assert (job.lease_owner, job.lease_until, job.fence) == ("me", NOW + LEASE, 1)
    assert claim("other") == {third: 1}
    assert claim("late") == {}


def test_takes_over_when_the_lease_is_over() -> None:
    (job,) = jobs(1)
    claim("first")
    assert claim("second", NOW + LEASE - timedelta(microseconds=1)) == {}
    assert claim("second", NOW + LEASE) == {job: 2}
    late = Job.objects.filter(pk=job, fence=1).update(status="done")
    assert late == 0


def test_sets_what_it_is_told_in_the_same_update() -> None:
    jobs(1, fence=6)
    claim(status="sending")
    assert Job.objects.get().status == "sending"
    assert claim(now=NOW + LEASE) == {}


def test_gives_each_row_to_one_of_many_claimers() -> None:
    jobs(600)
    barrier = threading.Barrier(4)

    def work() -> list[Any]:
        barrier.wait(10)
        found: list[Any] = []
        while part := claim(f"{threading.get_ident()}", limit=20):
            found += part
        return found

    taken = [pk for part in in_threads(*[work] * 4) for pk in part]
    assert len(taken) == len(set(taken)) == 600
    assert set(Job.objects.values_list("fence", flat=True)) == {1}


def test_locks_in_order_and_says_which_rows_there_are() -> None:
    ids = jobs(3)
    with transaction.atomic():
        assert lease.lock(Job, [ids[2], uuid7(), ids[0]]) == [ids[0], ids[2]]
        lease.share_lock(Job, ids)
        lease.share_lock(Job, [])


def test_never_deadlocks_whatever_the_order_asked_for() -> None:
    ids = jobs(20)

    def work(order: list[Any]) -> None:
        for _ in range(15):
            with transaction.atomic():
                lease.lock(Job, order)

    in_threads(lambda: work(ids), lambda: work(ids[::-1]), lambda: work(ids[5:] + ids[:5]))


one_writer = pytest.mark.skipif(
    connection.vendor == "sqlite", reason="SQLite has one writer at a time"
)


@one_writer
def test_shares_with_other_readers_and_keeps_writers_out() -> None:
    (job,) = jobs(1)

    def shares() -> bool:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '200ms'")
            lease.share_lock(Job, [job])
        return True

    def writes() -> bool:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '200ms'")
            lease.lock(Job, [job])
        return True

    with transaction.atomic():
        lease.share_lock(Job, [job])
        assert in_threads(shares) == [True]
        with pytest.raises(OperationalError):
            in_threads(writes)


@one_writer
def test_passes_over_what_another_is_taking() -> None:
    first, second = jobs(2)
    with transaction.atomic():
        lease.lock(Job, [first])
        assert in_threads(lambda: list(claim())) == [[second]]


def test_names_each_worker_differently() -> None:
    names = in_threads(lease.owner_name, lease.owner_name)
    assert all(0 < len(name) <= 80 for name in names)
    assert lease.owner_name() not in names


def test_names_workers_differently_that_share_host_and_number(monkeypatch) -> None:
    monkeypatch.setattr(os, "getpid", lambda: 7)
    monkeypatch.setattr(threading, "get_native_id", lambda: 7)
    mine = lease.owner_name()
    assert mine == lease.owner_name()
    heard, told = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(told, lease.owner_name().encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(heard, 100).decode()
    os.close(heard)
    os.close(told)
    assert theirs.startswith(mine.rsplit(":", 1)[0])
    assert theirs != mine


def test_returns_the_rows_that_it_shares() -> None:
    ids = jobs(3, status="mine")
    with transaction.atomic():
        held = lease.shared(Job, [ids[2], uuid7(), ids[0]])
        assert lease.shared(Job, []) == {}
    assert sorted(held) == sorted([ids[0], ids[2]])
    assert {job.status for job in held.values()} == {"mine"}
