"""The HTTP server: finds the endpoint, does what goes wrong, and writes down who called."""

import json
import secrets
import socket
import struct
import threading
import time
from contextlib import suppress
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.fake_tiktok import comments, hooks, mentions, messages, oauth, v2, videos
from tests.fake_tiktok.calls import ENDPOINTS, PREFIX, Call, authorise
from tests.fake_tiktok.control import Control
from tests.fake_tiktok.deliveries import Deliveries
from tests.fake_tiktok.errors import ApiError
from tests.fake_tiktok.events import Events
from tests.fake_tiktok.faults import Fault, Faults
from tests.fake_tiktok.limits import Limits
from tests.fake_tiktok.world import World

# Entering the table of endpoints is what these are imported for.
FAMILIES = (comments, hooks, mentions, messages, oauth, videos)

_SECRET = ("access_token", "refresh_token", "auth_code", "secret", "client_secret", "code")
_TICK = 0.02


class Fake:
    """All parts of it together, without the HTTP."""

    def __init__(self) -> None:
        self.world = World()
        self.deliveries = Deliveries(self.world)
        self.events = Events(self.world, self.deliveries)
        self.faults = Faults()
        self.limits = Limits()
        self.control = Control(self.world, self.deliveries, self.events, self.faults, self.limits)

    def run_clock(self) -> None:
        """Let time pass, in a thread of its own."""

        def tick() -> None:
            while True:
                with self.world.lock:
                    self.control.tick()
                time.sleep(_TICK)

        threading.Thread(target=tick, daemon=True).start()

    def call(
        self,
        method: str,
        path: str,
        values: dict[str, Any] | None,
        token: str,
        files: dict[str, tuple[str, bytes]],
    ) -> tuple[int, dict[str, Any]]:
        """Carry out a call and return its code and data; ApiError where it is refused."""
        endpoint = ENDPOINTS.get(path)
        if endpoint is None:
            raise ApiError(40008)
        world = self.world
        with world.lock:
            call = Call(world, self.events, self.limits, path, values or {}, world.now())
            call.broken, call.files = values is None, files
            if endpoint.needs_token:
                authorise(call, endpoint, token)
                self.limits.check(
                    world.modes, call.now, call.app.app_id, call.account.open_id, path
                )
            return 0, endpoint.handler(call)


