"""What a network told of becomes what is stored: somebody's words, and who can see them.

Our own words are left out, and looked into where nothing of ours explains them. What nobody knows
yet stays on its receipt, to be looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from incidents.channels.protocol import (
    EventKind,
    ParsedEvent,
    ParsedMention,
    ParseError,
    ParseOutcome,
    Visibility,
)
from incidents.models import Account, Connection
from incidents.services import own_words

_SEEN: Final = frozenset(
    {
        EventKind.COMMENT_HIDDEN,
        EventKind.COMMENT_RESTRICTED,
        EventKind.COMMENT_PUBLISHED,
        EventKind.MENTION_RESTRICTED,
    }
)
# What our own doing is called where somebody has to look into it.
_OURS: Final = {
    EventKind.COMMENT_CREATED: "comment",
    EventKind.MESSAGE_SENT: "message",
    EventKind.PUBLICATION_VISIBLE: "post",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What is to be stored of one receipt, and what could not be read of it."""

    mentions: tuple[ParsedMention, ...]
    errors: tuple[ParseError, ...]


def sort_out(account: Account, outcomes: Sequence[ParseOutcome], now: datetime) -> list[Told]:
    """Return what is to be stored of each receipt, in their order."""
    events = [event for outcome in outcomes for event in outcome.events]
    ids = {found for event in events for found in (_id_of(event),) if found}
    ours = own_words.known(account, ids)
    writer = _writer(account)
    mine = {
        id(event) for event in events if _id_of(event) in ours or _is_ours(event, account, writer)
    }
    for event in events:
        what = _OURS.get(event.kind)
        found = _id_of(event)
        if id(event) in mine and what and found and found not in ours:
            own_words.look_into(account, what, found, now)
    shown = {event.external_id for event in events if event.kind is EventKind.COMMENT_PUBLISHED}
    known = set(
        account.mentions.filter(external_id__in=shown).values_list("external_id", flat=True)
        if shown
        else ()
    )
    return [_of(outcome, mine, known) for outcome in outcomes]


def _of(outcome: ParseOutcome, mine: set[int], known: set[str]) -> Told:
    if not outcome.events:
        return Told(outcome.mentions, outcome.errors)
    mentions: list[ParsedMention] = []
    errors = list(outcome.errors)
    for event in outcome.events:
        if event.kind is EventKind.UNKNOWN:
            params = {"event": event.name, "reason": event.reason[:100]}
            errors.append(ParseError(1, "/event", "unknown_event", params))
        elif id(event) in mine or event.mention is None:
            continue
        elif event.kind in _SEEN:
            # That a comment can be seen is news only where it was known, or hidden before.
            if event.kind is not EventKind.COMMENT_PUBLISHED or event.external_id in known:
                mentions.append(_seen(event, event.mention))
        elif event.mention in outcome.mentions:
            mentions.append(event.mention)
    return Told(tuple(mentions), tuple(errors))


def _seen(event: ParsedEvent, mention: ParsedMention) -> ParsedMention:
    hidden = event.visibility is not Visibility.PUBLIC
    return replace(mention, hidden=hidden, deleted=False, seen_at=event.occurred_at)


def _is_ours(event: ParsedEvent, account: Account, writer: str) -> bool:
    author = event.author_external_id
    return event.own is True or (bool(author) and author in (writer, account.external_id))


def _id_of(event: ParsedEvent) -> str | None:
    if event.kind is EventKind.PUBLICATION_VISIBLE:
        return event.post_external_id or event.external_id
    return event.external_id


def _writer(account: Account) -> str:
    mine = Connection.objects.filter(account_id=account.pk)
    return mine.values_list("writer_external_id", flat=True).first() or ""
