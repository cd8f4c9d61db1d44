"""The moderators' queue: where each mention stands in it, kept up to date in sets.

A mention has its place from the moment it is taken in. It moves when it has waited long, when
something about it, its author or its post changes, and when its incident is over or goes on again.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from crisis_api.lib import clock
from incidents import priority
from incidents.models import UNRESOLVED, Author, Incident, Mention, Post

COLUMNS: Final = ("priority", "ages_at", "is_toxic")


def place(
    row: Mention,
    *,
    now: datetime,
    author: Author | None = None,
    post: Post | None = None,
    over: bool = False,
) -> None:
    """Put a mention that is held where it belongs, without storing it.

    `over`: its incident is resolved, so it waits for nobody any more.
    """
    row.is_toxic = priority.is_toxic(_signs(row))
    dealt_with = row.handled_at or row.deleted_at or row.hidden_at
    if dealt_with or over:
        row.priority, row.ages_at = priority.NOT_WAITING, None
        return
    facts = priority.Facts(
        kind=row.kind,
        risk=row.risk,
        is_negative=row.is_negative,
        signs={code for code, _weight in _signs(row)},
        author_kind=author.kind if author else Author.Kind.UNKNOWN,
        followers=(author.followers or 0) if author else 0,
        reach=(post.reach or 0) if post else 0,
        has_deadline=row.answer_by is not None,
    )
    found = priority.place_of(facts, now - row.written_at)
    row.priority = found.points
    row.ages_at = row.written_at + found.changes_after if found.changes_after else None


def _signs(row: Mention) -> list[tuple[str, int]]:
    # What stands in the column came from whichever release scored it.
    return [
        (str(reason.get("code", "")), int(reason.get("weight", 0)))
        for reason in row.reasons
        if isinstance(reason, dict)
    ]


def place_all(
    rows: Collection[Mention],
    *,
    now: datetime,
    authors: Mapping[UUID, Author] | None = None,
    posts: Mapping[UUID, Post] | None = None,
) -> None:
    """Put mentions that are held where they belong, without storing them.

    Authors and posts that the caller does not hand over are read, and so is which incidents are
    over.
    """
    known_authors: dict[Any, Author] = _all_of(Author, "author_id", rows, authors or {})
    known_posts: dict[Any, Post] = _all_of(Post, "post_id", rows, posts or {})
    over = _over({row.incident_id for row in rows if row.incident_id})
    for row in rows:
        place(
            row,
            now=now,
            author=known_authors.get(row.author_id),
            post=known_posts.get(row.post_id),
            over=row.incident_id in over,
        )


def _all_of(
    model: Any, column: str, rows: Iterable[Mention], known: Mapping[UUID, Any]
) -> dict[Any, Any]:
    missing = {getattr(row, column) for row in rows} - {None, *known}
    return {**known, **(model.objects.in_bulk(missing) if missing else {})}


def replace(rows: Iterable[Mention], *, now: datetime) -> int:
    """Put mentions that are held where they belong now, and store it; return how many moved."""
    held = list(rows)
    before = {row.pk: _standing(row) for row in held}
    place_all(held, now=now)
    moved = [row for row in held if before[row.pk] != _standing(row)]
    _store(moved, now)
    return len(moved)


def _standing(row: Mention) -> tuple[object, ...]:
    return tuple(getattr(row, name) for name in COLUMNS)


def _over(incident_ids: Collection[UUID]) -> set[UUID]:
    if not incident_ids:
        return set()
    rows = Incident.objects.filter(pk__in=incident_ids).exclude(status__in=UNRESOLVED)
    return set(rows.values_list("pk", flat=True))


def _store(rows: Sequence[Mention], now: datetime) -> None:
    if not rows:
        return
    for row in rows:
        row.version += 1
        row.updated_at = now
    # A third of the time that `bulk_update` takes with its CASE for each row and column.
    Mention.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=[*COLUMNS, "version", "updated_at"],
    )


def sweep(limit: int = 500) -> int:
    """Move what has waited long or has no place yet; return how many were looked at.

    A sweep of the engine. What somebody holds is left for the next time.
    """
    limit = max(limit, 500)
    now = clock.decisive_now()
    unplaced = Mention.objects.filter(priority=priority.UNPLACED).order_by("-id")
    aged = Mention.objects.filter(ages_at__lte=now).order_by("ages_at")
    return sum(_work(rows, limit, now) for rows in (unplaced, aged))


@transaction.atomic
def _work(due: Any, limit: int, now: datetime) -> int:
    picked = list(due.values_list("pk", flat=True)[:limit])
    if not picked:
        return 0
    same = Mention.objects.filter(pk__in=picked).order_by("pk")
    held = list(same.select_for_update(skip_locked=True, no_key=True))
    replace(held, now=now)
    return len(held)


def look_again(rows: Q, *, now: datetime) -> int:
    """Have the engine look again at mentions that wait, such as all of one author.

    A statement, however many they are: the engine moves them in sets, within seconds.
    """
    return Mention.objects.filter(rows, priority__gt=0).update(ages_at=now)


def settle(incident_id: UUID, *, now: datetime) -> int:
    """Take what waits out of the queue: its incident is over."""
    return look_again(Q(incident_id=incident_id), now=now)


def bring_back(incident_id: UUID) -> int:
    """Put back into the queue what nobody has dealt with: its incident goes on."""
    waits_for_nobody = Mention.objects.filter(
        incident_id=incident_id, priority=priority.NOT_WAITING, handled_at=None
    )
    there = waits_for_nobody.filter(deleted_at=None, hidden_at=None)
    return there.update(priority=priority.UNPLACED)
