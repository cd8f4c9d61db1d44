"""The mentions of a batch join the claims that they repeat, or make one.

A claim is made by the third mention that says the same; the first two join it then. Where a person
said which claim a mention belongs to, that holds, whatever is edited.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from crisis_api.lib import clock
from crisis_api.lib.ids import uuid7
from incidents.intake import claim_book
from incidents.intake.claim_book import Book
from incidents.intake.claims import Signature
from incidents.intake.grouping import SHOWN_FROM
from incidents.models import Claim, Mention

TALLIED_AFTER: Final = timedelta(seconds=5)
# A large claim takes long to count, and changes little with each mention.
_MORE_PER_MENTION: Final = timedelta(milliseconds=1)
_LATEST_TALLY: Final = timedelta(minutes=5)


@dataclass(slots=True)
class Grouped:
    """What grouping a batch came to, before it is written."""

    book: Book
    moved: dict[UUID, Mention] = field(default_factory=dict)
    joined: dict[UUID, list[Mention]] = field(default_factory=dict)
    left: set[UUID] = field(default_factory=set)
    begun: dict[UUID, Claim] = field(default_factory=dict)
    called: dict[UUID, UUID] = field(default_factory=dict)

    def take(self, row: Mention, mention: Signature, *, is_new: bool) -> None:
        """Let one mention join what it says."""
        before = row.claim_id
        row.claim = None
        part = self.book.hear(mention)
        if part is not None:
            self._join(row, part)
        if not is_new and row.claim_id != before:
            self.moved[row.pk] = row
            if before is not None:
                self.left.add(before)

    def _join(self, row: Mention, part: str) -> None:
        claim_id = self.book.owners.get(part)
        if claim_id is None:
            waiting = self.book.waiting.setdefault(part, [])
            if str(row.pk) not in waiting:
                waiting.append(str(row.pk))
            if self.book.said(part) < SHOWN_FROM or len(waiting) < SHOWN_FROM:
                return
            claim_id = self._begin(row, part)
        row.claim_id = claim_id
        self.joined.setdefault(claim_id, []).append(row)

    def _begin(self, row: Mention, part: str) -> UUID:
        claim_id = uuid7()
        at = row.written_at
        self.begun[claim_id] = Claim(
            id=claim_id, team_id=row.team_id, first_seen_at=at, last_seen_at=at
        )
        self.book.owners[part] = claim_id
        for waiting in self.book.waiting.pop(part):
            self.called[UUID(waiting)] = claim_id
        self.called.pop(row.pk, None)
        return claim_id

    def write(self, batch: Collection[Mention]) -> None:
        """Write the claims, and which mentions of before and of now belong to them.

        Mentions of the batch that are new are inserted by who calls this, with their claim.
        """
        self._call(batch)
        now = clock.now()
        Claim.objects.bulk_create(self.begun.values())
        known = Claim.objects.filter(pk__in=[*self.joined, *self.left]).order_by("pk")
        rows = list(known.select_for_update(no_key=True))
        for row in rows:
            _count(row, self.joined.get(row.pk, []), now)
        Claim.objects.bulk_update(
            rows,
            [
                "first_seen_at",
                "last_seen_at",
                "mention_count",
                "tally_due_at",
                "version",
                "updated_at",
            ],
        )
        Mention.objects.bulk_update(self.moved.values(), ["claim", "version", "updated_at"])
        self.book.write()

    def _call(self, batch: Collection[Mention]) -> None:
        """Let those that said it first join the claim that was made of it."""
        mine = {row.pk: row for row in batch}
        now = clock.now()
        for pk in [pk for pk in self.called if pk in mine]:
            row, claim_id = mine[pk], self.called.pop(pk)
            row.claim_id = claim_id
            self.joined[claim_id].append(row)
        if not self.called:
            return
        free = Mention.objects.filter(pk__in=self.called, claim=None, claim_set_by_person=False)
        for row in free.order_by("pk").select_for_update(no_key=True):
            row.claim_id = self.called[row.pk]
            row.version, row.updated_at = row.version + 1, now
            self.joined[self.called[row.pk]].append(row)
            self.moved[row.pk] = row


def _count(row: Claim, joined: Collection[Mention], now: datetime) -> None:
    written = [each.written_at for each in joined]
    row.first_seen_at = min([row.first_seen_at, *written])
    row.last_seen_at = max([row.last_seen_at, *written])
    row.mention_count += len(joined)
    due_at = now + due_after(row.mention_count)
    row.tally_due_at = min(row.tally_due_at or due_at, due_at)
    row.version, row.updated_at = row.version + 1, now


def due_after(mentions: int) -> timedelta:
    """Return how long after a mention a claim of so many is counted again."""
    return min(TALLIED_AFTER + mentions * _MORE_PER_MENTION, _LATEST_TALLY)


def group(
    team_id: UUID,
    created: Collection[Mention],
    edited: Collection[Mention],
    signature_of: Callable[[str], Signature],
) -> Grouped | None:
    """Group new mentions, and those whose words have changed; None where there are none.

    Holds the team's book from here on.
    """
    fresh = [row for row in created if row.text and row.deleted_at is None]
    if not fresh and not edited:
        return None
    grouped = Grouped(claim_book.hold(team_id))
    for row in _free(edited):
        grouped.book.no_longer_waits(row.pk)
        grouped.take(row, signature_of(row.text), is_new=False)
    for row in fresh:
        grouped.take(row, signature_of(row.text), is_new=True)
    return grouped


def _free(edited: Collection[Mention]) -> list[Mention]:
    """Return those of which no person said where they belong, as they belong now."""
    if not edited:
        return []
    same = Mention.objects.filter(pk__in=[row.pk for row in edited], claim_set_by_person=False)
    claims = dict(same.values_list("pk", "claim_id"))
    free = [row for row in edited if row.pk in claims]
    for row in free:
        row.claim_id = claims[row.pk]
    return free
