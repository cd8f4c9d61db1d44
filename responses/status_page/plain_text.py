"""Turns plain text into safe HTML: everything is escaped, web addresses become links.

Characters that turn the direction of writing are shown by name, so that no text looks like another.
"""

import re
from collections.abc import Iterator
from html import escape

from django.utils.safestring import SafeString

_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Up to a space, a quote or anything invisible; brackets and stops at its end are no part of it.
_ADDRESS = re.compile(
    r"https?://[^\s<>\"'`\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+",
    re.IGNORECASE,
)
_AFTER_AN_ADDRESS = ".,;:!?…»”’*_"
_BRACKETS = {")": "(", "]": "[", "}": "{"}


def paragraphs(text: str) -> SafeString:
    """Return the text as HTML paragraphs; blank lines separate them, line ends are kept."""
    return SafeString(
        "\n".join(
            '<p dir="auto"><bdi>' + "<br>\n".join(_linked(each) for each in block) + "</bdi></p>"
            for block in _blocks(text)
        )
    )


def line(text: str) -> SafeString:
    """Return one line as HTML, without links."""
    return SafeString(f"<bdi>{_inert(text)}</bdi>")


def visible(text: str) -> str:
    """Return the text with the characters that turn the writing named: for places without HTML."""
    return _TURNS.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def _blocks(text: str) -> Iterator[list[str]]:
    block: list[str] = []
    for each in text.split("\n"):
        if each.strip():
            block.append(each)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _linked(text: str) -> str:
    parts, end = [], 0
    for found in _ADDRESS.finditer(text):
        address = _trimmed(found[0])
        if not re.match(r"https?://[^\W_]", address, re.IGNORECASE):
            continue
        parts.append(_inert(text[end : found.start()]))
        quoted = escape(address)
        parts.append(f'<a href="{quoted}" rel="nofollow noopener">{quoted}</a>')
        end = found.start() + len(address)
    return "".join(parts) + _inert(text[end:])


def _trimmed(address: str) -> str:
    """Leave out what ends a sentence, and brackets that were opened before the address."""
    surplus = {
        closing: address.count(closing) - address.count(opening)
        for closing, opening in _BRACKETS.items()
    }
    end = len(address)
    while end:
        last = address[end - 1]
        if surplus.get(last, 0) > 0:
            surplus[last] -= 1
        elif last not in _AFTER_AN_ADDRESS:
            break
        end -= 1
    return address[:end]


def _inert(text: str) -> str:
    return _TURNS.sub(
        lambda found: f'<span class="inert">U+{ord(found[0]):04X}</span>', escape(text)
    )
