import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from crisis_api.lib.drf import throttles
from crisis_api.lib.drf.throttles import Rate, take
from tests.factories.access import a_key, a_team, an_api
from tests.processes import Broker


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(throttles, "_shared", throttles._SharedCounters())
    monkeypatch.setattr(throttles, "_local", throttles._LocalCounters())
    settings.THROTTLE_RATES = {"api": Rate(3, timedelta(minutes=1))}


@pytest.fixture
def nowhere(settings: Any, tmp_path: Any) -> None:
    """A Redis that is not there."""
    settings.REDIS_URL = f"unix://{tmp_path}/nothing?db=0"


@pytest.mark.usefixtures("nowhere")
def test_counts_by_itself_without_redis(clock: Any) -> None:
    clock.set(clock.now().replace(second=10, microsecond=0))
    found = [take("api", "me") for _ in range(4)]
    assert [each.allowed for each in found] == [True, True, True, False]
    assert found[0].headers() == {
        "RateLimit-Limit": "3",
        "RateLimit-Remaining": "2",
        "RateLimit-Reset": "50",
    }
    assert found[3].headers()["RateLimit-Remaining"] == "0"
    assert take("api", "another").allowed
    assert take("intake", "me").limit > 3
    clock.move(seconds=50)
    assert take("api", "me").allowed


@pytest.mark.usefixtures("nowhere")
def test_remembers_a_bounded_number_of_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttles, "_MOST_LOCAL_KEYS", 10)
    for number in range(50):
        take("api", str(number))
    assert len(throttles._local._counts) == 10


def test_counts_once_for_all_processes(broker: Broker, clock: Any) -> None:
    clock.set(clock.now().replace(second=10, microsecond=0))
    take("api", "me")
    child = os.fork()
    if child == 0:
        os._exit(take("api", "me").used)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 2
    assert take("api", "me").used == 3
    (key,) = broker.client().scan_iter("*rate:api:me*")
    assert 0 < broker.client().pttl(key) <= 60_000


def test_loses_no_count_of_parallel_requests(broker: Broker, clock: Any) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: take("api", "me").used, range(200)))
    assert sorted(found) == list(range(1, 201))


@pytest.fixture
def frozen(settings: Any) -> Iterator[list[int]]:
    """A Redis that takes connections and never answers; the list counts them."""
    taken: list[int] = []
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(100)
        settings.REDIS_URL = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        kept: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    kept.append(listener.accept()[0])
                except OSError:
                    return
                taken.append(1)

        threading.Thread(target=accept, daemon=True).start()
        yield taken
        listener.shutdown(socket.SHUT_RDWR)
    for each in kept:
        each.close()


def test_asks_a_frozen_redis_once_in_ten_seconds(
    frozen: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert take("api", "me").used == 1
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: take("api", "me").used, range(500)))
    assert sorted(found) == list(range(2, 502))
    assert len(frozen) == 1
    # Ten seconds later one request tries, while the others don't wait with it.
    throttles._shared._closed_at = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: take("api", "me"), range(100)))
    assert len(frozen) == 2


def test_comes_back_when_redis_does(
    broker: Broker, settings: Any, tmp_path: Any, clock: Any
) -> None:
    well = settings.REDIS_URL
    settings.REDIS_URL = f"unix://{tmp_path}/nothing?db=0"
    take("api", "me")
    settings.REDIS_URL = well
    assert take("api", "me").used == 2  # not asked yet
    throttles._shared._closed_at = time.monotonic()
    assert take("api", "me").used == 1
    assert not throttles._shared._failing


@pytest.mark.django_db
@pytest.mark.usefixtures("nowhere")
@pytest.mark.urls("tests.crisis_api.lib.drf.sample")
def test_refuses_with_429_and_says_when_to_come_back(clock: Any) -> None:
    clock.set(clock.now().replace(second=10, microsecond=0))
    api = an_api(a_key(a_team()))
    answers = [api.get("/api/v1/teams/") for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    refused = answers[3]
    assert refused.json()["code"] == "throttled"
    assert (refused["Retry-After"], refused["RateLimit-Remaining"]) == ("50", "0")
    assert answers[0]["RateLimit-Remaining"] == "2"
    assert an_api(a_key(a_team())).get("/api/v1/teams/").status_code == 200
