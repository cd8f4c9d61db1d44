"""What everything stands on: this host's clock, the database's file, the broker.

Each process looks at its own clock and at its way to the broker. One of all reads the file through,
where there is one. What is wrong is told of by the second path, when it begins and every ten
minutes while it lasts. A broker that is away delays nobody, so the engine stays well; a clock or a
file that cannot be trusted does not.
"""

import logging
import time
from datetime import timedelta
from pathlib import Path

from django.db import connection
from django.db.models import Q

from crisis_api.lib import clock, integrity, nudge
from crisis_api.lib.drift import TOLERATED, Drift
from incidents.escalation.auditor import second_path
from incidents.models import AuditorState

log = logging.getLogger("crisis.auditor")

CLOCK, BROKER, DATABASE = "clock_off", "broker_away", "database_damaged"

CLOCK_EVERY = timedelta(seconds=10)
BROKER_EVERY = timedelta(seconds=10)
# A restart of the broker is no news.
BROKER_AWAY_FOR = timedelta(seconds=20)
READ_EVERY = timedelta(minutes=5)
AGAIN_AFTER = timedelta(minutes=10)


class Ground:
    """What one process knows of it."""

    def __init__(self, drift: Drift | None = None) -> None:
        self.drift = drift or Drift()
        self._looked: dict[str, float] = {}
        self._told: dict[str, float] = {}
        self._refused_since: float | None = None
        self._reading: integrity.Reading | None = None

    def look(self) -> None:
        """Look at what it is time to look at."""
        self._look_at_broker()
        self._look_at_clock()
        self._look_at_file()

    def hear(self, error: BaseException) -> None:
        """Take notice of an error of the database: some say that its file is damaged."""
        if integrity.is_damage(error):
            self._tell(DATABASE, str(error))

    def _is_time(self, code: str, every: timedelta) -> bool:
        now = time.monotonic()
        if now - self._looked.get(code, float("-inf")) < every.total_seconds():
            return False
        self._looked[code] = now
        return True

    def _look_at_clock(self) -> None:
        if not self._is_time(CLOCK, CLOCK_EVERY):
            return
        off = self.drift.off()
        if abs(off) > TOLERATED:
            self._tell(CLOCK, f"{off.total_seconds():+.1f} s")
            self._show(CLOCK)
        else:
            self._is_well(CLOCK)

    def _look_at_broker(self) -> None:
        if not self._is_time(BROKER, BROKER_EVERY):
            return
        why = nudge.refusal()
        if not why:
            self._refused_since = None
            self._is_well(BROKER)
            return
        now = time.monotonic()
        self._refused_since = since = self._refused_since or now
        if now - since >= BROKER_AWAY_FOR.total_seconds():
            self._tell(BROKER, f"{why} for {now - since:.0f} s")

    def _look_at_file(self) -> None:
        if connection.vendor != "sqlite":
            return
        reading = self._reading
        if reading is not None and not reading.is_alive():
            self._reading = None
            if reading.said:
                self._tell(DATABASE, reading.said)
                self._show(DATABASE)
            else:
                self._is_well(DATABASE)
        elif reading is None and self._is_time(DATABASE, CLOCK_EVERY) and _is_ours_to_read():
            self._reading = integrity.Reading(Path(connection.settings_dict["NAME"]))
            self._reading.start()

    def _tell(self, code: str, detail: str) -> None:
        now = time.monotonic()
        last = self._told.get(code)
        if last is None or now - last >= AGAIN_AFTER.total_seconds():
            self._told[code] = now
            second_path.tell(code, 1, detail)

    def _is_well(self, code: str) -> None:
        if self._told.pop(code, None) is not None:
            log.warning("auditor: %s is over", code)

    def _show(self, code: str) -> None:
        """Let /healthz/engine fail for as long as for what was overlooked."""
        AuditorState.objects.update_or_create(
            pk=code, defaults={"found_at": clock.decisive_now(), "findings": {code: 1}}
        )


def _is_ours_to_read() -> bool:
    """Whether nobody has begun to read the file through within five minutes, and we do now."""
    now = clock.now()
    AuditorState.objects.get_or_create(pk=DATABASE)
    due = Q(began_at=None) | Q(began_at__lte=now - READ_EVERY) | Q(began_at__gt=now)
    return bool(AuditorState.objects.filter(due, pk=DATABASE).update(began_at=now))