class Handler(BaseHTTPRequestHandler):
    """Speaks HTTP for the fake."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    fake: Fake

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    do_PUT = do_DELETE = do_PATCH = lambda self: self._serve(self.command)

    def _serve(self, method: str) -> None:
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        if address.path.startswith("/_fake/"):
            self._control(method, address.path.removeprefix("/_fake/"), query, body)
        elif address.path.rstrip("/") == "/v2/auth/authorize":
            self._authorize(query)
        elif address.path.startswith("/v2/") and method == "POST":
            self._v2(address.path, body)
        elif address.path.startswith(PREFIX):
            self._api(method, address.path, query, body)
        else:
            self._send(404, b"404 page not found", "text/plain")

    def _control(self, method: str, path: str, query: dict[str, str], body: bytes) -> None:
        try:
            values = json.loads(body) if body else query
            with self.fake.world.lock:
                told = self.fake.control.answer(method, path, values)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            told = {"error": f"{type(error).__name__}: {error}"}
            return self._send(400, json.dumps(told).encode(), "application/json")
        if told is None:
            return self._send(404, b"404 page not found", "text/plain")
        return self._send(200, json.dumps(told).encode(), "application/json")

    def _authorize(self, query: dict[str, str]) -> None:
        try:
            with self.fake.world.lock:
                location, page = oauth.authorize(self.fake.world, query)
        except oauth.BadRequest as error:
            return self._send(400, str(error).encode(), "text/plain")
        if page:
            return self._send(200, page.encode(), "text/html; charset=utf-8")
        return self._send(302, b"", "text/plain", {"Location": location})

    def _v2(self, path: str, body: bytes) -> None:
        form = self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
        try:
            values = dict(parse_qsl(body.decode())) if form else json.loads(body or b"{}")
        except ValueError:
            values = {}
        bearer = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        fake, log_id = self.fake, secrets.token_hex(16).upper()
        with fake.world.lock:
            found = v2.answer(fake.world, fake.limits, path, values, bearer, log_id)
        if found is None:
            return self._send(404, b"404 page not found", "text/plain")
        status, told = found
        return self._send(status, json.dumps(told).encode(), "application/json")

    def _api(self, method: str, path: str, query: dict[str, str], body: bytes) -> None:
        if not path.endswith("/"):
            return self._send(404, b"404 page not found", "text/plain")
        name = path.removeprefix(PREFIX)
        endpoint = ENDPOINTS.get(name)
        if endpoint is not None and endpoint.method != method:
            return self._send(405, b"405 method not allowed", "text/plain")
        values, files = self._parameters(method, query, body)
        with self.fake.world.lock:
            fault = self.fake.faults.take(name)
        if latency := self.fake.world.modes.latency_s:
            time.sleep(latency)
        told: dict[str, Any] = {}
        code, message = 0, "OK"
        try:
            if fault is not None and fault.kind in ("http", "hang", "drop"):
                self._note(method, name, values, fault.kind, 0)
            if fault is not None and self._fails_before(fault):
                return None
            code, told = self.fake.call(
                method, name, values, self.headers.get("Access-Token") or "", files
            )
        except ApiError as error:
            code, message = error.code, error.message
        self._note(method, name, values, fault.kind if fault else "", code)
        if fault is not None and self._fails_after(fault):
            return None
        return self._envelope(code, message, told)

    def _fails_before(self, fault: Fault) -> bool:
        if fault.kind == "code":
            raise ApiError(int(fault.value), fault.message)
        if fault.kind == "http":
            self._send(int(fault.value), b"upstream error", "text/plain")
            return True
        if fault.kind == "latency":
            time.sleep(fault.value)
        if fault.kind in ("hang", "drop"):
            self._go_silent(fault.value if fault.kind == "hang" else 0.0)
            return True
        return False

    def _fails_after(self, fault: Fault) -> bool:
        if fault.kind == "garbage":
            self._send(200, b"<html>Bad gateway</html>", "text/html")
            return True
        if fault.kind in ("drop_after_write", "hang_after_write"):
            self._go_silent(fault.value if fault.kind == "hang_after_write" else 0.0)
            return True
        return False

    def _go_silent(self, seconds: float) -> None:
        if seconds:
            # Until then, or until whoever asked has gone.
            self.connection.settimeout(seconds)
            with suppress(OSError):
                self.connection.recv(1)
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()

    def _parameters(
        self, method: str, query: dict[str, str], body: bytes
    ) -> tuple[dict[str, Any] | None, dict[str, tuple[str, bytes]]]:
        if method == "GET":
            return dict(query), {}
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("multipart/form-data"):
            return _multipart(kind, body)
        try:
            values = json.loads(body)
        except ValueError:
            return None, {}
        return (values if isinstance(values, dict) else None), {}

    def _envelope(self, code: int, message: str, data: dict[str, Any]) -> None:
        at = time.gmtime(self.fake.world.now())
        request_id = time.strftime("%Y%m%d%H%M%S", at) + secrets.token_hex(9).upper()
        told = {"code": code, "message": message, "request_id": request_id, "data": data}
        body = json.dumps(told, ensure_ascii=False).encode()
        headers = {"X-TT-LOGID": request_id, "x-tt-trace-id": secrets.token_hex(16)}
        self._send(200, body, "application/json", headers)

    def _note(
        self, method: str, path: str, values: dict[str, Any] | None, fault: str, code: int
    ) -> None:
        kept = {
            key: f"{str(value)[:4]}…" if key in _SECRET else value
            for key, value in (values or {}).items()
        }
        token = self.headers.get("Access-Token") or ""
        self.fake.world.journal.append(
            {
                "at": self.fake.world.now(),
                "method": method,
                "path": path,
                "parameters": kept,
                "token": f"{token[:8]}…" if token else "",
                "fault": fault,
                "code": code,
            }
        )

    def _send(
        self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def finish(self) -> None:
        """Flush what there is to flush; a connection that was reset has nothing."""
        with suppress(OSError, ValueError):
            super().finish()

    def log_message(self, *args: object) -> None:
        """Say nothing; the journal is what counts."""


def _multipart(kind: str, body: bytes) -> tuple[dict[str, Any], dict[str, tuple[str, bytes]]]:
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    values: dict[str, Any] = {}
    files: dict[str, tuple[str, bytes]] = {}
    for part in message.iter_parts():
        name = str(part.get_param("name", header="content-disposition") or "")
        content = part.get_payload(decode=True) or b""
        if file_name := part.get_filename():
            files[name] = (file_name, bytes(content))
        else:
            values[name] = bytes(content).decode("utf-8", "replace")
    return values, files


class Server(ThreadingHTTPServer):
    """Keeps a burst of callers waiting, where the standard five would turn some away."""

    request_queue_size = 128
    daemon_threads = True

    def handle_error(self, *args: object) -> None:
        """A caller that went away is no news."""


def serve(host: str, port: int) -> Server:
    """Return a server that listens, with its clock running."""
    fake = Fake()
    fake.run_clock()
    handler = type("Handler", (Handler,), {"fake": fake})
    return Server((host, port), handler)
