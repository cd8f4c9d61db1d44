"""What a receipt says becomes mentions, their authors and posts, and joins or opens an incident.

    received = receive(account, parsed, receipt=receipt, now=clock.now())

Works in sets: a batch of up to 500 takes a handful of statements, and texts are scored before
anything is locked. Batches of one account come one after another, under the lock of its row, so
that each sees the storm that the one before it opened.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from django.db import transaction

from crisis_api.lib import clock
from crisis_api.lib.errors import NotFound
from incidents.channels.protocol import ParsedMention
from incidents.intake import grouped, sources, storms
from incidents.intake.news import CONTENT, Desk, Scores, key_of, leaks
from incidents.intake.storms import Gathered
from incidents.models import Account, Mention, Receipt
from incidents.services import queue

AT_ONCE: Final = 500

Result = Literal["created", "updated", "unchanged"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one parsed mention."""

    mention_id: UUID
    external_id: str
    result: Result


@dataclass(frozen=True, slots=True)
class Received:
    """What a batch came to, in its order, and the incidents that took some of it in."""

    outcomes: tuple[Outcome, ...] = ()
    incidents: tuple[Gathered, ...] = ()
    negative: int = 0

    def _count(self, result: Result) -> int:
        return sum(outcome.result == result for outcome in self.outcomes)

    @property
    def created(self) -> int:
        """How many were not known before."""
        return self._count("created")

    @property
    def updated(self) -> int:
        """How many said something new of a known mention."""
        return self._count("updated")

    @property
    def unchanged(self) -> int:
        """How many said nothing new."""
        return self._count("unchanged")

    def __add__(self, other: "Received") -> "Received":
        return Received(
            self.outcomes + other.outcomes,
            storms.together(self.incidents + other.incidents),
            self.negative + other.negative,
        )


def receive(
    account: Account, parsed: Sequence[ParsedMention], *, receipt: Receipt, now: datetime
) -> Received:
    """Store what was parsed, and return what became of each.

    Safe to repeat: one mention per account and id on the network. More than 500 are stored in
    several transactions.
    """
    received = Received()
    for start in range(0, len(parsed), AT_ONCE):
        batch = parsed[start : start + AT_ONCE]
        received += store(account, batch, judge(account, batch), receipt=receipt, now=now)
    return received


def judge(account: Account, parsed: Sequence[ParsedMention]) -> Scores:
    """Score the texts that are not stored yet, which is slow, before anything is locked."""
    ids = {key_of(each) for each in parsed}
    known = account.mentions.filter(external_id__in=ids).order_by()
    stored = set(known.values_list("external_id", "text"))
    return Scores(
        each.text for each in parsed if each.text and (key_of(each), each.text) not in stored
    )


@transaction.atomic(savepoint=False)
def store(
    account: Account,
    parsed: Sequence[ParsedMention],
    scores: Scores,
    *,
    receipt: Receipt,
    now: datetime,
    brought_by: Sequence[Receipt] = (),
) -> Received:
    """Store at most 500 parsed mentions whose texts are scored, in one transaction.

    `brought_by` names the receipt of each, where they are of several.
    """
    account = _hold(account)
    batch = _Batch(account, parsed, Desk(account, receipt, scores, now), brought_by)
    claims = batch.group(scores)
    # Incidents are locked before mentions, here as everywhere.
    watch = storms.watch(account, batch.turned()) if batch.touches_incidents() else None
    batch.hold()
    storms.recount(batch.turned(), watch)
    if claims is not None:
        claims.write(batch.rows.values())
    batch.write(now)
    gathered = watch.gather(batch.fresh(), now=now) if watch is not None else ()
    created = batch.created.values()
    return Received(batch.outcomes(), gathered, sum(row.is_negative for row in created))


def _hold(account: Account) -> Account:
    """Lock the account until the transaction ends: its batches come one after another."""
    rows = Account.objects.select_for_update(no_key=True, of=("self",)).select_related("team")
    found: Account | None = rows.filter(pk=account.pk).first()
    if found is None:
        raise NotFound("This account is gone.")
    return found


