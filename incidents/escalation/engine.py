"""The clock of the system: ticks every second or sooner, needs no broker, any number of copies.

A tick fires the reminders that are due, hands every row of any kind that nobody has claimed to a
few threads of its own (urgent ones after 2 seconds, others after 5, and without delay where the
broker is away), and writes the heartbeat. Celery gives throughput; this gives the guarantee, and
the auditor beside it looks whether that was kept.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import DatabaseError, close_old_connections, connection
from django.db.models import Min

from crisis_api import __version__
from crisis_api.lib import clock, lease, nudge
from incidents import metrics
from incidents.escalation import decide, deliver, outbox
from incidents.escalation.auditor.watch import Watch
from incidents.models import EngineHeartbeat, Reminder

log = logging.getLogger("crisis.engine")

TICK = timedelta(seconds=1)
SHORTEST_SLEEP = timedelta(milliseconds=20)
# What is due and could not be taken, because somebody holds it, must not make the engine spin.
SLEEP_BEHIND = timedelta(milliseconds=250)
# Whoever opens an incident wakes no engine: it sees within this time that its first step is due.
LOOK_EVERY = timedelta(milliseconds=150)
# Within a storm of due reminders the senders and the sweeps get their turn, too.
TURN_EVERY = timedelta(milliseconds=500)
URGENT_GRACE = timedelta(seconds=2)
GRACE = timedelta(seconds=5)
# Threads of each lane. Senders mostly wait for receivers; critical messages have their own, and so
# have contact points that failed last, so that nobody waits behind a receiver that hangs.
LANES = {
    "critical": 8,
    "critical_troubled": 4,
    "normal": 8,
    "normal_troubled": 2,
    "sweep": 2,
    "urgent_sweep": 2,
}
LONGEST_SEND = timedelta(seconds=20)
OWN_SHARE = 50  # messages a thread, that an engine keeps for itself; the rest is hinted again
HINT_AGAIN_AFTER = timedelta(seconds=5)
HINTED_AGAIN = 2_000
FORGET_ENGINES_AFTER = timedelta(days=1)

Work = Callable[[int], int]


@dataclass(slots=True)
class Sweep:
    """Due rows of one kind: `work(limit)` does some of them and returns how many."""

    name: str
    work: Work
    every: timedelta
    urgent: bool


_sweeps: dict[str, Sweep] = {}


def register_sweep(name: str, work: Work, *, every: timedelta, urgent: bool = False) -> None:
    """Have the engine work due rows of one kind; called once, at start."""
    _sweeps[name] = Sweep(name, work, every, urgent)


def sweep_all(limit: int = 100) -> int:
    """Run every registered sweep once, here and now: for `engine --once` and tests."""
    return sum(sweep.work(limit) for sweep in _sweeps.values())


def run_once() -> int:
    """Do all that is due, whoever may have been hinted at it; return how much there was."""
    done = decide.fire_all_due()
    done += deliver.fall_back()
    for pk in deliver.waiting(clock.decisive_now(), limit=500):
        done += deliver.deliver_one(pk)
    return done + sweep_all()


@dataclass(slots=True)
class Engine:
    """One engine process. `run` ticks until it is told to stop."""

    name: str = field(default_factory=lease.owner_name)
    started_at: datetime = field(default_factory=clock.now)
    ticks: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)
    # What ends the process where a tick hangs; without it that is only told of.
    end: Callable[[], None] | None = None
    _ticked: float = field(default_factory=time.monotonic)
    _turned: float = field(default_factory=time.monotonic)
    _inside: bool = False
    _busy: set[object] = field(default_factory=set)
    _swept: dict[str, float] = field(default_factory=dict)
    _hinted_at: datetime | None = None
    _lanes: dict[str, ThreadPoolExecutor] = field(default_factory=dict)

    def run(self) -> None:
        """Tick until stopped, then wait for what is being sent."""
        self.open_lanes()
        Watch(self.name, self.beats, self.stopping, end=self.end).start()
        while not self.stopping.is_set():
            began, taken = time.monotonic(), 0
            self._inside = True
            try:
                taken = self.tick()
            except DatabaseError:
                # Away or busy: the next tick tries again, with a new connection.
                log.warning("tick failed", exc_info=True)
                connection.close()
            except Exception:
                # A fault of ours in one part must not stop the clock; the auditor calls a person.
                log.exception("tick failed")
                connection.close()
            self._inside = False
            self._rest(self._sleep(began, taken))
        self.close_lanes()
        EngineHeartbeat.objects.filter(pk=self.name).delete()

    def beats(self) -> tuple[float, bool]:
        """Return when a tick last came to its end, on the monotonic clock, and whether one runs."""
        return self._ticked, self._inside

    def open_lanes(self) -> None:
        """Start the threads that send and sweep."""
        for name, threads in LANES.items():
            self._lanes[name] = ThreadPoolExecutor(threads, name)

    def close_lanes(self) -> None:
        """Wait for what is being done; what has not begun is left to others."""
        self.stopping.set()
        for name, lane in self._lanes.items():
            together = threading.Barrier(LANES[name])
            for _ in range(LANES[name]):
                lane.submit(_leave, together)
        for lane in self._lanes.values():
            lane.shutdown(wait=True)

    def tick(self) -> int:
        """Do one round of all that the engine does; return how many reminders it took."""
        close_old_connections()
        began = time.monotonic()
        parts = (self._fire, deliver.fall_back, self._hand_out, self._sweep)
        taken, *others = [self._done(part) for part in parts]
        # Only what came to its end is a tick: one that fails each time must look silent.
        if None not in (taken, *others):
            self._beat()
        metrics.TICK_SECONDS.observe(time.monotonic() - began)
        return taken or 0

    def _done(self, part: Callable[[], int | None]) -> int | None:
        """Do one part of a tick; None where it failed, which keeps no other from being done."""
        try:
            return part() or 0
        except DatabaseError:
            raise
        except Exception:
            log.exception("a part of the tick failed")
            return None

    def _fire(self) -> int:
        self._turned = time.monotonic()
        return decide.fire_all_due(self._meanwhile)

    def _meanwhile(self) -> None:
        """A tick that has much to do is no silence, and what it wrote does not wait for its end."""
        if time.monotonic() - self._ticked > TICK.total_seconds():
            self._beat()
        if time.monotonic() - self._turned > TURN_EVERY.total_seconds():
            self._done(self._hand_out)
            self._done(self._sweep)
            self._turned = time.monotonic()

    def _beat(self) -> None:
        self._ticked = time.monotonic()
        now = clock.decisive_now()
        self.ticks += 1
        said = {"ticked_at": now, "ticks": self.ticks, "version": __version__}
        if not EngineHeartbeat.objects.filter(pk=self.name).update(**said):
            EngineHeartbeat.objects.create(name=self.name, started_at=self.started_at, **said)
        if self.ticks % 60 == 1:
            gone = now - FORGET_ENGINES_AFTER
            EngineHeartbeat.objects.filter(ticked_at__lt=gone).delete()

    def _hand_out(self) -> None:
        """Give what nobody has claimed to the senders of this process, and the rest to the workers.

        A worker stops claiming after three seconds and a hint is forgotten after thirty, so what
        a long queue leaves over is hinted again.
        """
        now = clock.decisive_now()
        if not deliver.waiting(now, limit=1):
            return  # as nearly always: the lanes need not be looked at one by one
        well = nudge.broker_is_well()
        last = self._hinted_at
        again = well and (last is None or now - last >= HINT_AGAIN_AFTER)
        for name, grace in (("critical", URGENT_GRACE), ("normal", GRACE)):
            since = now - grace if well else now
            rest = self._keep(name, since, troubled=False, further=HINTED_AGAIN if again else 0)
            self._keep(f"{name}_troubled", since, troubled=True)
            if rest:
                self._hinted_at = now
                nudge.hint(outbox.DELIVER, rest, queue=name)

    def _keep(
        self, lane: str, since: datetime, *, troubled: bool, further: int = 0
    ) -> Sequence[UUID]:
        """Have a lane send the oldest, and return up to `further` that it does not take.

        One thread at a time for each contact point: a receiver that hangs holds up its own.
        """
        own = LANES[lane] * OWN_SHARE
        critical = lane.startswith("critical")
        rows = deliver.waiting_by_point(
            since, critical=critical, troubled=troubled, limit=own + further
        )
        by_point: dict[UUID | None, list[UUID]] = {}
        for pk, point in rows[:own]:
            by_point.setdefault(point, []).append(pk)
        for point, ids in by_point.items():
            self._submit(lane, (critical, point), self._send, ids)
        return [pk for pk, _ in rows[own:]]

    def _send(self, ids: Sequence[UUID]) -> None:
        until = time.monotonic() + deliver.CLAIM_NONE_AFTER
        for pk in ids:
            if self.stopping.is_set() or time.monotonic() > until:
                return
            try:
                deliver.deliver_one(pk)
            except Exception:
                log.exception("notification %s failed", pk)
                connection.close()

    def _sweep(self) -> None:
        at = time.monotonic()
        for sweep in _sweeps.values():
            if at - self._swept.get(sweep.name, float("-inf")) >= sweep.every.total_seconds():
                self._swept[sweep.name] = at
                lane = "urgent_sweep" if sweep.urgent else "sweep"
                self._submit(lane, sweep.name, sweep.work, 100)

    def _submit(self, lane: str, key: object, work: Callable[..., object], *args: object) -> None:
        if key not in self._busy:
            self._busy.add(key)
            self._lanes[lane].submit(self._guarded, key, work, *args)

    def _guarded(self, key: object, work: Callable[..., object], *args: object) -> None:
        try:
            if not self.stopping.is_set():
                close_old_connections()
                work(*args)
        except Exception:
            log.exception("%s failed", key)
            connection.close()
        finally:
            self._busy.discard(key)

    def _rest(self, seconds: float) -> None:
        """Sleep so long, or until somebody lays out what is due before; looks now and then."""
        until = time.monotonic() + seconds
        look = LOOK_EVERY.total_seconds()
        while (left := until - time.monotonic()) > 0:
            if self.stopping.wait(min(left, look)):
                return
            if left > look and self._anything_due():
                return

    def _anything_due(self) -> bool:
        try:
            return Reminder.objects.due(clock.decisive_now()).exists()
        except DatabaseError:
            return False

    def _sleep(self, began: float, taken: int) -> float:
        """Seconds until the next tick: the next due time, and at most a second."""
        try:
            due = Reminder.objects.pending().aggregate(Min("due_at"))["due_at__min"]
        except DatabaseError:
            due = None
        left = TICK - timedelta(seconds=time.monotonic() - began)
        if due is not None:
            left = min(left, due - clock.decisive_now())
        shortest = SHORTEST_SLEEP if taken or left > timedelta(0) else SLEEP_BEHIND
        return max(left, shortest).total_seconds()


def _leave(together: threading.Barrier) -> None:
    """Give back this thread's connection, once every thread of the lane is here to do so."""
    with suppress(threading.BrokenBarrierError):
        together.wait(LONGEST_SEND.total_seconds())
    connection.close()
