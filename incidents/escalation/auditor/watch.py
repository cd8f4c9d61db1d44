"""The auditor's thread inside an engine: it looks at the rows, and at the engine that it lives in.

A tick that does not come back, or fails again and again, is noticed within ten seconds. What is due
is then driven from here. A tick that hangs for good ends the process, so that whoever supervises
it starts another: everything it held is free again when its lease is over.
"""

import faulthandler
import logging
import os
import sys
import threading
import time
from collections.abc import Callable

from django.db import DatabaseError, close_old_connections, connection

from incidents.escalation.auditor import second_path, turns, walks
from incidents.escalation.auditor.ground import Ground
from incidents.escalation.health import SILENT_AFTER

log = logging.getLogger("crisis.auditor")

LOOK_EVERY = 2.0
HUNG_AFTER = 90.0
ENDED_BY_AUDITOR = 70  # EX_SOFTWARE


class Watch(threading.Thread):
    """Looks every two seconds until `stopping` is set.

    `beats()` returns when, on the monotonic clock, the engine last finished a tick, and whether it
    is in one. Without `end` a tick that hangs is only told of.
    """

    def __init__(
        self,
        owner: str,
        beats: Callable[[], tuple[float, bool]],
        stopping: threading.Event,
        *,
        end: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(name="auditor", daemon=True)
        self.owner, self.beats, self.stopping, self.end = owner, beats, stopping, end
        self.was_silent = False
        self.ground = Ground()

    def run(self) -> None:
        """Look until told to stop; whatever goes wrong, look again."""
        while not self.stopping.wait(LOOK_EVERY):
            for look in (self.look, self.ground.look):
                self._guarded(look)
        connection.close()

    def _guarded(self, look: Callable[[], None]) -> None:
        try:
            close_old_connections()
            look()
        except DatabaseError as error:
            log.warning("the auditor could not look", exc_info=True)
            self.ground.hear(error)
            connection.close()
        except Exception:
            log.exception("the auditor failed")
            connection.close()

    def look(self) -> None:
        """Notice the engine's silence, then take a turn if it is time to."""
        last, inside = self.beats()
        silence = time.monotonic() - last
        if silence > HUNG_AFTER and inside and self.end is not None:
            second_path.tell("engine_hung", 1, f"no tick for {silence:.0f} s: ending the process")
            self.end()
        if silence > SILENT_AFTER.total_seconds():
            self._tell_of(silence)
            # No turn is waited for: nobody else in this process does it.
            walks.look_at_queues(walks.Findings())
        elif self.was_silent:
            self.was_silent = False
            log.warning("the engine ticks again")
        turns.turn(self.owner)

    def _tell_of(self, silence: float) -> None:
        if not self.was_silent:
            self.was_silent = True
            second_path.tell("engine_silent", 1, f"no tick for {silence:.0f} s")


def end_the_process() -> None:
    """Say where every thread stands, and end at once: a thread that hangs cannot be asked to."""
    faulthandler.dump_traceback(file=sys.stderr, all_threads=True)
    os._exit(ENDED_BY_AUDITOR)
