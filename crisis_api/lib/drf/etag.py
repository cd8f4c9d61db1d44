"""Versions over HTTP: `ETag` from a row's version, `If-Match` before a change, 304 for a copy.

Tags are strong, `"7"`. A change that must not overwrite another's says which version it was made
from; the service behind it changes the row only while it still has that version.
"""

import re
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from rest_framework.request import Request

from crisis_api.lib.errors import FieldError, Invalid, PreconditionRequired, Stale

_TAG = re.compile(r'\s*(W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)')
_LONGEST = 1000


def etag_of(version: int) -> str:
    """Return the ETag of a version."""
    return f'"{version}"'


@dataclass(frozen=True, slots=True)
class Match:
    """What `If-Match` or `If-None-Match` names; `any` is the `*`."""

    any: bool
    strong: frozenset[str]
    weak: frozenset[str]

    def allows(self, version: int, *, since: int | None = None) -> bool:
        """Whether If-Match is fulfilled; weak tags never match (RFC 9110, 13.1.1).

        Versions from `since` on are as good as the present one: no person changed anything since.
        """
        if self.any or str(version) in self.strong:
            return True
        earlier = (int(tag) for tag in self.strong if tag.isascii() and tag.isdecimal())
        return since is not None and any(since <= each <= version for each in earlier)

    def knows(self, version: int) -> bool:
        """Whether If-None-Match says that the caller has this version already."""
        return self.any or str(version) in self.strong | self.weak


def if_match(request: Request | HttpRequest, *, required: bool = False) -> Match | None:
    """Return what `If-Match` names, None without one; 428 where it is required."""
    text = request.headers.get("If-Match")
    if text is None:
        if required:
            raise PreconditionRequired()
        return None
    return _parsed(text, "If-Match")


def check_match(
    request: Request | HttpRequest,
    version: int,
    *,
    required: bool = False,
    since: int | None = None,
) -> None:
    """Raise 412 where `If-Match` names other versions than these, 428 where it must be sent."""
    match = if_match(request, required=required)
    if match is not None and not match.allows(version, since=since):
        raise Stale(headers={"ETag": etag_of(version)})


def not_modified(request: Request | HttpRequest, version: int) -> bool:
    """Whether `If-None-Match` says that the caller has this version already: answer 304."""
    text = request.headers.get("If-None-Match")
    return text is not None and _parsed(text, "If-None-Match").knows(version)


def _parsed(text: str, header: str) -> Match:
    if text.strip() == "*":
        return Match(True, frozenset(), frozenset())
    tags: dict[bool, set[str]] = {False: set(), True: set()}
    place = 0
    while place < len(text) and len(text) <= _LONGEST:
        found: Any = _TAG.match(text, place)
        if found is None:
            break
        tags[bool(found[1])].add(found[2])
        place = found.end()
    if place < len(text) or not text.strip():
        detail = 'Quoted tags, such as "7", or *.'
        raise Invalid(errors=[FieldError(f"/headers/{header}", "invalid_etag", detail)])
    return Match(False, frozenset(tags[False]), frozenset(tags[True]))
