"""A TCP proxy that stands before Redis or PostgreSQL and can be cut, frozen or slowed down."""

import socket
import threading
import time
from contextlib import suppress


class Proxy:
    """Passes on what comes, as its mode says; a thread for each direction of each connection.

    `open`    everything is passed on
    `cut`     every connection is broken off, and none is taken
    `frozen`  connections stand and are taken, and nothing is passed on
    `full`    those that stand go on, and none is taken
    """

    def __init__(self, host: str, port: int = 0) -> None:
        # Without a port it is the path of a socket, as that of the embedded Valkey.
        self.host, self.target_port = host, port
        self.mode = "open"
        self.lag = 0.0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = int(self._listener.getsockname()[1])
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._thaw = threading.Event()
        self._thaw.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def set(self, mode: str, *, lag: float = 0.0) -> None:
        """Go over to another mode; `lag` is in seconds, each way."""
        self.mode, self.lag = mode, lag
        (self._thaw.clear if mode == "frozen" else self._thaw.set)()
        if mode == "cut":
            self._break_off()

    def stop(self) -> None:
        """Take nothing more, and break everything off."""
        self.set("cut")
        self._listener.close()

    def _break_off(self) -> None:
        pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for side in pair:
                with suppress(OSError):
                    side.shutdown(socket.SHUT_RDWR)
                side.close()

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            if self.mode in ("cut", "full"):
                caller.close()
                continue
            try:
                target = self._connect()
            except OSError:
                caller.close()
                continue
            self._pairs.append((caller, target))
            for source, sink in ((caller, target), (target, caller)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _connect(self) -> socket.socket:
        if self.target_port:
            target = socket.create_connection((self.host, self.target_port), timeout=5)
        else:
            target = socket.socket(socket.AF_UNIX)
            target.connect(self.host)
        target.settimeout(None)
        return target

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._thaw.wait()
                if self.lag:
                    time.sleep(self.lag)
                sink.sendall(data)
        for side in (source, sink):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
            side.close()
