"""Bytes become fields: CSV as spreadsheets really write it, JSON, and JSON lines."""

import codecs
import csv
import io
import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Final

from incidents.channels.manual.records import ALIASES, FIELDS, REQUIRED, Defaults, parse_record
from incidents.channels.protocol import ParsedMention, ParseError, ParseOutcome

MAX_BYTES: Final = 5_000_000
MAX_ITEMS: Final = 10_000
_KNOWN: Final = frozenset(FIELDS) | ALIASES.keys()
_CSV_TYPES = frozenset({"text/csv", "application/csv", "text/tab-separated-values"})
_LINES_TYPES = frozenset({"application/x-ndjson", "application/jsonl", "application/json-lines"})

# An item of a file with its line, or what made it unreadable.
Item = tuple[int, Mapping[str, object]] | ParseError


def parse_bytes(raw: bytes, content_type: str, defaults: Defaults) -> ParseOutcome:
    """Read a whole file. More than 5 MB is refused, items beyond 10,000 are named and left."""
    if len(raw) > MAX_BYTES:
        error = ParseError(1, "", "too_large", {"max_bytes": MAX_BYTES, "bytes": len(raw)})
        return ParseOutcome(errors=(error,))
    text = decode(raw)
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type in _CSV_TYPES:
        return _collect(csv_items(text), defaults)
    if media_type in _LINES_TYPES:
        return _collect(json_lines_items(text), defaults)
    first = text.lstrip()[:1]
    if media_type == "application/json" or first == "[":
        return _collect(json_items(text), defaults)
    if first == "{":
        # One pretty-printed object spans lines, JSON lines hold one object in each.
        return _collect(_object_or_lines(text), defaults)
    return _collect(csv_items(text), defaults)


def parse_items(items: Iterable[object], defaults: Defaults | None = None) -> ParseOutcome:
    """Read objects that are parsed already, such as the body of a batch request."""
    return _collect(_numbered(items), defaults or Defaults())


def decode(raw: bytes) -> str:
    """The file's text: UTF-8 with or without a mark, UTF-16 with one, else Windows-1251.

    Spreadsheets on Russian Windows still save CSV in cp1251. Every byte string decodes.
    """
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1251", errors="replace")


def csv_items(text: str) -> Iterator[Item]:
    """Rows of a CSV file by the names in its header."""
    start = text.lstrip("\r\n")
    skipped = text[: len(text) - len(start)].count("\n")
    delimiter = _delimiter(start)
    rows = _csv_rows(
        io.StringIO(start.replace("\x00", "\ufffd"), newline="").readlines(), delimiter
    )
    header = [name.strip().lower() for name in next(rows, (0, None))[1] or []]
    missing = [
        name for name in REQUIRED if name not in {ALIASES.get(known, known) for known in header}
    ]
    if missing:
        yield ParseError(
            1 + skipped,
            "",
            "missing_columns",
            {"missing": ", ".join(missing), "found": ", ".join(filter(None, header))},
        )
        return
    for line, row in rows:
        if row is None:
            yield ParseError(line + skipped, "", "broken_csv")
        elif len(row) > len(header):
            params = {"columns": len(header), "found": len(row)}
            yield ParseError(line + skipped, "", "too_many_cells", params)
        elif any(cell.strip() for cell in row):
            named = zip(header, row, strict=False)
            yield line + skipped, {name: cell for name, cell in named if name}


def _csv_rows(lines: Sequence[str], delimiter: str) -> Iterator[tuple[int, list[str] | None]]:
    """Each row with the line it begins in, counted from 1; None where it cannot be read.

    A quote that is never closed takes the lines after it for a part of its cell, up to the next
    quote or the end. Such a row is given up, and reading goes on in the line after its first.
    """
    began = 0
    while began < len(lines):
        rest = map(lines.__getitem__, range(began, len(lines)))
        reader = csv.reader(rest, delimiter=delimiter)
        row: list[str] | None = None
        with suppress(csv.Error):
            row = next(reader)
        ended = began + reader.line_num
        if row is not None and _is_torn(lines[began:ended], delimiter, ended == len(lines)):
            row, ended = None, began + 1
        yield began + 1, row
        began = ended


def _is_torn(lines: Sequence[str], delimiter: str, at_the_end: bool) -> bool:
    if len(lines) == 1 and not at_the_end:
        return False
    try:
        deque(csv.reader(lines, delimiter=delimiter, strict=True), maxlen=0)
    except csv.Error as error:
        return len(lines) > 1 or "unexpected end" in str(error)
    return False


def json_items(text: str) -> Iterator[Item]:
    """One JSON object, or a list of them."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        yield ParseError(1, "", "broken_json")
        return
    yield from _numbered(value if isinstance(value, list) else [value])


def json_lines_items(text: str) -> Iterator[Item]:
    """One JSON object a line; blank lines are skipped."""
    # StringIO breaks lines at \n only: U+2028 inside a comment is no line break.
    for line, source in enumerate(io.StringIO(text, newline="\n"), start=1):
        if not source.strip():
            continue
        try:
            value = json.loads(source)
        except (ValueError, RecursionError):
            yield ParseError(line, "", "broken_json")
        else:
            yield _item(line, value)


def _object_or_lines(text: str) -> Iterator[Item]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return json_lines_items(text)
    return _numbered([value])


def _numbered(items: Iterable[object]) -> Iterator[Item]:
    return (_item(line, item) for line, item in enumerate(items, start=1))


def _item(line: int, value: object) -> Item:
    if isinstance(value, dict):
        return line, value
    return ParseError(line, "", "invalid_type", {"expected": "object"})


def _delimiter(text: str) -> str:
    header = text.partition("\n")[0]
    return max(",;\t", key=header.count)


def _collect(items: Iterator[Item], defaults: Defaults) -> ParseOutcome:
    mentions: list[ParsedMention] = []
    errors: list[ParseError] = []
    unknown: dict[str, int] = {}
    for item in islice(items, MAX_ITEMS):
        if isinstance(item, ParseError):
            errors.append(item)
            continue
        line, fields = item
        for name in fields.keys() - _KNOWN - unknown.keys():
            unknown[name] = line
        parsed = parse_record(fields, line=line, defaults=defaults)
        if isinstance(parsed, ParsedMention):
            mentions.append(parsed)
        else:
            errors.extend(parsed)
    beyond = next(items, None)
    if beyond is not None:
        line = beyond.line if isinstance(beyond, ParseError) else beyond[0]
        errors.append(ParseError(line, "", "too_many_items", {"max": MAX_ITEMS}))
    return ParseOutcome(tuple(mentions), tuple(errors), _warnings(unknown))


def _warnings(unknown: Mapping[str, int]) -> tuple[ParseError, ...]:
    # A file of ten thousand different unknown names must not become ten thousand warnings.
    named = sorted(unknown.items(), key=lambda pair: (pair[1], pair[0]))[:50]
    known = ", ".join(FIELDS)
    return tuple(
        ParseError(line, "", "unknown_field", {"name": name[:100], "known": known})
        for name, line in named
    )
