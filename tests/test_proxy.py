"""The proxy that stands before Redis and PostgreSQL in the fault tests."""

import socket
import threading

import pytest

from tests.proxy import Proxy

PATIENCE = 0.3


@pytest.fixture
def echo():
    server = socket.create_server(("127.0.0.1", 0))

    def answer(connection):
        with connection:
            while data := connection.recv(100):
                connection.sendall(data)

    def serve():
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()
    server.close()


@pytest.fixture
def proxy(echo):
    proxy = Proxy(*echo)
    yield proxy
    proxy.stop()


def calls(proxy):
    caller = socket.create_connection(("127.0.0.1", proxy.port), timeout=10)
    caller.sendall(b"hello")
    return caller


def answered(caller):
    caller.settimeout(10)
    return caller.recv(100)


def is_refused(proxy):
    try:
        with calls(proxy) as caller:
            return answered(caller) == b""
    except OSError:
        return True


def test_passes_on_what_comes(proxy):
    with calls(proxy) as caller:
        assert answered(caller) == b"hello"


def test_breaks_off_what_stands_and_takes_nothing_when_it_is_cut(proxy):
    with calls(proxy) as caller:
        assert answered(caller) == b"hello"
        proxy.set("cut")
        assert answered(caller) == b""
    assert is_refused(proxy)
    proxy.set("open")
    with calls(proxy) as caller:
        assert answered(caller) == b"hello"


def test_holds_what_it_was_given_while_it_is_frozen(proxy):
    with calls(proxy) as caller:
        assert answered(caller) == b"hello"
        proxy.set("frozen")
        caller.sendall(b"again")
        caller.settimeout(PATIENCE)
        with pytest.raises(TimeoutError):
            caller.recv(100)
        proxy.set("open")
        assert answered(caller) == b"again"


def test_takes_no_more_when_it_is_full_and_keeps_what_stands(proxy):
    with calls(proxy) as caller:
        assert answered(caller) == b"hello"
        proxy.set("full")
        assert is_refused(proxy)
        caller.sendall(b"again")
        assert answered(caller) == b"again"
