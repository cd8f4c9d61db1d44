"""JSON from strangers: whatever RFC 8259 leaves open is refused, in linear time."""

import json
import math
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple, NoReturn

from crisis_api.lib.drf.problems import escaped
from crisis_api.lib.errors import FieldError, Invalid

MAX_DEPTH = 32
_MAX_NUMBER = 64
_INT64 = range(-(2**63), 2**63)
# The end of a string is optional, so that an unclosed one is taken whole: looking again from each
# of its quotes would be quadratic.
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_SUSPECT_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


def loads(raw: bytes, *, max_depth: int = MAX_DEPTH) -> Any:
    """Return what the bytes say, or raise Invalid (400).

    Refused: other than UTF-8, a byte order mark, deeper nesting, a key twice in one object, NUL or
    half a surrogate pair in a text or key, NaN and infinities, integers beyond 64 bits.
    """
    if raw.startswith(b"\xef\xbb\xbf"):
        raise Invalid("The body begins with a byte order mark.", code="malformed_json")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        where = f"The body is not UTF-8 (byte {error.start})."
        raise Invalid(where, code="malformed_json") from None
    _refuse_depth(text, max_depth)
    try:
        value = _decoder.decode(text)
    except json.JSONDecodeError as error:
        where = f"{error.msg} (line {error.lineno}, column {error.colno})."
        raise Invalid(where, code="malformed_json") from None
    # Such characters can only come from escapes: raw NUL is no JSON, raw surrogates no UTF-8.
    if _SUSPECT_ESCAPE.search(text):
        _refuse_characters(value)
    return value


def _refuse_depth(text: str, most: int) -> None:
    if text.count("[") + text.count("{") <= most:
        return
    depth = 0
    for character in _STRING.sub("", text):
        if character in "[{":
            depth += 1
            if depth > most:
                raise Invalid(f"Nested deeper than {most} levels.", code="too_deep")
        elif character in "]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _value in pairs:
            if key in seen:
                raise Invalid(
                    f"The key {key[:60]!a} appears twice in one object.", code="duplicate_key"
                )
            seen.add(key)
    return found


def _integer(digits: str) -> int:
    # Counted before converting, whose time grows with the square of the digits.
    if len(digits) > 20 or (number := int(digits)) not in _INT64:
        raise Invalid("An integer is beyond 64 bits.", code="number_out_of_range")
    return number


def _float(digits: str) -> float:
    if len(digits) > _MAX_NUMBER or math.isinf(number := float(digits)):
        raise Invalid("A number is out of range.", code="number_out_of_range")
    return number


def _constant(name: str) -> NoReturn:
    raise Invalid(f"{name} is not JSON.", code="malformed_json")


_decoder = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant
)


def _refuse_characters(value: Any) -> None:
    found = (step for step, text in _texts(value) if "\x00" in text or _half_pair(text))
    errors = [
        FieldError(_pointer(step), "forbidden_character", "NUL or half of a surrogate pair.")
        for step in islice(found, 20)
    ]
    if errors:
        raise Invalid(code="forbidden_character", errors=errors)


def _half_pair(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _texts(value: Any) -> Iterator[tuple["_Step | None", str]]:
    """Yield every text and key with the way to it."""
    waiting: list[tuple[_Step | None, Any]] = [(None, value)]
    while waiting:
        step, item = waiting.pop()
        if isinstance(item, str):
            yield step, item
        elif isinstance(item, dict):
            for key, each in item.items():
                yield step, key
                waiting.append((_Step(step, key), each))
        elif isinstance(item, list):
            waiting.extend((_Step(step, index), each) for index, each in enumerate(item))


class _Step(NamedTuple):
    """One step down, linked to the one before: whole pointers for all would fill the memory."""

    before: "_Step | None"
    key: str | int


def _pointer(step: _Step | None) -> str:
    keys: list[str] = []
    while step is not None:
        keys.append("/" + escaped(step.key))
        step = step.before
    return "".join(reversed(keys))
