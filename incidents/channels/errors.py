"""What can go wrong with a network, by what is to be done about it.

ChannelError
├── RetryLater       not now; `retry_after` says when, as far as anybody knows; nothing was done
├── RefreshToken     the access token has run out: refresh it once, then call again
├── Reauthorise      a person must let us in again; no machine can mend it
├── GiveUp           calling again cannot help; `reason` says why
└── Ambiguous        it may have been done all the same: look it up, and never send it again

A write that failed is never a RetryLater where it may have been carried out. Each carries a
`Trace` for whoever writes to the network's support: its own code and words, the request's id.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, StrEnum
from typing import Final

from crisis_api.lib.errors import ChannelError

SOON: Final = timedelta(seconds=30)
_LONGEST = 300


class Reason(StrEnum):
    """Why calling again cannot help."""

    INVALID = "invalid"
    NOT_FOUND = "not_found"
    NOT_PERMITTED = "not_permitted"
    POLICY = "policy"
    MISCONFIGURED = "misconfigured"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Trace:
    """How a network told it: its own code and words, the id of the request, the HTTP status.

    Its words are for its support, never for a public.
    """

    network_code: str = ""
    said: str = ""
    request_id: str = ""
    status: int | None = None

    def __post_init__(self) -> None:
        seemly = "".join(each if each.isprintable() else "\ufffd" for each in self.said[:_LONGEST])
        object.__setattr__(self, "said", seemly)
        object.__setattr__(self, "request_id", self.request_id[:64])


_NOTHING = Trace()


class NetworkError(ChannelError):
    """A network refused or failed; `trace` is how it told that."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        trace: Trace = _NOTHING,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(
            code,
            detail,
            permanent=isinstance(self, GiveUp | Reauthorise),
            ambiguous=isinstance(self, Ambiguous),
            retry_after=retry_after,
            status=trace.status,
        )
        self.trace = trace


class RetryLater(NetworkError):
    """Not now; nothing was done. `retry_after` says when, as far as anybody knows."""


class RefreshToken(NetworkError):
    """The access token has run out: refresh it once, then call again; nothing was done."""


class Reauthorise(NetworkError):
    """A person must let us in again."""


class GiveUp(NetworkError):
    """Calling again cannot help. `field` names what was wrong with the call, where it is known."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        reason: Reason = Reason.INVALID,
        field: str = "",
        trace: Trace = _NOTHING,
    ) -> None:
        super().__init__(code, detail, trace=trace)
        self.reason = reason
        self.field = field


class Ambiguous(NetworkError):
    """It may have been done all the same: look it up on the network, and never send it again."""


class Effect(Enum):
    """What a call does, and so what a failure in the dark means.

    `READ` and `REPEATABLE` may be called again; of what happens `ONCE` nobody knows whether it has.
    """

    READ = "read"
    REPEATABLE = "repeatable"
    ONCE = "once"


def of_silence(error: ChannelError, effect: Effect) -> NetworkError:
    """Return what to do where there was no answer, or none that can be read."""
    trace = Trace(status=error.status)
    if error.permanent:
        return GiveUp(error.code, reason=Reason.MISCONFIGURED, trace=trace)
    if error.ambiguous:
        return unclear(error.code, effect, trace)
    return RetryLater(error.code, retry_after=error.retry_after or SOON, trace=trace)


def unclear(code: str, effect: Effect, trace: Trace) -> NetworkError:
    """Return what to do where nobody knows whether it was done."""
    if effect is Effect.ONCE:
        return Ambiguous(code, trace=trace)
    return RetryLater(code, retry_after=SOON, trace=trace)
