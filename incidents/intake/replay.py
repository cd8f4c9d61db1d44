"""A recorded wave of comments comes in again, as if it happened now.

Times are shifted so that the first comment is written now, and compressed by the speed. Comments
that are stored already are left out, unless each gets a new id.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from crisis_api.lib import clock
from crisis_api.lib.actors import SYSTEM
from incidents.channels.manual.records import Defaults, parse_record
from incidents.channels.protocol import ParsedMention, ParseError
from incidents.intake import reading
from incidents.intake.news import key_of
from incidents.intake.receive import AT_ONCE, Received
from incidents.models import Account, Mention

# Comments that come within this time come in together.
SHORTEST_PAUSE: Final = timedelta(milliseconds=200)
LONGEST_PAUSE: Final = timedelta(seconds=1)
_CONTENT_TYPE = "application/x-ndjson"


@dataclass(frozen=True, slots=True)
class Comment:
    """One line of the recording, and what it says."""

    line: bytes
    parsed: ParsedMention


@dataclass(frozen=True, slots=True)
class Step:
    """What came in at once."""

    at: datetime
    received: Received


def load(file: Path) -> tuple[list[Comment], list[ParseError]]:
    """Read a recording in JSON lines; return its comments by time, and what could not be read."""
    comments: list[Comment] = []
    errors: list[ParseError] = []
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                fields = json.loads(line)
            except (ValueError, RecursionError):
                fields = None
            if not isinstance(fields, dict):
                errors.append(ParseError(number, "", "broken_json"))
                continue
            parsed = parse_record(fields, line=number, defaults=Defaults(account="unnamed"))
            if isinstance(parsed, ParsedMention):
                comments.append(Comment(line, parsed))
            else:
                errors.extend(parsed)
    comments.sort(key=lambda comment: comment.parsed.written_at)
    return comments, errors


def renamed(comments: Sequence[Comment], run: str) -> list[Comment]:
    """Return the comments with ids of their own, so that they come in again as new ones."""
    return [replace(comment, parsed=_renamed(comment.parsed, run)) for comment in comments]


def _renamed(parsed: ParsedMention, run: str) -> ParsedMention:
    parent = parsed.parent_external_id
    return replace(
        parsed,
        external_id=f"{key_of(parsed)}-{run}",
        parent_external_id=f"{parent}-{run}" if parent else None,
    )


def unknown(account: Account, comments: Sequence[Comment]) -> list[Comment]:
    """Return the comments that are not stored yet."""
    keys = [key_of(comment.parsed) for comment in comments]
    known: set[str] = set()
    for start in range(0, len(keys), AT_ONCE):
        same = Mention.objects.filter(
            account=account, external_id__in=keys[start : start + AT_ONCE]
        )
        known.update(same.values_list("external_id", flat=True))
    return [comment for key, comment in zip(keys, comments, strict=True) if key not in known]


def play(
    account: Account,
    comments: Sequence[Comment],
    *,
    speed: float | None,
    pause: Callable[[float], object] = time.sleep,
) -> Iterator[Step]:
    """Let the comments come in when they are due, and yield what came of each batch.

    `speed` 60 makes a minute of an hour; None lets everything come in at once, 100 at a time.
    """
    if not comments:
        return
    start = clock.now()
    moments = _moments(comments, start, speed)
    done = 0
    while done < len(comments):
        now = clock.now()
        end = done
        while end < len(comments) and moments[end] <= now and end - done < AT_ONCE:
            end += 1
        if end == done:
            wait = min(max(moments[done] - now, SHORTEST_PAUSE), LONGEST_PAUSE)
            pause(wait.total_seconds())
            continue
        end = min(end, done + 100) if speed is None else end
        due = range(done, end)
        yield Step(now, _take(account, [comments[n] for n in due], [moments[n] for n in due]))
        done = end


def _moments(comments: Sequence[Comment], start: datetime, speed: float | None) -> list[datetime]:
    """Return when each comment is written this time; all at once, they keep their order."""
    if speed is None:
        return [start - timedelta(microseconds=len(comments) - n) for n in range(len(comments))]
    first = comments[0].parsed.written_at
    return [start + (comment.parsed.written_at - first) / speed for comment in comments]


def _take(account: Account, due: Sequence[Comment], moments: Sequence[datetime]) -> Received:
    parsed = [
        replace(comment.parsed, written_at=at, external_id=key_of(comment.parsed))
        for comment, at in zip(due, moments, strict=True)
    ]
    body = b"".join(comment.line.rstrip(b"\n") + b"\n" for comment in due)
    _receipt, received = reading.take(
        account, parsed, source="replay", content_type=_CONTENT_TYPE, body=body, by=SYSTEM
    )
    return received
