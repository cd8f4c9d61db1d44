"""An independent receiver of webhooks: a process of its own that keeps its own journal.

Knows nothing of the product. Each request is one JSON line, written and flushed before it answers.
The file beside the journal with the suffix `.mode` says how it answers, a line for each path with
a mode of its own (`/hook/7 hang`), and one without a path for all others:

    ok                  200
    slow N              200, after N seconds
    hang                nothing, until whoever asks has gone
    status N            that status: 500, or 410 for good
    busy N              429, and Retry-After of N seconds
    redirect URL        302 to there
    reset               the connection is reset before anything was read, and nothing written down
    drop                what came is written down, then the connection is reset
    sometimes P MODE    that mode for a share P of the requests, ok for the others

    python receiver.py PORT_FILE JOURNAL
"""

import json
import os
import random
import socket
import struct
import sys
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT_FILE, JOURNAL = Path(sys.argv[1]), Path(sys.argv[2])
MODE = JOURNAL.with_suffix(".mode")
CLOCK = os.environ.get("CRISIS_CLOCK_FILE", "")


def moved() -> float:
    """Return by how many seconds a test has moved the clock of all its processes."""
    try:
        return float(Path(CLOCK).read_text(encoding="ascii") or 0)
    except (OSError, ValueError):
        return 0.0


def mode_of(path: str) -> list[str]:
    """Return how a path is answered now."""
    if not MODE.exists():
        return ["ok"]
    modes = {}
    for line in MODE.read_text(encoding="ascii").splitlines():
        words = line.split()
        named = words[0] if words[0].startswith("/") else ""
        modes[named] = words[1:] if named else words
    words = modes.get(path) or modes.get("") or ["ok"]
    if words[0] == "sometimes":
        return words[2:] if random.random() < float(words[1]) else ["ok"]
    return words


class Receiver(BaseHTTPRequestHandler):
    """Writes down what comes, then answers as it is told to."""

    def do_POST(self) -> None:
        words = mode_of(self.path)
        if words[0] == "reset":
            return self.reset()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        now = time.time()
        line = {
            "at": now,
            "clock": now + moved(),
            "mode": words[0],
            "path": self.path,
            "id": self.headers.get("webhook-id", ""),
            "signature": self.headers.get("webhook-signature", ""),
            "timestamp": self.headers.get("webhook-timestamp", ""),
            "body": body.decode("utf-8", "replace"),
        }
        with JOURNAL.open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(line) + "\n")
        if words[0] == "drop":
            return self.reset()
        if words[0] == "hang":
            self.connection.settimeout(120)
            self.connection.recv(1)
            return self.reset()
        if words[0] == "slow":
            time.sleep(float(words[1]))
        return self.answer(words)

    do_GET = do_POST  # a redirect that is followed is written down, too

    def answer(self, words: list[str]) -> None:
        """Answer with the mode's status and headers."""
        statuses = {"status": int(words[1]) if len(words) > 1 and words[1].isdigit() else 500}
        self.send_response({"busy": 429, "redirect": 302, **statuses}.get(words[0], 200))
        if words[0] == "busy":
            self.send_header("Retry-After", words[1])
        if words[0] == "redirect":
            self.send_header("Location", words[1])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def reset(self) -> None:
        """Break the connection off, as a machine that dies does."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()

    def finish(self) -> None:
        """Flush what there is to flush; a connection that was reset has nothing."""
        with suppress(OSError, ValueError):
            super().finish()

    def log_message(self, *args: object) -> None:
        """Say nothing; the journal is what counts."""


class Server(ThreadingHTTPServer):
    """Keeps a burst of callers waiting, where the standard five would turn some away."""

    request_queue_size = 128

    def handle_error(self, *args: object) -> None:
        """A caller that went away is no news."""


server = Server(("127.0.0.1", 0), Receiver)
PORT_FILE.write_text(str(server.server_address[1]), encoding="ascii")
server.serve_forever()
