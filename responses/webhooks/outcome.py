"""What came of one attempt: pure."""

from dataclasses import dataclass
from datetime import timedelta

from crisis_api.lib.errors import ChannelError

GONE = 410
# The answers by which a receiver asks for time.
_BUSY = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt: delivered where there is no `error`."""

    status: int | None = None
    error: str = ""
    retry_after: timedelta | None = None

    @property
    def is_gone(self) -> bool:
        """Whether the receiver says that it will never take a message again."""
        return self.status == GONE


def failure_of(error: ChannelError) -> Outcome:
    """Return what a failed send means; how long to wait is for a busy receiver to ask."""
    wish = error.retry_after if error.status in _BUSY else None
    return Outcome(error.status, error.code, wish)
