"""What the public may see of a team, in two queries at most: the page, and what is published there.

Only what holds on every side is shown: a publication of the very revision that was approved, whose
texts still have the hash that was approved.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse

from responses.models import FeedEntry, Statement, StatusPage
from responses.services import texts as wording

log = logging.getLogger(__name__)

PAGE_SIZE = 50
_PUBLIC = ("published", "retracted")


@dataclass(frozen=True, slots=True)
class Page:
    """A public page that is turned on; `stamp` changes with whatever is shown there."""

    id: UUID
    team_id: UUID
    slug: str
    name: str
    language: str
    zone: str
    titles: dict[str, str]
    intros: dict[str, str]
    contact: str
    last_number: int
    stamp: tuple[int, int, int]
    changed_at: datetime

    @property
    def path(self) -> str:
        """Where it is."""
        return reverse("status_page:page", args=[self.slug])

    def title_in(self, language: str) -> str:
        """Return its title in the language, or in one that it has, or the team's name."""
        return self.titles.get(language) or next(filter(None, self.titles.values()), self.name)

    def intro_in(self, language: str) -> str:
        """Return its introduction in the language, or in one that it has."""
        return self.intros.get(language) or next(filter(None, self.intros.values()), "")


@dataclass(frozen=True, slots=True)
class Shown:
    """A statement as the public sees it; `number` is the latest that it has in the feed."""

    id: UUID
    path: str
    number: int
    group: UUID
    kind: str
    texts: dict[str, dict[str, str]]
    published_at: datetime
    retracted_at: datetime | None
    public_reason: str
    next_update_at: datetime | None
    corrects: str | None
    corrected_by: str | None

    @property
    def is_withheld(self) -> bool:
        """Whether its words are not shown any more, though that it was said is."""
        return self.public_reason == Statement.PublicReason.PERSONAL_DATA

    @property
    def changed_at(self) -> datetime:
        """When it was published, or withdrawn."""
        return self.retracted_at or self.published_at


def page_of(slug: str) -> Page | None:
    """Return the team's page; None where there is none, or it is off."""
    row = (
        StatusPage.objects.filter(team__slug=slug, is_enabled=True)
        .values(
            "id", "team_id", "version", "last_number", "updated_at", "contact",
            "title_en", "title_ru", "intro_en", "intro_ru",
            "team__name", "team__language", "team__time_zone", "team__version", "team__updated_at",
        )
        .first()
    )  # fmt: skip
    if row is None:
        return None
    return Page(
        id=row["id"],
        team_id=row["team_id"],
        slug=slug,
        name=row["team__name"],
        language=row["team__language"],
        zone=row["team__time_zone"],
        titles={"en": row["title_en"], "ru": row["title_ru"]},
        intros={"en": row["intro_en"], "ru": row["intro_ru"]},
        contact=row["contact"],
        last_number=row["last_number"],
        stamp=(row["version"], row["last_number"], row["team__version"]),
        changed_at=max(row["updated_at"], row["team__updated_at"]),
    )


def published(page: Page, *, before: int | None = None) -> tuple[list[Shown], int | None]:
    """Return statements in the order in which they were published, the newest first.

    With them comes the number before which older ones are found, None where there are none.
    """
    return _some(page, _entries(page, before).filter(kind="published"))


def latest(page: Page, *, before: int | None = None) -> tuple[list[Shown], int | None]:
    """Return what happened last, each statement once, at its publication or its withdrawal."""
    last = Q(kind="retracted") | Q(publication__status="published")
    return _some(page, _entries(page, before).filter(last))


def one(page: Page, statement_id: UUID) -> Shown | None:
    """Return one published statement of the page."""
    entries = _entries(page, None).filter(kind="published", publication__statement_id=statement_id)
    found = _shown(page, _rows(entries[:1]))
    return found[0] if found else None


def _some(page: Page, entries: QuerySet[FeedEntry]) -> tuple[list[Shown], int | None]:
    rows = _rows(entries.order_by("-number")[: PAGE_SIZE + 1])
    more = rows[PAGE_SIZE - 1]["number"] if len(rows) > PAGE_SIZE else None
    return _shown(page, rows[:PAGE_SIZE]), more


def _entries(page: Page, before: int | None) -> QuerySet[FeedEntry]:
    entries = FeedEntry.objects.filter(
        page=page.id,
        publication__team=page.team_id,
        publication__status__in=_PUBLIC,
        publication__statement__status__in=_PUBLIC,
        publication__statement__team=page.team_id,
        publication__statement__revision=F("publication__revision"),
        publication__statement__approved_revision=F("publication__revision"),
        publication__revision__sha256=F("publication__sha256"),
    )
    return entries if before is None else entries.filter(number__lt=before)


_STATEMENT = "publication__statement__"
_COLUMNS = {
    "statement_id": F("publication__statement_id"),
    "statement_kind": F(f"{_STATEMENT}kind"),
    "published_at": F(f"{_STATEMENT}published_at"),
    "retracted_at": F(f"{_STATEMENT}retracted_at"),
    "public_reason": F(f"{_STATEMENT}public_reason"),
    "next_update_at": F(f"{_STATEMENT}next_update_at"),
    "corrects_id": F(f"{_STATEMENT}corrects_id"),
    "corrects_status": F(f"{_STATEMENT}corrects__status"),
    "group": Coalesce(f"{_STATEMENT}incident__merged_into", f"{_STATEMENT}incident"),
    "texts": F("publication__revision__texts"),
    "sha256": F("publication__sha256"),
}


def _rows(entries: QuerySet[FeedEntry]) -> list[dict[str, Any]]:
    corrections = Statement.objects.filter(
        corrects=OuterRef("publication__statement"), status="published"
    ).order_by("-published_at")
    corrected_by = Subquery(corrections.values("pk")[:1])
    rows: Iterable[Any] = entries.values("number", corrected_by=corrected_by, **_COLUMNS)
    return list(rows)


def _shown(page: Page, rows: Iterable[dict[str, Any]]) -> list[Shown]:
    return [_one(page, row) for row in rows if _is_as_approved(row)]


def _is_as_approved(row: dict[str, Any]) -> bool:
    same = wording.digest(row["texts"]) == row["sha256"]
    if not same:
        log.error("The texts of statement %s are not those that were approved", row["statement_id"])
    return bool(same)


def _one(page: Page, row: dict[str, Any]) -> Shown:
    def path(statement_id: UUID | None) -> str | None:
        if statement_id is None:
            return None
        return reverse("status_page:statement", args=[page.slug, statement_id])

    mine = row["statement_id"]
    return Shown(
        id=mine,
        path=reverse("status_page:statement", args=[page.slug, mine]),
        number=row["number"],
        group=row["group"],
        kind=row["statement_kind"],
        texts=row["texts"],
        published_at=row["published_at"],
        retracted_at=row["retracted_at"],
        public_reason=row["public_reason"],
        next_update_at=row["next_update_at"],
        corrects=path(row["corrects_id"] if row["corrects_status"] in _PUBLIC else None),
        corrected_by=path(row["corrected_by"]),
    )
