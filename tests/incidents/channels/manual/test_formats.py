import codecs
import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents.channels.manual import MAX_BYTES, MAX_ITEMS, Defaults, ManualChannel, parse_items

HEADER = "external_id,written_at,account,author_name,text"
ROW = "{id},2026-03-01T10:00:00Z,lumelle,anna,{text}"


def parse(source, content_type=""):
    raw = source if isinstance(source, bytes) else source.encode()
    return ManualChannel().parse(raw, content_type)


def csv(*rows, header=HEADER):
    return "\n".join([header, *rows])


def record(number=1, **changes):
    return {
        "external_id": str(number),
        "written_at": "2026-03-01T10:00:00Z",
        "account": "lumelle",
        "author_name": "anna",
        "text": "Где мой заказ?",
        **changes,
    }


def texts(outcome):
    return [mention.text for mention in outcome.mentions]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_finds_the_delimiter_in_the_header(delimiter):
    outcome = parse(csv(ROW.format(id=1, text="hi")).replace(",", delimiter))
    assert texts(outcome) == ["hi"]
    assert outcome.errors == ()


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode(),
        lambda text: codecs.BOM_UTF8 + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("cp1251"),
    ],
    ids=["utf-8", "utf-8 with a mark", "utf-16", "cp1251"],
)
def test_reads_what_spreadsheets_save(encode):
    outcome = parse(encode(csv(ROW.format(id=1, text="Жжёт щёки"))), "text/csv; charset=utf-8")
    assert texts(outcome) == ["Жжёт щёки"]


def test_keeps_line_breaks_and_delimiters_inside_quotes_and_still_counts_lines():
    outcome = parse(csv(ROW.format(id=1, text='"a\nb, ""c"""'), ROW.format(id=2, text="")))
    assert texts(outcome) == ['a\nb, "c"']
    assert [(e.line, e.pointer, e.code) for e in outcome.errors] == [(4, "/text", "required")]


def test_keeps_the_good_lines_and_names_the_bad_ones():
    outcome = parse(csv(*(ROW.format(id=n, text="" if n == 2 else f"t{n}") for n in range(1, 5))))
    assert texts(outcome) == ["t1", "t3", "t4"]
    assert [error.line for error in outcome.errors] == [3]


def test_names_the_columns_that_are_missing():
    outcome = parse("id;comment\n1;hello\n")
    (error,) = outcome.errors
    assert (error.line, error.code) == (1, "missing_columns")
    assert error.params == {"missing": "text, written_at", "found": "id, comment"}


def test_names_an_unknown_column_once_and_reads_the_rest():
    rows = [ROW.format(id=n, text="t") + ",5" for n in range(3)]
    outcome = parse(csv(*rows, header=HEADER + ",likes"))
    assert len(outcome.mentions) == 3
    assert [(w.code, w.params["name"]) for w in outcome.warnings] == [("unknown_field", "likes")]


def test_reads_a_header_whatever_its_case_and_spaces():
    outcome = parse(csv(ROW.format(id=1, text="hi"), header=HEADER.upper().replace(",", " ,")))
    assert texts(outcome) == ["hi"]


def test_refuses_a_row_with_more_cells_than_columns():
    outcome = parse(csv(ROW.format(id=1, text="one, two"), ROW.format(id=2, text="ok")))
    assert texts(outcome) == ["ok"]
    assert outcome.errors[0].code == "too_many_cells"


def test_skips_blank_rows():
    outcome = parse(csv("", ",,,,", ROW.format(id=1, text="hi"), ""))
    assert texts(outcome) == ["hi"]
    assert outcome.errors == ()


def test_loses_no_row_to_a_quote_that_is_never_closed():
    outcome = parse(
        csv(
            ROW.format(id=1, text='"it burns'),
            ROW.format(id=2, text="mine too"),
            ROW.format(id=3, text='"fine, really"'),
        )
    )
    assert texts(outcome) == ["mine too", "fine, really"]
    assert [(error.code, error.line) for error in outcome.errors] == [("broken_csv", 2)]


