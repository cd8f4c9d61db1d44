"""When somebody is there and when nobody is: spans of time, joined, cut and turned inside out."""

from collections.abc import Iterable
from datetime import datetime

Span = tuple[datetime, datetime]


def joined(spans: Iterable[Span]) -> list[Span]:
    """Return the spans in order, those that touch or overlap made one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        elif start < end:
            found.append((start, end))
    return found


def gaps(covered: Iterable[Span], start: datetime, end: datetime) -> list[Span]:
    """Return what is left of the time from `start` until `end` without the spans covered."""
    left: list[Span] = []
    at = start
    for begins, ends in joined(covered):
        if begins >= end:
            break
        if begins > at:
            left.append((at, begins))
        at = max(at, ends)
    if at < end:
        left.append((at, end))
    return left


def shared(one: Iterable[Span], other: Iterable[Span]) -> list[Span]:
    """Return the times that lie in both."""
    others = joined(other)
    return joined(
        (max(start, begins), min(end, ends))
        for start, end in joined(one)
        for begins, ends in others
        if max(start, begins) < min(end, ends)
    )
