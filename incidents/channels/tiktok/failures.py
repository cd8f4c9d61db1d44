"""TikTok's codes, by what is to be done about them. An application error is an HTTP 200 there."""

import re
from datetime import timedelta
from typing import Final

from incidents.channels.errors import (
    SOON,
    Effect,
    GiveUp,
    NetworkError,
    Reason,
    Reauthorise,
    RefreshToken,
    RetryLater,
    Trace,
    unclear,
)

TOO_OFTEN: Final = frozenset({40016, 40100, 40133})
# Told of a revoked token that it was none: then nothing is left to revoke.
REVOKED_ALREADY: Final = frozenset({40105, 40131})
DUPLICATE: Final = 40050
WRITE_CONFLICT: Final = 40202

_GIVE_UP: Final = {
    40000: (Reason.INVALID, "invalid"),
    40002: (Reason.INVALID, "invalid"),
    40108: (Reason.INVALID, "invalid"),
    40001: (Reason.NOT_PERMITTED, "not_permitted"),
    40118: (Reason.NOT_PERMITTED, "not_permitted"),
    40125: (Reason.NOT_PERMITTED, "not_permitted"),
    40130: (Reason.NOT_PERMITTED, "scope_missing"),
    40006: (Reason.UNSUPPORTED, "unsupported"),
    40008: (Reason.UNSUPPORTED, "unsupported"),
    40051: (Reason.UNSUPPORTED, "unsupported"),
    40007: (Reason.NOT_FOUND, "not_found"),
    40064: (Reason.POLICY, "blocked_by_rules"),
    40101: (Reason.MISCONFIGURED, "app_not_accepted"),
    40104: (Reason.MISCONFIGURED, "token_not_sent"),
    40113: (Reason.MISCONFIGURED, "app_not_accepted"),
}
_REFRESH: Final = {40102: "token_expired", 40105: "token_invalid"}
_REAUTHORISE: Final = {
    40103: "refresh_token_expired",
    40107: "refresh_token_invalid",
    40110: "code_invalid",
    40131: "token_invalid",
}
_FIELD = re.compile(r"(?:Param )?([a-z][a-z_]{1,40})(?::| is )")


def of_code(code: int, trace: Trace, effect: Effect) -> NetworkError:
    """Return what to do about a code that is not 0."""
    if code in TOO_OFTEN:
        return RetryLater("too_often", trace=trace)
    if code in _REFRESH:
        return RefreshToken(_REFRESH[code], trace=trace)
    if code in _REAUTHORISE:
        return Reauthorise(_REAUTHORISE[code], trace=trace)
    if code == DUPLICATE:
        # It refuses what it has just taken, so an earlier one may well stand there.
        return unclear("duplicate", effect, trace)
    if code in _GIVE_UP:
        reason, word = _GIVE_UP[code]
        match = _FIELD.match(trace.said) if reason is Reason.INVALID else None
        return GiveUp(word, reason=reason, field=match[1] if match else "", trace=trace)
    if code == WRITE_CONFLICT:
        return RetryLater("write_conflict", retry_after=SOON, trace=trace)
    if 40000 <= code < 50000:
        return GiveUp("refused", trace=trace)
    return unclear("service_failed", effect, trace)


def of_status(status: int, effect: Effect, retry_after: timedelta | None) -> NetworkError:
    """Return what to do about an HTTP status that is not 200: a wrong path, or a server's fault."""
    trace = Trace(status=status)
    if status == 429:
        return RetryLater("too_often", retry_after=retry_after, trace=trace)
    if status in (404, 405):
        return GiveUp("unsupported", reason=Reason.UNSUPPORTED, trace=trace)
    if 300 <= status < 400:
        return GiveUp("redirected", reason=Reason.MISCONFIGURED, trace=trace)
    if 400 <= status < 500:
        return GiveUp("refused", trace=trace)
    return unclear("service_failed", effect, trace)
