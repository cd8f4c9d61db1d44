"""Mail servers for tests: one that takes mail, and some that behave badly."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Behaviour = Callable[[socket.socket], None]


@contextmanager
def listening(behaviour: Behaviour) -> Iterator[int]:
    """Run a server on a port of this machine that treats each connection so."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _peer = server.accept()
                threading.Thread(target=_treat, args=(behaviour, connection), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield server.getsockname()[1]
    finally:
        # Closing alone would leave the port open for as long as the thread waits in accept().
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def _treat(behaviour: Behaviour, connection: socket.socket) -> None:
    with connection, suppress(OSError):
        behaviour(connection)


def mail_server(mails: list[str], *, recipient: str = "250 ok") -> Behaviour:
    """Speak as much SMTP as one mail needs; `recipient` is the answer to RCPT."""

    def behave(connection: socket.socket) -> None:
        file = connection.makefile("rwb", buffering=0)
        file.write(b"220 test\r\n")
        for line in file:
            verb = line[:4].upper()
            if verb == b"DATA":
                file.write(b"354 go on\r\n")
                mails.append(_mail(file))
                file.write(b"250 kept\r\n")
            elif verb == b"RCPT":
                file.write(f"{recipient}\r\n".encode())
            elif verb == b"QUIT":
                file.write(b"221 bye\r\n")
                return
            else:
                file.write(b"250 ok\r\n")

    return behave


def _mail(file: Iterator[bytes]) -> str:
    lines = []
    for line in file:
        if line == b".\r\n":
            break
        lines.append(line.decode())
    return "".join(lines)


def drip(stop: threading.Event) -> Behaviour:
    """Send a banner that never ends, a byte at a time, so that no single wait is ever long."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(b"220-")
        while not stop.wait(0.05):
            connection.sendall(b"x")

    return behave


def silence(stop: threading.Event) -> Behaviour:
    """Take the connection and say nothing."""
    return lambda _connection: (stop.wait(30), None)[1]
