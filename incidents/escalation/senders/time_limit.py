"""A limit on the whole time that a send may take, however slowly the other side answers.

The libraries below limit each wait for a few bytes, not all of them together: a server that sends
one byte a second would hold a sender for ever.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillRunning
from datetime import timedelta
from typing import TypeVar

from crisis_api.lib import breaker
from crisis_api.lib.errors import ChannelError

MOST_LEFT_BEHIND = 32

_T = TypeVar("_T")
_places = threading.BoundedSemaphore(MOST_LEFT_BEHIND)


def within(limit: timedelta, work: Callable[[], _T], *, destination: str) -> _T:
    """Return what `work` returns, or raise ChannelError `timeout` after the limit.

    A destination that holds its callers is not called at all. The work itself cannot be stopped:
    it is left behind in a thread of its own, which must touch no database. At most
    MOST_LEFT_BEHIND run at once; then ChannelError `senders_busy` comes at once.
    """
    with breaker.reach(destination):
        return _limited(limit, work)


def _limited(limit: timedelta, work: Callable[[], _T]) -> _T:
    places = _places
    if not places.acquire(blocking=False):
        raise ChannelError("senders_busy", "Too many sends are waiting for an answer.")
    result: Future[_T] = Future()

    def run() -> None:
        try:
            result.set_result(work())
        except BaseException as error:  # noqa: BLE001  whatever it is belongs to whoever waits
            result.set_exception(error)
        finally:
            places.release()

    threading.Thread(target=run, name="send", daemon=True).start()
    try:
        return result.result(timeout=limit.total_seconds())
    except StillRunning:
        if result.done():
            raise
        raise ChannelError(
            "timeout", f"No end after {limit.total_seconds():.0f} seconds.", ambiguous=True
        ) from None