def test_says_that_a_file_was_cut_off_inside_a_cell():
    outcome = parse(csv(ROW.format(id=1, text="hi"), ROW.format(id=2, text='"it bur')))
    assert texts(outcome) == ["hi"]
    assert [(error.code, error.line) for error in outcome.errors] == [("broken_csv", 3)]


def test_survives_a_cell_beyond_what_csv_allows():
    huge = "x" * 140_000
    outcome = parse(csv(ROW.format(id=1, text=huge), ROW.format(id=2, text="ok")))
    assert texts(outcome) == ["ok"]
    assert [error.code for error in outcome.errors] == ["broken_csv"]


def test_reads_one_object_or_a_list():
    assert len(parse(json.dumps(record()), "application/json").mentions) == 1
    assert len(parse(json.dumps([record(1), record(2)])).mentions) == 2
    assert len(parse(json.dumps(record(), indent=2)).mentions) == 1


def test_reads_json_lines_and_numbers_them_as_an_editor_would():
    lines = [json.dumps(record(1)), "", "{broken", json.dumps([1]), json.dumps(record(5))]
    outcome = parse("\n".join(lines))
    assert [m.external_id for m in outcome.mentions] == ["1", "5"]
    assert [(e.line, e.code) for e in outcome.errors] == [(3, "broken_json"), (4, "invalid_type")]


def test_does_not_break_a_line_at_a_unicode_line_separator():
    lines = [json.dumps(record(n, text="a\u2028b\x85c"), ensure_ascii=False) for n in (1, 2)]
    assert texts(parse("\n".join(lines))) == ["a\u2028b\x85c"] * 2


def test_keeps_ids_beyond_what_a_float_holds():
    source = '{"external_id": 7247303576418566913, ' + json.dumps(record())[1:].replace(
        '"external_id": "1", ', ""
    )
    assert parse(source).mentions[0].external_id == "7247303576418566913"


def test_replaces_nul_and_lone_surrogates_in_any_format():
    assert texts(parse(json.dumps([record(text="a\x00\ud83d")]))) == ["a��"]
    assert texts(parse(csv(ROW.format(id=1, text="a\x00b")))) == ["a�b"]
    assert texts(parse(json.dumps(record(text="\ud83d!")))) == ["�!"]


def test_refuses_a_file_that_is_too_large():
    outcome = parse(b"x" * (MAX_BYTES + 1))
    assert outcome.mentions == ()
    assert outcome.errors[0].code == "too_large"


def test_stops_after_ten_thousand_items_and_says_so():
    outcome = parse_items([record(n) for n in range(MAX_ITEMS + 5)])
    assert len(outcome.mentions) == MAX_ITEMS
    assert [(e.line, e.code) for e in outcome.errors] == [(MAX_ITEMS + 1, "too_many_items")]
    assert parse_items([record(n) for n in range(MAX_ITEMS)]).errors == ()


def test_gives_the_same_mentions_again_for_the_same_file():
    source = csv(*(f",2026-03-01T10:00:0{n}Z,lumelle,anna,t{n}" for n in range(5)))
    assert parse(source).mentions == parse(source).mentions
    assert len({mention.external_id for mention in parse(source).mentions}) == 5


def test_takes_what_the_importer_said_for_all_lines():
    source = csv("1,2026-03-01T10:00:00Z,anna,hi", header="external_id,written_at,author_name,text")
    outcome = ManualChannel().parse(source.encode(), "text/csv", Defaults(account="@lumelle"))
    assert outcome.mentions[0].account_handle == "lumelle"


@pytest.mark.parametrize("source", ["", "[]", "\n\n", "null", "[" * 100_000, "{" * 100_000, '"'])
def test_answers_hopeless_input_with_an_error_or_nothing(source):
    outcome = parse(source)
    assert outcome.mentions == ()


def test_reads_the_largest_file_quickly():
    body = csv(*(ROW.format(id=n, text="слово " * 60) for n in range(6_000)))
    started = time.perf_counter()
    assert len(parse(body).mentions) == 6_000
    assert time.perf_counter() - started < 8


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400), st.sampled_from(["", "text/csv", "application/json", "x/y"]))
def test_never_crashes_whatever_the_bytes(raw, content_type):
    parse(raw, content_type)
