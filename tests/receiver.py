"""An independent receiver of webhooks: a process of its own that keeps its own journal.

Knows nothing of the product. Each request is one JSON line, written and flushed before it answers.
The file beside the journal with the suffix `.mode` says how it answers: `ok`, `slow N`, `status N`.

    python receiver.py PORT_FILE JOURNAL
"""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT_FILE, JOURNAL = Path(sys.argv[1]), Path(sys.argv[2])
MODE = JOURNAL.with_suffix(".mode")


class Receiver(BaseHTTPRequestHandler):
    """Writes down what comes, then answers as it is told to."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        line = {
            "at": time.time(),
            "path": self.path,
            "id": self.headers.get("webhook-id", ""),
            "signature": self.headers.get("webhook-signature", ""),
            "timestamp": self.headers.get("webhook-timestamp", ""),
            "body": body.decode("utf-8", "replace"),
        }
        with JOURNAL.open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(line) + "\n")
        words = MODE.read_text(encoding="ascii").split() if MODE.exists() else ["ok"]
        if words[0] == "slow":
            time.sleep(float(words[1]))
        self.send_response(int(words[1]) if words[0] == "status" else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing; the journal is what counts."""


class Server(ThreadingHTTPServer):
    """Keeps a burst of callers waiting, where the standard five would turn some away."""

    request_queue_size = 128


server = Server(("127.0.0.1", 0), Receiver)
PORT_FILE.write_text(str(server.server_address[1]), encoding="ascii")
server.serve_forever()
