"""In which language a page is answered, and which of its languages a statement is shown in."""

from collections.abc import Mapping

from django.http import HttpRequest
from django.utils.translation.trans_real import parse_accept_lang_header

from responses.status_page.labels import LANGUAGES


def asked_language(request: HttpRequest) -> str:
    """Return the language that `?lang=` asks for, "" for none that we speak."""
    asked = request.GET.get("lang", "")
    return asked if asked in LANGUAGES else ""


def language_of(request: HttpRequest, default: str) -> str:
    """Return the language that `?lang=` asks for, else the browser, else the team's."""
    if asked := asked_language(request):
        return asked
    for accepted, _quality in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        if (language := accepted.partition("-")[0]) in LANGUAGES:
            return language
    return default


def best_of(texts: Mapping[str, dict[str, str]], wanted: str, default: str) -> str:
    """Return the language in which to show a text that may lack the one wanted."""
    return next(each for each in (wanted, default, *sorted(texts)) if each in texts)
