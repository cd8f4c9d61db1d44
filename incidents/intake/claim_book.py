"""What a team has heard so far, as rows, and remembered by each process that groups mentions.

    with_book = claim_book.hold(team_id)      # in a transaction; others of the team wait
    part = with_book.hear(signature)          # what it joined or began
    with_book.write()

A process remembers what it has read and reads only what has changed since, so a mention costs no
query. What it remembers is kept when the transaction commits, and read anew when it does not.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Final
from uuid import UUID

from django.db import transaction

from crisis_api.lib import clock
from crisis_api.lib.ids import uuid7
from incidents.intake.claims import Centroid, Rarity, Signature, refused
from incidents.intake.grouping import MAX_BEGINNINGS, Grouping
from incidents.models import ClaimBook, ClaimPart, ClaimRarity

MAX_TEAMS: Final = 8
MAX_REFUSED: Final = 1_000
_NEVER: Final = 1 << 62
_remembered: "OrderedDict[UUID, Book]" = OrderedDict()
_remembering = Lock()


@dataclass(slots=True)
class Book:
    """The book of one team, held: each part, whose claim it is, and who waits to make it one."""

    team_id: UUID
    revision: int = 0
    grouping: Grouping = field(
        default_factory=lambda: Grouping(new_id=lambda: str(uuid7()), reckoned_every=_NEVER)
    )
    owners: dict[str, UUID] = field(default_factory=dict)
    waiting: dict[str, list[str]] = field(default_factory=dict)
    touched: dict[str, None] = field(default_factory=dict)

    def hear(self, mention: Signature) -> str | None:
        """Return the part that a mention joined or began, None where it says too little."""
        part = self.grouping.take_signature(mention)
        if part is not None:
            self.touched[part] = None
        return part

    def said(self, part: str) -> int:
        """Return how many mentions have said it."""
        return self.grouping.claims[part].mentions if part in self.grouping.claims else 0

    def no_longer_waits(self, mention_id: UUID) -> None:
        """Forget that a mention waits: it says something else now."""
        for part, waiting in self.waiting.items():
            if str(mention_id) in waiting:
                waiting.remove(str(mention_id))
                self.touched[part] = None

    def refuse(self, claim_id: UUID, mentions: Sequence[Signature]) -> None:
        """Let mentions and their exact copies never join a claim again."""
        for part in [part for part, owner in self.owners.items() if owner == claim_id]:
            centroid = self.grouping.claims.get(part)
            if centroid is None or len(centroid.refused) >= MAX_REFUSED:
                continue
            for each in mentions:
                centroid = refused(centroid, each)
            self.grouping.claims[part] = centroid
            self.touched[part] = None

    def give(self, claim_id: UUID, into: UUID) -> None:
        """Give all parts of a claim to another one, which is found by what either says."""
        for part in [part for part, owner in self.owners.items() if owner == claim_id]:
            self.owners[part] = into
            self.touched[part] = None

    def add(self, claim_id: UUID, centroid: Centroid) -> None:
        """Let a claim be found by something that is said."""
        self.grouping.recall(centroid)
        self.owners[centroid.claim] = claim_id
        self.touched[centroid.claim] = None

    def write(self) -> None:
        """Store what has changed, and remember it once that is committed."""
        if self.touched:
            self.revision += 1
            ClaimBook.objects.filter(team_id=self.team_id).update(revision=self.revision)
            self._write_parts()
            self.touched.clear()
        self._write_rarity()
        transaction.on_commit(self._remember)

    def _write_parts(self) -> None:
        dropped = {part for part in self.grouping.dropped if part not in self.grouping.claims}
        self.grouping.dropped.clear()
        now = clock.now()
        ClaimPart.objects.bulk_create(
            [
                self._row(self.grouping.claims[part], now)
                for part in self.touched
                if part in self.grouping.claims
            ],
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=[
                "claim",
                "words",
                "mentions",
                "bins",
                "refused",
                "waiting",
                "heard_at",
                "revision",
            ],
        )
        if dropped:
            ClaimPart.objects.filter(pk__in=dropped, claim=None).delete()
            for part in dropped:
                self.waiting.pop(part, None)

    def _row(self, centroid: Centroid, now: datetime) -> ClaimPart:
        part = centroid.claim
        return ClaimPart(
            id=UUID(part),
            team_id=self.team_id,
            claim_id=self.owners.get(part),
            words=dict(centroid.words),
            mentions=centroid.mentions,
            bins=list(centroid.bins),
            refused=sorted(centroid.refused),
            waiting=self.waiting.get(part, []),
            heard_at=now,
            revision=self.revision,
        )

    def _write_rarity(self) -> None:
        """Count what was heard, now and then: what is usual changes slowly, and its row is large.

        What a process that dies has not counted is lost, which changes no figure that anybody sees.
        """
        grouping = self.grouping
        enough = min(20 + grouping.rarity.total // 20, 500)
        if len(grouping.unreckoned) < enough:
            return
        row = ClaimRarity.objects.select_for_update().filter(team_id=self.team_id).first()
        known = Rarity(row.counts, row.total) if row else Rarity()
        grouping.rarity = known.after(grouping.unreckoned)
        grouping.unreckoned.clear()
        counted = ClaimRarity(
            team_id=self.team_id,
            counts=dict(grouping.rarity.counts),
            total=grouping.rarity.total,
        )
        ClaimRarity.objects.bulk_create(
            [counted],
            update_conflicts=True,
            unique_fields=["team"],
            update_fields=["counts", "total"],
        )

    def catch_up(self, revision: int) -> None:
        """Read what other processes have heard since."""
        rows = ClaimPart.objects.filter(team_id=self.team_id, revision__gt=self.revision)
        latest = rows.order_by("-revision", "-pk")[:MAX_BEGINNINGS]
        for row in reversed(latest):
            part = str(row.pk)
            self.grouping.recall(
                Centroid(part, row.words, row.mentions, tuple(row.bins), frozenset(row.refused))
            )
            self.waiting[part] = row.waiting
            if row.claim_id is not None:
                self.owners[part] = row.claim_id
        self.revision = revision

    def _remember(self) -> None:
        with _remembering:
            _remembered[self.team_id] = self
            _remembered.move_to_end(self.team_id)
            if len(_remembered) > MAX_TEAMS:
                _remembered.popitem(last=False)


def hold(team_id: UUID) -> Book:
    """Lock the team's book until the transaction ends, and return it as it is now.

    Before incidents and mentions, where those are locked, too. A book is in one hand at a time.
    """
    mine = ClaimBook.objects.select_for_update(no_key=True).filter(team_id=team_id)
    row = mine.first()
    if row is None:
        ClaimBook.objects.bulk_create([ClaimBook(team_id=team_id)], ignore_conflicts=True)
        row = mine.get()
    with _remembering:
        book = _remembered.pop(team_id, None)
    if book is None or book.revision > row.revision:
        book = Book(team_id)
        counted = ClaimRarity.objects.filter(team_id=team_id).first()
        if counted is not None:
            book.grouping.rarity = Rarity(counted.counts, counted.total)
    if book.revision < row.revision:
        book.catch_up(row.revision)
    return book
