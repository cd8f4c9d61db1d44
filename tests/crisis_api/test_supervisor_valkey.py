"""The embedded Valkey: private, durable, and never the one that throws the queue away."""

import pytest
import redis

from crisis_api.settings import kept
from crisis_api.supervisor import valkey
from tests.processes import Process


@pytest.fixture
def listen(tmp_path):
    path = kept.socket_path(tmp_path)
    yield path
    path.unlink(missing_ok=True)
    if path.parent.is_dir():
        path.parent.rmdir()


@pytest.fixture
def start(tmp_path, listen):
    started = []

    def begin():
        # A name that a configuration file would choke on.
        data = tmp_path / "Данные [x] y"
        valkey.prepare(listen, data)
        started.append(Process(valkey.program(listen, data), tmp_path / "log").start())
        assert valkey.wait_until_ready(listen), started[-1].output()
        return started[-1], redis.Redis(unix_socket_path=str(listen), decode_responses=True)

    yield begin
    for each in started:
        each.stop()


def test_keeps_what_was_queued_over_a_restart(start):
    process, client = start()
    client.rpush("queue", "hint")
    process.stop()

    _, client = start()

    assert client.lrange("queue", 0, -1) == ["hint"]


def test_refuses_to_write_rather_than_throw_the_queue_away(start):
    _, client = start()

    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_is_reached_through_its_socket_only_by_its_user(start, listen):
    _, client = start()

    assert client.config_get("port") == {"port": "0"}
    assert listen.parent.stat().st_mode & 0o077 == 0
    assert listen.stat().st_mode & 0o077 == 0


def test_comes_up_although_a_killed_one_left_its_socket(start):
    process, _ = start()
    process.kill()

    _, client = start()

    assert client.ping()


def test_refuses_a_folder_that_somebody_else_put_there(tmp_path, listen):
    listen.parent.symlink_to(tmp_path)

    with pytest.raises(valkey.UnsafeFolder, match="not a folder of yours"):
        valkey.prepare(listen, tmp_path / "data")
    listen.parent.unlink()


def test_finds_a_short_path_for_its_socket_whatever_the_folder_and_tmpdir(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / ("long" * 30)))

    assert len(str(kept.socket_path(tmp_path / ("к" * 120)))) < 100
