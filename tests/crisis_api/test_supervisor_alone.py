"""One run at a time on a data folder, and a clear word where a port is taken."""

import socket

import pytest

from crisis_api.supervisor.alone import OneRun, Taken, require_free


def test_refuses_a_second_run_on_the_same_data(tmp_path):
    first = OneRun(tmp_path)

    with pytest.raises(Taken, match=r"Already running here \(process \d+\)"):
        OneRun(tmp_path)
    first.end()


def test_allows_the_next_run_after_one_that_ended(tmp_path):
    OneRun(tmp_path).end()
    second = OneRun(tmp_path)

    assert not second.was_killed
    second.end()


def test_knows_that_the_last_run_was_killed(tmp_path):
    (tmp_path / "run.lock").write_text("4711")

    run = OneRun(tmp_path)

    assert run.was_killed
    run.end()


def test_says_that_a_port_is_in_use():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        with pytest.raises(Taken, match=f"Port {port} is in use"):
            require_free("127.0.0.1", port)


def test_takes_a_free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    require_free("127.0.0.1", port)


@pytest.mark.parametrize("port", [0, -1, 65_536])
def test_says_what_a_port_can_be(port):
    with pytest.raises(Taken, match="between 1 and 65535"):
        require_free("127.0.0.1", port)


def test_says_that_an_address_is_not_this_machines():
    with pytest.raises(Taken, match=r"no address 192\.0\.2\.1"):
        require_free("192.0.2.1", 8000)