class _Batch:
    """The rows of one batch: those that are new, those that change, and what they were before."""

    def __init__(
        self,
        account: Account,
        parsed: Sequence[ParsedMention],
        desk: Desk,
        brought_by: Sequence[Receipt] = (),
    ) -> None:
        self.account = account
        self.keys = [key_of(each) for each in parsed]
        known = account.mentions.filter(external_id__in=set(self.keys)).order_by()
        self.rows: dict[str, Mention] = {row.external_id: row for row in known}
        self.said = {row.pk: row.text for row in self.rows.values()}
        self.was_negative = {row.pk: row.is_negative for row in self.rows.values()}
        self.leaked = {row.pk: leaks(row) for row in self.rows.values()}
        self.sources = sources.ensure(account, parsed, receipt=desk.receipt)
        self.created: dict[UUID, Mention] = {}
        self.changed: dict[UUID, Mention] = {}
        self.results: list[Result] = []
        self.news: list[ParsedMention] = []
        for place, (key, each) in enumerate(zip(self.keys, parsed, strict=True)):
            if brought_by:
                desk.receipt = brought_by[place]
            self.results.append(self._take(key, each, desk))

    def _take(self, key: str, parsed: ParsedMention, desk: Desk) -> Result:
        author, post = self.sources.author_of(parsed), self.sources.post_of(parsed)
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = desk.fresh(parsed, author, post)
            self.created[row.pk] = row
            self.news.append(parsed)
            return "created"
        if not desk.apply(row, parsed, author, post):
            return "unchanged"
        self.news.append(parsed)
        if row.pk not in self.created:
            self.changed[row.pk] = row
        return "updated"

    def group(self, scores: Scores) -> grouped.Grouped | None:
        """Let what says something new join the claims that it repeats."""
        edited = [row for row in self.changed.values() if row.text != self.said[row.pk]]
        return grouped.group(
            self.account.team_id, self.created.values(), edited, scores.signature_of
        )

    def hold(self) -> None:
        """Lock the rows that change, in the order of their ids.

        Somebody may have attached one of them by hand since it was read, or dealt with it.
        """
        if not self.changed:
            return
        same = Mention.objects.filter(pk__in=self.changed).order_by("pk")
        stored = same.select_for_update(no_key=True).values_list(
            "pk", "version", "incident_id", "handled_at"
        )
        now = clock.now()
        for pk, version, incident, handled_at in stored:
            row = self.changed[pk]
            row.version, row.updated_at, row.incident_id = version + 1, now, incident
            row.handled_at = handled_at

    def write(self, now: datetime) -> None:
        """Write what is new and what has changed, each with its place in the queue."""
        sources.refresh(self.sources, self.news)
        queue.place_all(
            [*self.created.values(), *self.changed.values()],
            now=now,
            authors={row.pk: row for row in self.sources.authors.values()},
            posts={row.pk: row for row in self.sources.posts.values()},
        )
        Mention.objects.bulk_create(self.created.values())
        if not self.changed:
            return
        columns = [*CONTENT, *queue.COLUMNS, "version", "updated_at"]
        Mention.objects.bulk_create(
            self.changed.values(),
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=[Mention._meta.get_field(name).name for name in columns],
        )

    def touches_incidents(self) -> bool:
        """Whether anything here can open, join or recount an incident."""
        return bool(self.turned()) or bool(self.fresh())

    def turned(self) -> dict[UUID, int]:
        """Return by how many negative mentions each incident gains or loses through edits."""
        turned: dict[UUID, int] = {}
        for row in self.changed.values():
            by = int(row.is_negative) - int(self.was_negative[row.pk])
            if row.incident_id is not None and by:
                turned[row.incident_id] = turned.get(row.incident_id, 0) + by
        return turned

    def fresh(self) -> list[Mention]:
        """Return those that nobody has looked at for a storm: the negative, and leaked data."""
        edited = [
            row
            for row in self.changed.values()
            if row.is_negative > self.was_negative[row.pk] or leaks(row) > self.leaked[row.pk]
        ]
        return [
            row
            for row in [*self.created.values(), *edited]
            if (row.is_negative or leaks(row)) and row.incident_id is None
        ]

    def outcomes(self) -> tuple[Outcome, ...]:
        """Return what became of each, in the order in which they came."""
        return tuple(
            Outcome(self.rows[key].pk, key, result)
            for key, result in zip(self.keys, self.results, strict=True)
        )
