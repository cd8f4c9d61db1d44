"""The fake's own clock: real time until somebody stops or moves it."""

import threading
import time


class Clock:
    """Seconds since 1970, as this TikTok sees them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._offset = 0.0
        self._stopped_at: float | None = None

    def now(self) -> float:
        """Return the present time."""
        with self._lock:
            base = time.time() if self._stopped_at is None else self._stopped_at
            return base + self._offset

    def advance(self, seconds: float) -> None:
        """Move it forward."""
        with self._lock:
            self._offset += seconds

    def set(self, at: float) -> None:
        """Show another time from now on."""
        with self._lock:
            base = time.time() if self._stopped_at is None else self._stopped_at
            self._offset = at - base

    def stop(self, stopped: bool) -> None:
        """Let it stand still, so that only `advance` moves it, or run again from where it is."""
        with self._lock:
            if stopped and self._stopped_at is None:
                self._stopped_at = time.time()
            elif not stopped and self._stopped_at is not None:
                self._offset += self._stopped_at - time.time()
                self._stopped_at = None

    def reset(self) -> None:
        """Show real time."""
        with self._lock:
            self._offset, self._stopped_at = 0.0, None
