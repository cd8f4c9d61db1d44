import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections, transaction
from rest_framework.response import Response
from rest_framework.test import APIClient, APIRequestFactory

from crisis_api.access.models import IdempotencyRecord, Team
from crisis_api.lib.drf import idempotency
from crisis_api.lib.drf.idempotency import Attempt
from crisis_api.lib.errors import Conflict, Problem, Refused
from tests.factories.access import a_key, a_team, an_api

pytestmark = pytest.mark.urls("tests.crisis_api.lib.drf.sample")
TEAMS = "/api/v1/teams/"


@pytest.fixture
def api(db: None) -> APIClient:
    return an_api(a_key(a_team(name="Lumelle")))


def post(api: APIClient, key: str, body: Any = None, path: str = TEAMS) -> Any:
    return api.post(path, body or {"name": "Orrin"}, headers={"Idempotency-Key": key})


def test_gives_the_same_answer_the_second_time(api: APIClient) -> None:
    first, second = post(api, "a"), post(api, "a")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert second["Content-Type"] == first["Content-Type"] == "application/json"
    assert second.data == first.json()
    assert Team.objects.filter(name="Orrin").count() == 1


def test_does_not_mind_how_the_body_is_written(api: APIClient) -> None:
    for body in ('{"name":"Orrin"}', '{ "name" : "\\u004frrin" }'):
        answer = api.post(
            TEAMS, body, content_type="application/json", headers={"Idempotency-Key": "a"}
        )
        assert answer.status_code == 201


def test_keeps_the_version_of_the_answer(api: APIClient) -> None:
    path = f"{TEAMS}{Team.objects.get(name='Lumelle').pk}/shout/"
    first = api.post(path, headers={"Idempotency-Key": "a"})
    second = api.post(path, headers={"Idempotency-Key": "a"})
    assert first["ETag"] == second["ETag"] == '"2"'


def test_refuses_the_key_with_another_body(api: APIClient) -> None:
    post(api, "a")
    answer = post(api, "a", {"name": "Another"})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert not Team.objects.filter(name="Another").exists()


def test_keeps_callers_and_routes_apart(api: APIClient) -> None:
    post(api, "a")
    stranger = an_api(a_key(a_team()))
    assert post(stranger, "a", {"name": "Third"}).status_code == 201
    path = f"{TEAMS}{Team.objects.get(name='Lumelle').pk}/shout/"
    assert "Idempotent-Replayed" not in api.post(path, headers={"Idempotency-Key": "a"})


def test_keeps_nothing_of_a_refusal(api: APIClient) -> None:
    assert post(api, "a", {"name": ""}).status_code == 400
    assert post(api, "a").status_code == 201
    path = f"{TEAMS}{Team.objects.get(name='Lumelle').pk}/stuck/"
    assert api.post(path, headers={"Idempotency-Key": "b"}).status_code == 409
    assert not Team.objects.filter(name="never").exists()
    assert not IdempotencyRecord.objects.filter(key="b").exists()


def test_forgets_after_48_hours(api: APIClient, clock: Any) -> None:
    post(api, "a")
    clock.move(hours=47, minutes=59)
    assert "Idempotent-Replayed" in post(api, "a")
    clock.move(minutes=1)
    Team.objects.filter(name="Orrin").delete()
    assert "Idempotent-Replayed" not in post(api, "a")
    assert IdempotencyRecord.objects.count() == 1


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "a\r\nb", "a\x00b", "a\x7f", "ключ"])
def test_refuses_a_bad_key(api: APIClient, key: str) -> None:
    answer = post(api, key)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (
        400,
        "/headers/Idempotency-Key",
    )


@pytest.mark.parametrize("key", ["x" * 255, '"quoted"', "01a203b6-3f0e-7db3-ae12-0853b0c8ca46"])
def test_takes_any_printable_key(api: APIClient, key: str) -> None:
    assert post(api, key).status_code == 201


def test_keeps_nothing_of_a_rehearsal(api: APIClient) -> None:
    path = f"{TEAMS}?dry_run=true"
    for _ in range(2):
        answer = post(api, "a", path=path)
        assert (answer.status_code, "Idempotent-Replayed" in answer) == (201, False)
    assert IdempotencyRecord.objects.count() == 0


def test_tells_files_apart_by_what_is_in_them() -> None:
    from rest_framework.parsers import MultiPartParser
    from rest_framework.request import Request

    def hashed(content: bytes, name: str = "a.png") -> str:
        file = SimpleUploadedFile(name, content)
        request = APIRequestFactory().post("/x/", {"title": "t", "file": file}, format="multipart")
        return idempotency.fingerprint(Request(request, parsers=[MultiPartParser()]))

    assert hashed(b"one") == hashed(b"one")
    assert hashed(b"one") != hashed(b"two")


# With real threads: what one transaction sees of another


