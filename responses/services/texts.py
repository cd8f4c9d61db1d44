"""The wording of a statement: what is taken in, its one hash, and whose words live on in it.

Texts are `{language: {"title": …, "body": …}}`: plain text, no HTML and no Markdown. Paragraphs are
separated by blank lines.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from crisis_api.lib.errors import FieldError, Invalid

Texts = dict[str, dict[str, str]]

LANGUAGES = ("en", "ru")
LONGEST = {"title": 200, "body": 20_000}

# All but line feed and tab; and what no XML may hold, which a feed would break on.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# What turns the direction of writing, and line breaks: a title must look like what it is.
_NOT_IN_A_TITLE = re.compile(
    "[\n\t\u2028\u2029\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})


def taken_in(given: Mapping[str, Mapping[str, str]]) -> Texts:
    """Return the texts as they are kept; raise Invalid with all that is wrong with them.

    Line ends become line feeds, as a browser's form sends others. Nothing else is touched.
    """
    errors = list(_errors(given))
    if errors:
        raise Invalid(errors=errors)
    return {
        language: {part: _lines(text[part]) for part in LONGEST}
        for language, text in sorted(given.items())
    }


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _errors(given: Mapping[str, Any]) -> Iterator[FieldError]:
    if not given:
        yield FieldError("/texts", "no_language", _("A statement needs at least one language."))
    for language, text in given.items():
        if language not in LANGUAGES:
            yield FieldError(f"/texts/{language}", "unknown_language", ", ".join(LANGUAGES))
        elif not isinstance(text, Mapping) or set(text) != set(LONGEST):
            yield FieldError(f"/texts/{language}", "incomplete", _("Expected a title and a body."))
        else:
            for part, value in text.items():
                problem = _problem(part, value)
                if problem is not None:
                    yield FieldError(f"/texts/{language}/{part}", *problem)


def _problem(part: str, value: Any) -> tuple[str, str] | None:
    if not isinstance(value, str):
        return "wrong_type", _("Expected a text.")
    text = _lines(value)
    if _CONTROL.search(text) or (part == "title" and _NOT_IN_A_TITLE.search(text)):
        return "forbidden_character", _("It holds a character that is not allowed here.")
    if all(unicodedata.category(character) in _UNSEEN for character in text):
        return "blank", _("This may not be blank.")
    if len(text) > LONGEST[part]:
        return "max_length", _("At most %(count)d characters.") % {"count": LONGEST[part]}
    return None


def digest(texts: Mapping[str, Mapping[str, str]]) -> str:
    """Return the SHA-256 over the canonical JSON of the texts in all their languages."""
    canonical = json.dumps(texts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()


def shares_words(one: Mapping[str, Mapping[str, str]], other: Mapping[str, Any]) -> bool:
    """Whether a title or a line of the one stands in the other too, however it is capitalised."""
    return bool(_passages(one) & _passages(other))


def _passages(texts: Mapping[str, Mapping[str, str]]) -> set[str]:
    return {
        " ".join(line.casefold().split())
        for text in texts.values()
        for part in text.values()
        for line in part.split("\n")
        if line.strip()
    }
