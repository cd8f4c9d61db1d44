"""How often may be called: no header tells it, and whoever calls too often is shut out."""

from collections import deque

from tests.fake_tiktok.errors import ApiError
from tests.fake_tiktok.modes import Modes


class Limits:
    """Sliding windows by app, and by account and endpoint."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, ...], deque[float]] = {}
        self._blocked: dict[tuple[str, ...], float] = {}

    def reset(self) -> None:
        """Forget every call."""
        self._calls.clear()
        self._blocked.clear()

    def check(self, modes: Modes, now: float, app_id: str, open_id: str, path: str) -> None:
        """Count a call; raise 40100 where it is one too many."""
        if not modes.limits:
            return
        app, minute, mine = ("s", app_id), ("m", app_id), ("a", open_id, path)
        self._take(app, now, 1.0, modes.app_per_second, modes.second_block_s)
        self._take(minute, now, 60.0, modes.app_per_minute, modes.minute_block_s)
        self._take(mine, now, 60.0, modes.account_per_minute, modes.minute_block_s)

    def publication(self, modes: Modes, now: float, open_id: str) -> None:
        """Count a publication, which is rarer still."""
        if modes.limits:
            self._take(("pm", open_id), now, 60.0, modes.publish_per_minute, 60.0)
            self._take(("pd", open_id), now, 86_400.0, modes.publish_per_day, 3_600.0)

    def _take(
        self, key: tuple[str, ...], now: float, window: float, most: int, block: float
    ) -> None:
        if self._blocked.get(key, 0.0) > now:
            raise ApiError(40100)
        calls = self._calls.setdefault(key, deque())
        while calls and calls[0] <= now - window:
            calls.popleft()
        if len(calls) >= most:
            self._blocked[key] = now + block
            raise ApiError(40100)
        calls.append(now)
