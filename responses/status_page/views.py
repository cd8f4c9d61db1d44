"""`/status/<team>/`: what the brand has said in public, as a page and as feeds."""

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from crisis_api import __version__
from crisis_api.lib import clock
from responses.status_page import cards, feeds, labels, plain_text, reads
from responses.status_page.language import asked_language, language_of

_STYLE = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# Short, because a withdrawal must be seen soon; long enough that a proxy carries a rush.
_CACHE = "public, max-age=15, stale-while-revalidate=30, stale-if-error=3600"
# HTTP's times have whole seconds: what changed in this one may change in it again.
_SETTLED = timedelta(seconds=2)

Make = Callable[[reads.Page, str], bytes]


@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show the statements of a team, the newest first."""
    before = _before(request)

    def make(page: reads.Page, language: str) -> bytes:
        shown, more = reads.published(page, before=before)
        return _html(
            "page",
            request,
            page,
            language,
            intro=plain_text.paragraphs(page.intro_in(language)),
            groups=cards.groups(shown, page, language),
            more=more,
        )

    return _answer(request, slug, make, "text/html", before)


@require_safe
def statement(request: HttpRequest, slug: str, statement_id: UUID) -> HttpResponseBase:
    """Show one statement, at an address that stays."""

    def make(page: reads.Page, language: str) -> bytes:
        shown = reads.one(page, statement_id)
        if shown is None:
            raise Http404
        card = cards.card(shown, page, language)
        return _html("statement", request, page, language, path=shown.path, card=card)

    return _answer(request, slug, make, "text/html")


@require_safe
def atom(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Serve the statements as an Atom feed."""
    return _feed(request, slug, feeds.atom, "application/atom+xml")


@require_safe
def json_feed(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Serve the statements as a JSON feed."""
    return _feed(request, slug, feeds.json_feed, "application/feed+json")


def _feed(
    request: HttpRequest, slug: str, write: feeds.Write, content_type: str
) -> HttpResponseBase:
    before = _before(request)

    def make(page: reads.Page, language: str) -> bytes:
        shown, more = reads.latest(page, before=before)
        return write(page, shown, language, more)

    response = _answer(request, slug, make, content_type, before)
    # It is public already: pages of others may read it, too.
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _answer(
    request: HttpRequest, slug: str, make: Make, content_type: str, *parts: Any
) -> HttpResponseBase:
    """Answer with what `make` writes, or 304, for which reading the page's own row is enough."""
    page = reads.page_of(slug)
    if page is None:
        raise Http404
    language = language_of(request, page.language)
    etag = _etag(page, language, asked_language(request), request.path, *parts)
    settled = page.changed_at < clock.now() - _SETTLED
    modified = int(page.changed_at.timestamp()) if settled else None
    response = get_conditional_response(request, etag=etag, last_modified=modified)
    if response is None:
        with translation.override(language):
            body = make(page, language)
        response = HttpResponse(body, content_type=f"{content_type}; charset=utf-8")
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = _CACHE
    response.headers["Content-Language"] = language
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Vary"] = "Accept-Language"
    if modified is not None:
        response.headers["Last-Modified"] = http_date(modified)
    return response


def _etag(page: reads.Page, *parts: Any) -> str:
    seen = [__version__, settings.PUBLIC_URL, str(page.id), page.stamp, *parts]
    return f'"{hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:32]}"'


def _before(request: HttpRequest) -> int | None:
    """Return the number in the feed before which older statements are asked for."""
    text = request.GET.get("before", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _html(
    template: str, request: HttpRequest, page: reads.Page, language: str, **context: Any
) -> bytes:
    asked = asked_language(request)
    title = page.title_in(language)
    context = {
        "style": SafeString(_STYLE),
        "language": language,
        "languages": labels.LANGUAGES.items(),
        "suffix": f"?lang={asked}" if asked else "",
        "home": page.path,
        "canonical": settings.PUBLIC_URL + context.pop("path", page.path),
        "title": plain_text.visible(title),
        "title_html": plain_text.line(title),
        "contact": plain_text.line(page.contact) if page.contact else "",
        **context,
    }
    return render_to_string(f"status_page/{template}.html", context).encode("utf-8")
