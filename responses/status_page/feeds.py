"""The feeds: what was published or withdrawn last, each statement once, by falling number.

Numbers rise in the order in which it was committed, so a reader who has seen number 7 has missed
nothing below it. An entry keeps its id for ever; a withdrawal renews it.
"""

import json
from collections.abc import Callable, Sequence
from io import StringIO
from typing import Any
from xml.sax.xmlreader import AttributesImpl

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.xmlutils import SimplerXMLGenerator

from responses.status_page import cards, labels, plain_text
from responses.status_page.reads import Page, Shown

Write = Callable[[Page, Sequence[Shown], str, int | None], bytes]

_NUMBER = "urn:crisis-api:feed-number"
_STATUS = "urn:crisis-api:statement-status"


def atom(page: Page, statements: Sequence[Shown], language: str, more: int | None) -> bytes:
    """Return the feed as Atom (RFC 4287)."""
    home, changed = _home(page), max((each.changed_at for each in statements), default=None)
    out = StringIO()
    xml = SimplerXMLGenerator(out, "utf-8")
    xml.startDocument()
    names = {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": language}
    xml.startElement("feed", AttributesImpl(names))
    xml.addQuickElement("id", home)
    xml.addQuickElement("title", _title(page, language))
    xml.addQuickElement("updated", labels.instant(changed or page.changed_at))
    xml.addQuickElement("link", attrs={"rel": "alternate", "type": "text/html", "href": home})
    xml.addQuickElement("link", attrs={"rel": "self", "href": _address(page, "atom", language)})
    if more:
        older = _address(page, "atom", language, more)
        xml.addQuickElement("link", attrs={"rel": "next", "href": older})
    xml.startElement("author", AttributesImpl({}))
    xml.addQuickElement("name", page.name)
    xml.endElement("author")
    for shown in statements:
        _entry(xml, page, shown, language)
    xml.endElement("feed")
    xml.endDocument()
    return out.getvalue().encode("utf-8")


def _entry(xml: SimplerXMLGenerator, page: Page, shown: Shown, language: str) -> None:
    card = cards.card(shown, page, language)
    xml.startElement("entry", AttributesImpl({"xml:lang": card.language}))
    xml.addQuickElement("id", f"urn:uuid:{shown.id}")
    xml.addQuickElement("title", _heading(card))
    xml.addQuickElement("published", labels.instant(shown.published_at))
    xml.addQuickElement("updated", labels.instant(shown.changed_at))
    address = settings.PUBLIC_URL + shown.path
    xml.addQuickElement("link", attrs={"rel": "alternate", "type": "text/html", "href": address})
    xml.addQuickElement("category", attrs={"term": shown.kind, "label": card.kind})
    xml.addQuickElement("category", attrs={"scheme": _NUMBER, "term": str(shown.number)})
    xml.addQuickElement("category", attrs={"scheme": _STATUS, "term": _status(shown)})
    xml.addQuickElement("content", _content(card), {"type": "html"})
    xml.endElement("entry")


def json_feed(page: Page, statements: Sequence[Shown], language: str, more: int | None) -> bytes:
    """Return the feed as JSON Feed 1.1."""
    feed: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _title(page, language),
        "home_page_url": _home(page),
        "feed_url": _address(page, "json", language),
        "language": language,
        "items": [_item(page, shown, language) for shown in statements],
    }
    if more:
        feed["next_url"] = _address(page, "json", language, more)
    return json.dumps(feed, ensure_ascii=False).encode("utf-8")


def _item(page: Page, shown: Shown, language: str) -> dict[str, Any]:
    card = cards.card(shown, page, language)
    return {
        "id": f"urn:uuid:{shown.id}",
        "url": settings.PUBLIC_URL + shown.path,
        "title": _heading(card),
        "content_html": _content(card),
        "language": card.language,
        "date_published": labels.instant(shown.published_at),
        "date_modified": labels.instant(shown.changed_at),
        "tags": [shown.kind],
        "_crisis_api": {"number": shown.number, "status": _status(shown)},
    }


def _heading(card: cards.Card) -> str:
    title = plain_text.visible(card.heading)
    return _("Withdrawn: %(title)s") % {"title": title} if card.withdrawn else title


def _content(card: cards.Card) -> str:
    parts: list[str] = []
    if card.withdrawn:
        told = _("Withdrawn %(at)s.") % {"at": card.withdrawn.text}
        parts.append(plain_text.paragraphs(f"{told} {card.reason}".strip()))
    if card.body:
        parts.append(card.body)
    if card.next_update and not card.withdrawn:
        told = _("Next update by %(at)s.") % {"at": card.next_update.text}
        parts.append(plain_text.paragraphs(told))
    for path, told in (
        (card.corrects, _("This corrects an earlier statement: %(address)s")),
        (card.corrected_by, _("This was corrected by a later statement: %(address)s")),
    ):
        if path:
            parts.append(plain_text.paragraphs(told % {"address": settings.PUBLIC_URL + path}))
    return "\n".join(parts)


def _status(shown: Shown) -> str:
    return "retracted" if shown.retracted_at else "published"


def _title(page: Page, language: str) -> str:
    return plain_text.visible(page.title_in(language))


def _home(page: Page) -> str:
    return str(settings.PUBLIC_URL) + page.path


def _address(page: Page, kind: str, language: str, before: int | None = None) -> str:
    older = f"&before={before}" if before else ""
    return f"{_home(page)}feed.{kind}?lang={language}{older}"
