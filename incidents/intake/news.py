"""What one parsed mention changes about the row that stands for it.

The latest platform time wins, whatever the order of arrival; of two with the same time, what came
with the later receipt. A deletion may come before what it deletes, and is never taken back.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from crisis_api.lib.folding import fold
from incidents.channels.manual.records import derived_id
from incidents.channels.protocol import ParsedMention
from incidents.intake.claims import Signature, signature
from incidents.intake.scoring import Score, score
from incidents.models import Account, Mention, Receipt

# What news may change, and so what is written when it does.
CONTENT: Final = (
    "kind",
    "post_id",
    "author_id",
    "receipt_id",
    "parent_external_id",
    "url",
    "text",
    "search_text",
    "language",
    "negativity",
    "risk",
    "is_negative",
    "reasons",
    "written_at",
    "scored_at",
    "deleted_at",
    "hidden_at",
    "visibility_at",
    "answer_by",
)

# From this weight on it is surely a person's: telephone numbers weigh 75 and more, addresses 70.
LEAK_FROM: Final = 70


def key_of(parsed: ParsedMention) -> str:
    """Return the mention's id on its network, made of what it says where the network gave none."""
    return parsed.external_id or derived_id(
        parsed.account_handle, parsed.author_external_id, parsed.text, parsed.written_at
    )


def leaks(row: Mention) -> bool:
    """Whether it surely gives away how to reach or harm somebody, whatever its tone."""
    return any(
        reason["code"] == "personal_data" and reason["weight"] >= LEAK_FROM
        for reason in row.reasons
        if isinstance(reason, dict)
    )


class Scores:
    """The scores of a batch's texts and what they are compared by, each worked out once."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._known: dict[str, Score] = {text: score(text) for text in dict.fromkeys(texts)}
        self._signatures = {text: signature(text) for text in self._known}

    def signature_of(self, text: str) -> Signature:
        """Return what a text is compared by."""
        found = self._signatures.get(text)
        if found is None:
            found = self._signatures[text] = signature(text)
        return found

    def of(self, text: str) -> Score:
        """Return the score of a text."""
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = score(text)
        return found


class Desk:
    """Turns parsed mentions into rows of one account, as one receipt brought them."""

    def __init__(self, account: Account, receipt: Receipt, scores: Scores, now: datetime) -> None:
        self.account = account
        self.receipt = receipt
        self.scores = scores
        self.now = now

    def fresh(self, parsed: ParsedMention, author: UUID | None, post: UUID | None) -> Mention:
        """Return the unsaved row of something heard of for the first time."""
        row = Mention(
            team_id=self.account.team_id,
            account=self.account,
            external_id=key_of(parsed),
            receipt=self.receipt,
            received_at=self.receipt.received_at,
            written_at=parsed.written_at,
            actor_type=self.receipt.actor_type,
            actor_id=self.receipt.actor_id,
        )
        self._write(row, parsed, author, post)
        if parsed.hidden:
            row.hidden_at = parsed.seen_at or self.now
        row.visibility_at = parsed.seen_at
        if parsed.deleted:
            # A bare deletion tells when it was deleted and not when it was written.
            row.deleted_at = self.now if parsed.text else parsed.written_at
        return row

    def apply(
        self, row: Mention, parsed: ParsedMention, author: UUID | None, post: UUID | None
    ) -> bool:
        """Change the row in hand by what is new; return whether anything was."""
        before = [getattr(row, name) for name in CONTENT]
        # Made by what came before its words: by a deletion, by being hidden.
        only_heard_of = not row.text
        later = parsed.written_at > row.written_at
        if parsed.deleted and row.deleted_at is None:
            row.deleted_at = parsed.written_at if later else self.now
        if parsed.text and (only_heard_of or self._is_newer(parsed, row)):
            if later and not parsed.hidden and not only_heard_of and row.visibility_at is None:
                row.hidden_at = None
            row.written_at = parsed.written_at
            self._write(row, parsed, author, post)
        else:
            self._fill(row, parsed, author, post)
        if parsed.seen_at is not None:
            self._see(row, parsed, parsed.seen_at)
        elif parsed.hidden and row.hidden_at is None and parsed.written_at >= row.written_at:
            row.hidden_at = self.now
        changed = before != [getattr(row, name) for name in CONTENT]
        if changed:
            row.receipt = self.receipt
        return changed

    def _see(self, row: Mention, parsed: ParsedMention, at: datetime) -> None:
        """The latest word on who can see it counts, in whatever order the words come."""
        if row.visibility_at is not None and at < row.visibility_at:
            return
        row.visibility_at = at
        row.hidden_at = (row.hidden_at or at) if parsed.hidden else None

    def _is_newer(self, parsed: ParsedMention, row: Mention) -> bool:
        if parsed.written_at != row.written_at:
            return parsed.written_at > row.written_at
        # Ids of receipts rise with time, so one that is read again late changes nothing back.
        return row.receipt_id is None or self.receipt.pk >= row.receipt_id

    def _write(
        self, row: Mention, parsed: ParsedMention, author: UUID | None, post: UUID | None
    ) -> None:
        row.kind = parsed.kind.value
        row.author_id = author or row.author_id
        row.post_id = post or row.post_id
        row.url = parsed.url or row.url
        row.parent_external_id = parsed.parent_external_id or row.parent_external_id
        row.answer_by = parsed.answer_by or row.answer_by
        if parsed.text and parsed.text != row.text:
            self._judge(row, parsed)
        elif parsed.language:
            row.language = parsed.language

    def _fill(
        self, row: Mention, parsed: ParsedMention, author: UUID | None, post: UUID | None
    ) -> None:
        """Take from older news only what nothing is known of yet."""
        row.author_id = row.author_id or author
        row.post_id = row.post_id or post
        row.url = row.url or parsed.url
        row.parent_external_id = row.parent_external_id or parsed.parent_external_id or ""
        row.answer_by = row.answer_by or parsed.answer_by

    def _judge(self, row: Mention, parsed: ParsedMention) -> None:
        judged = self.scores.of(parsed.text)
        row.text = parsed.text
        row.search_text = fold(parsed.text)
        row.language = parsed.language or judged.language
        row.negativity = judged.negativity
        row.risk = judged.risk
        row.is_negative = judged.is_negative
        row.reasons = [_reason(found) for found in judged.reasons]
        row.scored_at = self.now


def _reason(found: Any) -> dict[str, Any]:
    return {
        "code": found.code,
        "start": found.start,
        "end": found.end,
        "weight": found.weight,
    }
