"""Webhooks on their way: signed, repeated, mixed up, late, or never, as the modes say."""

import hashlib
import heapq
import hmac
import http.client
import secrets
import ssl
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.fake_tiktok.world import World

GIVES_UP_AFTER = 72 * 3600.0
_LONGEST_WAIT = 3600.0
_HELD_AT_MOST = 2.0


def sign(secret: str, t: int, body: bytes) -> str:
    """Return the value of `TikTok-Signature`."""
    digest = hmac.new(secret.encode(), f"{t}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={t},s={digest}"


@dataclass
class Delivery:
    """One webhook and every attempt to hand it over."""

    number: int
    url: str
    secret: str
    event: str
    body: bytes
    made_at: float
    due: float
    state: str = "pending"
    signed_at: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    attempts: list[dict[str, Any]] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """Return it as the control API shows it."""
        return {
            "id": self.number,
            "url": self.url,
            "event": self.event,
            "payload": self.body.decode("utf-8", "replace"),
            "headers": self.headers,
            "state": self.state,
            "due": self.due,
            "attempts": self.attempts,
        }


class Deliveries:
    """The queue, and the threads that empty it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._wake = threading.Condition()
        self._sending = 0
        self._due: list[tuple[float, int, Delivery]] = []
        self._held: list[Delivery] = []
        self._mine = threading.local()
        self._threads: list[threading.Thread] = []
        self._numbers = 0
        self.all: deque[Delivery] = deque(maxlen=50_000)
        self.counts: dict[str, int] = {}

    def reset(self) -> None:
        """Forget every webhook."""
        with self._wake:
            self._due.clear()
            self._held.clear()
            self.all.clear()
            self.counts.clear()
            self._numbers = 0

    def add(self, url: str, secret: str, event: str, body: bytes) -> None:
        """Put a webhook on its way."""
        modes, now = self._world.modes, self._world.now()
        if self._world.random.random() * 100 < modes.drop_percent:
            self._count("lost")
            return
        with self._wake:
            for _ in range(1 + modes.duplicate):
                self._numbers += 1
                due = now + modes.delay_s
                delivery = Delivery(self._numbers, url, secret, event, body, now, due)
                self.all.append(delivery)
                if modes.reorder:
                    self._held.append(delivery)
                else:
                    heapq.heappush(self._due, (due, delivery.number, delivery))
            self._start_threads(modes.senders)
            if len(self._held) >= modes.reorder_window:
                self._let_go()
            self._wake.notify_all()

    def again(self, number: int) -> bool:
        """Send one once more, whatever became of it."""
        with self._wake:
            for delivery in self.all:
                if delivery.number == number:
                    delivery.state, delivery.due = "pending", self._world.now()
                    heapq.heappush(self._due, (delivery.due, delivery.number, delivery))
                    self._start_threads(1)
                    self._wake.notify_all()
                    return True
        return False

    def tick(self) -> None:
        """Let go of what was held back to be mixed up, and look at the clock again."""
        with self._wake:
            held = self._held
            stale = held and self._world.now() - held[0].made_at > _HELD_AT_MOST
            if held and (stale or not self._world.modes.reorder):
                self._let_go()
            self._wake.notify_all()

    def waiting(self) -> int:
        """Return how many are on their way."""
        with self._wake:
            return len(self._due) + len(self._held)

    def _let_go(self) -> None:
        held, self._held = self._held, []
        if self._world.modes.reorder == "shuffle":
            self._world.random.shuffle(held)
        else:
            held.reverse()
        first = max(delivery.due for delivery in held)
        for place, delivery in enumerate(held):
            delivery.due = first + place / 1_000_000
            heapq.heappush(self._due, (delivery.due, delivery.number, delivery))

    def _start_threads(self, wanted: int) -> None:
        while len(self._threads) < wanted:
            thread = threading.Thread(target=self._work, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _next(self) -> Delivery:
        with self._wake:
            while True:
                now, modes = self._world.now(), self._world.modes
                # Mixed up as intended, not once more by threads that overtake each other.
                alone = not (modes.reorder and self._sending)
                if self._due and self._due[0][0] <= now and alone and not modes.paused:
                    self._sending += 1
                    return heapq.heappop(self._due)[2]
                # Whoever moves the clock wakes us; otherwise it is time that passes.
                self._wake.wait(0.05 if self._due else None)

    def _work(self) -> None:
        while True:
            delivery = self._next()
            try:
                self._send(delivery)
            finally:
                with self._wake:
                    self._sending -= 1
                    self._wake.notify_all()

    def _send(self, delivery: Delivery) -> None:
        modes, now = self._world.modes, self._world.now()
        if not delivery.signed_at or modes.resign_retries:
            delivery.signed_at = int(now)
        signature = sign(delivery.secret, int(delivery.signed_at - modes.stale_s), delivery.body)
        if modes.bad_signature:
            signature = signature[:-4] + ("0000" if signature[-4:] != "0000" else "1111")
        delivery.headers = {
            "Content-Type": "application/json",
            "TikTok-Signature": signature,
            "webhook-schema-version": "1.0",
            "x-tt-logid": secrets.token_hex(16).upper(),
        }
        status, error = self._post(delivery, modes.delivery_timeout_s)
        delivery.attempts.append({"at": now, "status": status, "error": error})
        if status == 200:
            self._ended(delivery, "delivered")
        elif now - delivery.made_at > GIVES_UP_AFTER:
            self._ended(delivery, "dropped")
        else:
            tries = len(delivery.attempts) - 1
            wait = min(modes.retry_base_s * 2 ** min(tries, 20), _LONGEST_WAIT)
            with self._wake:
                delivery.due = now + wait
                heapq.heappush(self._due, (delivery.due, delivery.number, delivery))
                self._wake.notify_all()

    def _ended(self, delivery: Delivery, state: str) -> None:
        delivery.state = state
        self._count(state)

    def _count(self, state: str) -> None:
        with self._wake:
            self.counts[state] = self.counts.get(state, 0) + 1

    def _post(self, delivery: Delivery, timeout: float) -> tuple[int, str]:
        address = urlsplit(delivery.url)
        path = address.path + (f"?{address.query}" if address.query else "")
        # A kept connection may have been closed meanwhile, which one more attempt finds out.
        for fresh in (False, True):
            connection = self._connection(address.scheme, address.netloc, timeout, fresh=fresh)
            kept = connection.sock is not None
            began = time.monotonic()
            try:
                connection.request("POST", path or "/", delivery.body, delivery.headers)
                answer = connection.getresponse()
                answer.read()
                return answer.status, ""
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                if not kept or time.monotonic() - began > 1:
                    return 0, type(error).__name__
        return 0, "not sent"

    def _connection(
        self, scheme: str, netloc: str, timeout: float, *, fresh: bool
    ) -> http.client.HTTPConnection:
        known: dict[str, http.client.HTTPConnection] = self._mine.__dict__.setdefault("known", {})
        if fresh or netloc not in known:
            if scheme == "https":
                context = ssl.create_default_context()
                known[netloc] = http.client.HTTPSConnection(netloc, context=context)
            else:
                known[netloc] = http.client.HTTPConnection(netloc)
        connection = known[netloc]
        connection.timeout = timeout
        if connection.sock is not None:
            connection.sock.settimeout(timeout)
        return connection
