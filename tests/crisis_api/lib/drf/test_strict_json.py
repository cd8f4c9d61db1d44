import contextlib
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisis_api.lib.drf import strict_json
from crisis_api.lib.errors import Invalid

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


def short(value: object) -> str:
    return repr(value)[:30]


@given(plain, st.booleans())
def test_reads_what_any_encoder_writes(value: Any, escaped: bool) -> None:
    assert strict_json.loads(json.dumps(value, ensure_ascii=escaped).encode()) == value


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"[" * 100_000, "too_deep"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "too_deep"),
        (b'{"a": 1, "b": 2, "a": 3}', "duplicate_key"),
        (b'{"a": {"b": 1, "\\u0062": 2}}', "duplicate_key"),
        (b'{"a": "\x00"}', "malformed_json"),
        (b'{"a": "\\u0000"}', "forbidden_character"),
        (b'{"\\u0000": 1}', "forbidden_character"),
        (b'{"a": ["\\ud800"]}', "forbidden_character"),
        (b'{"a": "\\udc00\\ud800"}', "forbidden_character"),
        (b'{"a": "\xed\xa0\x80"}', "malformed_json"),
        (b'{"a": "\xff"}', "malformed_json"),
        (b"\xef\xbb\xbf{}", "malformed_json"),
        ('{"a": 1}'.encode("utf-16"), "malformed_json"),
        (b'{"a": NaN}', "malformed_json"),
        (b'{"a": -Infinity}', "malformed_json"),
        (b'{"a": 1e400}', "number_out_of_range"),
        (b'{"a": 0.' + b"1" * 100 + b"}", "number_out_of_range"),
        (b'{"a": 9223372036854775808}', "number_out_of_range"),
        (b'{"a": ' + b"9" * 200_000 + b"}", "number_out_of_range"),
        (b'{"a": 1} x', "malformed_json"),
        (b'{"a": 1,}', "malformed_json"),
        (b"{'a': 1}", "malformed_json"),
        (b'{"a": "', "malformed_json"),
        (b'{"a": "\t"}', "malformed_json"),
        (b"", "malformed_json"),
    ],
    ids=short,
)
def test_refuses_what_the_standard_leaves_open(raw: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        strict_json.loads(raw)
    assert refusal.value.code == code


def test_takes_what_only_looks_forbidden() -> None:
    raw = (
        rb'{"a": "\\u0000 \\ud800", "b": "\ud83d\ude00", "c": "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["}'
    )
    value = strict_json.loads(raw)
    assert value["a"] == r"\u0000 \ud800"
    assert value["b"] == "😀"


def test_points_at_each_forbidden_character() -> None:
    with pytest.raises(Invalid) as refusal:
        strict_json.loads(rb'{"a/b": [{"x~y": "\u0000"}, "fine"], "z": "\ud800"}')
    assert {each.pointer for each in refusal.value.errors} == {"/a~1b/0/x~0y", "/z"}


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a": "' + b'\\"' * 130_000,
        b"[" + b'"' * 260_000,
        b'["' + b"\\" * 260_000,
        b"[" + b'"",' * 80_000 + b"{}]",
        b"{" + b",".join(b'"%d":0' % n for n in range(25_000)) + b"}",
        b"[" + b"{}," * 80_000 + b"{}]",
        b"[" + b'"\\u0000",' * 28_000 + b"0]",
        (b'{"' + b"k" * 190 + b'":') * 30 + b"[" + b'"",' * 80_000 + b'"\\ud800"]' + b"}" * 30,
        b"[" + b"1e5," * 60_000 + b"0]",
    ],
    ids=short,
)
def test_takes_no_longer_for_hostile_bodies(raw: bytes) -> None:
    began = time.process_time()
    with contextlib.suppress(Invalid):
        strict_json.loads(raw)
    # What grows with the square of the length would take minutes.
    assert time.process_time() - began < 8
