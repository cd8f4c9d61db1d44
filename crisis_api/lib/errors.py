"""One tree of errors, each with a stable code and an HTTP status.

Exception
├── Problem                  something a caller did or asked for; served as RFC 9457 problem+json
│   ├── Invalid              400  refused by a parser or a serializer
│   ├── NotAuthenticated     401
│   ├── Forbidden            403
│   ├── NotFound             404  also what the caller may not see
│   ├── Conflict             409
│   │   └── NotAllowedNow    409  not from this status; `allowed` lists the moves that are
│   ├── Stale                412  somebody else changed it first
│   ├── TooLarge             413
│   ├── UnsupportedMedia     415
│   ├── Refused              422  refused after looking at what is stored
│   ├── PreconditionRequired 428  If-Match is missing
│   ├── Throttled            429
│   └── Unavailable          503
└── ChannelError             an outside service failed; says whether trying again can help
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong with one field, at a JSON pointer (RFC 6901) such as `/severity`."""

    pointer: str
    code: str
    detail: str


class Problem(Exception):
    """Something that the caller is told about, with a stable `code`."""

    status = 500
    code = "error"
    title = "Something went wrong"

    def __init__(
        self,
        detail: str = "",
        *,
        code: str | None = None,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.code = code or type(self).code
        self.errors: Sequence[FieldError] = tuple(errors)
        self.headers = dict(headers or {})
        self.extra = extra


class Invalid(Problem):
    """400: the request itself cannot be understood."""

    status, code, title = 400, "invalid", "The request is not valid"


class NotAuthenticated(Problem):
    """401: nobody is signed in, or the key is not good."""

    status, code, title = 401, "not_authenticated", "Sign in or send an API key"


class Forbidden(Problem):
    """403: the caller is known, sees the thing, and may not do this."""

    status, code, title = 403, "forbidden", "You may not do this"


class NotFound(Problem):
    """404: there is no such thing, or the caller may not know of it."""

    status, code, title = 404, "not_found", "There is no such thing"


class Conflict(Problem):
    """409: the thing is in a state that this would contradict."""

    status, code, title = 409, "conflict", "This contradicts what is stored"


class NotAllowedNow(Conflict):
    """409: this move is not allowed from the present status; `allowed` names those that are."""

    code, title = "not_allowed_now", "This is not possible in the present status"

    def __init__(self, detail: str = "", *, allowed: Iterable[str], **extra: Any) -> None:
        super().__init__(detail, allowed=sorted(allowed), **extra)


class Stale(Problem):
    """412: the caller's copy is older than what is stored."""

    status, code, title = 412, "stale", "Somebody changed this since you read it"


class TooLarge(Problem):
    """413: more than is taken in at once."""

    status, code, title = 413, "too_large", "The request is too large"


class UnsupportedMedia(Problem):
    """415: a content type or encoding that is not read here."""

    status, code, title = 415, "unsupported_media_type", "This content type is not supported"


class Refused(Problem):
    """422: understood, and refused in view of what is stored."""

    status, code, title = 422, "refused", "This was refused"


class PreconditionRequired(Problem):
    """428: two people may edit this, so the caller must say which version it read."""

    status, code, title = 428, "if_match_required", "Send If-Match with the ETag that you read"


class Throttled(Problem):
    """429: too many requests."""

    status, code, title = 429, "throttled", "Too many requests"


class Unavailable(Problem):
    """503: not now; trying again later can help."""

    status, code, title = 503, "unavailable", "Temporarily not available"


class ChannelError(Exception):
    """An outside service refused or failed.

    `permanent`: trying again cannot help. `ambiguous`: it may have been carried out all the same,
    so a publication is never sent again by machine. `retry_after`: what the service asked for.
    `status`: the HTTP status it answered with, None where it didn't answer.
    """

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        permanent: bool = False,
        ambiguous: bool = False,
        retry_after: timedelta | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(detail or code)
        self.code = code
        self.detail = detail or code
        self.permanent = permanent
        self.ambiguous = ambiguous
        self.retry_after = retry_after
        self.status = status
