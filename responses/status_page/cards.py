"""A published statement as the templates show it: in one language, with its times in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString

from responses.status_page import labels, plain_text
from responses.status_page.language import best_of
from responses.status_page.reads import Page, Shown


@dataclass(frozen=True, slots=True)
class Time:
    """A moment, for people and for machines."""

    text: str
    iso: str


@dataclass(frozen=True, slots=True)
class Card:
    """One statement; without title and body where its words are withheld."""

    language: str
    path: str
    kind: str
    heading: str
    title: SafeString | None
    body: SafeString | None
    published: Time
    withdrawn: Time | None
    reason: str
    next_update: Time | None
    corrects: str | None
    corrected_by: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """What was said about one matter, the newest first, and the day on which it began."""

    since: str
    cards: list[Card]


def card(shown: Shown, page: Page, wanted: str) -> Card:
    """Return the statement in the language wanted, or in one that it has."""
    language = best_of(shown.texts, wanted, page.language)
    text = None if shown.is_withheld else shown.texts[language]
    kind = str(labels.KINDS.get(shown.kind, shown.kind))
    return Card(
        language=language,
        path=shown.path,
        kind=kind,
        heading=text["title"] if text else kind,
        title=plain_text.line(text["title"]) if text else None,
        body=plain_text.paragraphs(text["body"]) if text else None,
        published=_time(shown.published_at, page),
        withdrawn=_time(shown.retracted_at, page) if shown.retracted_at else None,
        reason=str(labels.REASONS.get(shown.public_reason, "")),
        next_update=_time(shown.next_update_at, page) if shown.next_update_at else None,
        corrects=shown.corrects,
        corrected_by=shown.corrected_by,
    )


def groups(statements: Iterable[Shown], page: Page, wanted: str) -> list[Group]:
    """Put together what is about the same matter; the one spoken of last comes first."""
    matters: dict[object, list[Shown]] = {}
    for shown in statements:
        matters.setdefault(shown.group, []).append(shown)
    return [
        Group(
            since=labels.day(min(shown.published_at for shown in matter), page.zone),
            cards=[card(shown, page, wanted) for shown in matter],
        )
        for matter in matters.values()
    ]


def _time(at: datetime, page: Page) -> Time:
    return Time(labels.moment(at, page.zone), labels.instant(at))