@pytest.fixture
def threads(transactional_db: None) -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool
        # Each thread has connections of its own, which outlive it.
        closed = [pool.submit(connections.close_all) for _ in range(40)]
        for each in closed:
            each.result()


ATTEMPT = Attempt("user:1", "teams-list", "key", "f" * 64)


def attempt(handler: Callable[[], Response], what: Attempt = ATTEMPT) -> Any:
    try:
        return idempotency.once(what, handler)
    finally:
        connections.close_all()


class Slow:
    """A handler that makes a team, says that it has begun, and ends when it is told."""

    def __init__(self, status: int = 201) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.runs = 0
        self.status = status

    def __call__(self) -> Response:
        self.runs += 1
        Team.objects.create(name=f"Made {self.runs}", slug=f"made-{self.runs}")
        self.begun.set()
        assert self.go_on.wait(20)
        return Response({"runs": self.runs}, status=self.status)


def waits(future: Future[Any]) -> bool:
    """Whether it is still waiting a moment later."""
    try:
        future.result(0.3)
    except TimeoutError:
        return True
    return False


def test_lets_a_twin_wait_for_the_answer(threads: ThreadPoolExecutor) -> None:
    slow = Slow()
    first = threads.submit(attempt, slow)
    assert slow.begun.wait(5)
    twin = threads.submit(attempt, slow)
    assert waits(twin)
    slow.go_on.set()
    assert first.result(10).status_code == 201
    answer = twin.result(10)
    assert (answer.status_code, answer.data, answer["Idempotent-Replayed"]) == (
        201,
        {"runs": 1},
        "true",
    )
    assert (slow.runs, Team.objects.count(), IdempotencyRecord.objects.count()) == (1, 1, 1)


def test_lets_the_twin_run_where_the_first_gives_up(threads: ThreadPoolExecutor) -> None:
    slow = Slow()

    def fails() -> Response:
        slow()
        raise Conflict

    first = threads.submit(attempt, fails)
    assert slow.begun.wait(5)
    twin = threads.submit(attempt, lambda: Response({"twin": True}))
    assert waits(twin)
    slow.go_on.set()
    with pytest.raises(Conflict):
        first.result(10)
    answer = twin.result(10)
    assert answer.data == {"twin": True}
    assert Team.objects.count() == 0


def test_tells_a_twin_after_a_while_that_the_first_still_runs(
    threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "PATIENCE", timedelta(seconds=0.5))
    slow = Slow()
    first = threads.submit(attempt, slow)
    assert slow.begun.wait(5)
    with pytest.raises(Conflict) as refusal:
        threads.submit(attempt, slow).result(10)
    assert (refusal.value.status, refusal.value.code) == (409, "idempotency_key_in_use")
    slow.go_on.set()
    assert first.result(10).status_code == 201
    assert attempt(slow)["Idempotent-Replayed"] == "true"
    assert slow.runs == 1


def test_refuses_a_waiting_twin_with_another_body(threads: ThreadPoolExecutor) -> None:
    slow = Slow()
    first = threads.submit(attempt, slow)
    assert slow.begun.wait(5)
    twin = threads.submit(attempt, slow, Attempt("user:1", "teams-list", "key", "e" * 64))
    assert waits(twin)
    slow.go_on.set()
    first.result(10)
    with pytest.raises(Refused):
        twin.result(10)


def test_has_the_effect_once_however_many_come_at_once(threads: ThreadPoolExecutor) -> None:
    barrier = threading.Barrier(8)
    runs: list[int] = []

    def handler() -> Response:
        runs.append(1)
        Team.objects.create(name="Once", slug="once")
        return Response({"made": True}, status=201)

    def together() -> Any:
        barrier.wait(10)
        try:
            return attempt(handler)
        except Problem as problem:
            return problem

    answers = [each.result(30) for each in [threads.submit(together) for _ in range(8)]]
    assert Team.objects.count() == len(runs) == 1
    assert sum("Idempotent-Replayed" in each for each in answers) == 7


def test_leaves_the_usual_patience_behind(threads: ThreadPoolExecutor) -> None:
    def patience() -> Any:
        with connection.cursor() as cursor:
            sqlite = connection.vendor == "sqlite"
            cursor.execute("PRAGMA busy_timeout" if sqlite else "SHOW lock_timeout")
            return cursor.fetchone()[0]

    before, within = patience(), []

    def handler() -> Response:
        within.append(patience())
        return Response({})

    idempotency.once(ATTEMPT, handler)
    idempotency.once(ATTEMPT, handler)
    assert [patience(), *within] == [before, before]


def test_runs_what_waits_for_the_commit_once(transactional_db: None) -> None:
    told: list[str] = []

    def handler() -> Response:
        transaction.on_commit(lambda: told.append("told"))
        return Response({})

    idempotency.once(ATTEMPT, handler)
    idempotency.once(ATTEMPT, handler)
    assert told == ["told"]
