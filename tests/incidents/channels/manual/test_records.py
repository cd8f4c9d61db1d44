from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents.channels.manual import FIELDS, Defaults
from incidents.channels.manual.records import ALIASES, derived_id, parse_record
from incidents.channels.protocol import AuthorKind, MentionKind, ParsedMention

GOOD = {
    "external_id": "7301",
    "written_at": "2026-03-01T10:00:00Z",
    "account": "@lumelle",
    "author_id": "u1",
    "author_name": "@anna",
    "text": "Когда ждать ответа?",
}


def refused(**changes):
    outcome = parse_record({**GOOD, **changes}, line=7)
    assert isinstance(outcome, tuple), outcome
    assert {error.line for error in outcome} == {7}
    return {error.pointer: error.code for error in outcome}


def read(**changes):
    outcome = parse_record({**GOOD, **changes})
    assert isinstance(outcome, ParsedMention), outcome
    return outcome


def test_reads_every_field():
    mention = read(
        author_kind="creator",
        author_followers="12 400",
        post_id=7203946942097902849,
        post_url="https://www.tiktok.com/@lumelle/video/7203946942097902849",
        url="https://www.tiktok.com/@lumelle/video/7203946942097902849?c=7301",
        language="ru-RU",
        kind="press_enquiry",
        parent_id="7300",
        hidden="true",
        answer_by="2026-03-01T18:00:00+03:00",
    )
    assert mention == ParsedMention(
        external_id="7301",
        kind=MentionKind.PRESS_ENQUIRY,
        text="Когда ждать ответа?",
        author_external_id="u1",
        author_name="@anna",
        author_kind=AuthorKind.CREATOR,
        author_followers=12_400,
        post_external_id="7203946942097902849",
        post_url="https://www.tiktok.com/@lumelle/video/7203946942097902849",
        url="https://www.tiktok.com/@lumelle/video/7203946942097902849?c=7301",
        language="ru",
        written_at=datetime(2026, 3, 1, 10, tzinfo=UTC),
        parent_external_id="7300",
        account_handle="lumelle",
        hidden=True,
        answer_by=datetime(2026, 3, 1, 15, tzinfo=UTC),
    )


def test_takes_the_long_names_too():
    renamed = {name: canonical for name, canonical in ALIASES.items() if canonical in FIELDS}
    assert set(renamed) == set(ALIASES)
    mention = parse_record(
        {
            "external_id": "1",
            "text": "hi",
            "written_at": 1_790_000_000,
            "account_handle": "lumelle",
            "author_external_id": "u9",
            "post_external_id": "p1",
            "parent_external_id": "0",
        }
    )
    assert isinstance(mention, ParsedMention)
    assert (mention.account_handle, mention.author_external_id) == ("lumelle", "u9")
    assert (mention.post_external_id, mention.parent_external_id) == ("p1", "0")


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("2026-03-01T10:00:00.5Z", datetime(2026, 3, 1, 10, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-03-01 13:00:00+03:00", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("1772359200", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        (1_772_359_200_123, datetime(2026, 3, 1, 10, 0, 0, 123_000, tzinfo=UTC)),
    ],
)
def test_reads_times_as_networks_write_them(written, read_as):
    assert abs(read(written_at=written).written_at - read_as) < timedelta(milliseconds=1)


def test_reads_a_time_without_a_zone_only_where_the_importer_named_one():
    assert refused(written_at="2026-03-01 13:00") == {"/written_at": "time_zone_missing"}
    local = {**GOOD, "written_at": "2026-03-01 13:00"}
    mention = parse_record(local, defaults=Defaults(zone=ZoneInfo("Europe/Moscow")))
    assert isinstance(mention, ParsedMention)
    assert mention.written_at == datetime(2026, 3, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"text": "  "}, {"/text": "required"}),
        ({"text": None}, {"/text": "required"}),
        ({"text": ["a"]}, {"/text": "invalid_type"}),
        ({"text": True}, {"/text": "invalid_type"}),
        ({"text": "x" * 20_001}, {"/text": "too_long"}),
        ({"written_at": ""}, {"/written_at": "required"}),
        ({"written_at": "yesterday"}, {"/written_at": "invalid_time"}),
        ({"written_at": "1999-12-31T23:59:59Z"}, {"/written_at": "out_of_range"}),
        ({"written_at": "0001-01-01T00:00:00+14:00"}, {"/written_at": "out_of_range"}),
        ({"account": ""}, {"/account": "required"}),
        ({"author_id": "", "author_name": ""}, {"/author_id": "required"}),
        ({"author_kind": "robot"}, {"/author_kind": "unknown_word"}),
        ({"author_followers": "-5"}, {"/author_followers": "invalid_number"}),
        ({"author_followers": "12.4K"}, {"/author_followers": "invalid_number"}),
        ({"kind": "poem"}, {"/kind": "unknown_word"}),
        ({"url": "javascript:alert(1)"}, {"/url": "invalid_url"}),
        ({"post_url": "//evil"}, {"/post_url": "invalid_url"}),
        ({"language": "по-русски"}, {"/language": "invalid_language"}),
        ({"hidden": "maybe"}, {"/hidden": "invalid_type"}),
        ({"deleted": True, "external_id": ""}, {"/external_id": "required"}),
    ],
)
def test_says_what_is_wrong_and_where(changes, problem):
    assert refused(**changes) == problem


def test_reports_all_that_is_wrong_at_once():
    assert refused(text="", written_at="soon", url="ftp://x") == {
        "/text": "required",
        "/written_at": "invalid_time",
        "/url": "invalid_url",
    }


def test_replaces_what_no_database_keeps():
    assert read(text="a\x00b\ud83dc", author_name="x\x00").text == "a�b�c"


def test_takes_a_deletion_without_text_or_author():
    mention = parse_record(
        {
            "external_id": "5",
            "written_at": "2026-03-01T10:00:00Z",
            "account": "lumelle",
            "deleted": True,
        }
    )
    assert isinstance(mention, ParsedMention)
    assert mention.deleted
    assert mention.text == ""


def test_calls_a_comment_with_a_parent_a_reply():
    assert read().kind is MentionKind.COMMENT
    assert read(parent_id="1").kind is MentionKind.REPLY
    assert read(parent_id="1", kind="comment").kind is MentionKind.COMMENT


def test_derives_the_same_id_for_the_same_comment():
    first, again = read(external_id=""), read(external_id=None, written_at="2026-03-01T13:00+03:00")
    assert first.external_id == again.external_id
    assert first.external_id.startswith("derived:")


@pytest.mark.parametrize(
    "change",
    [
        {"account": "other"},
        {"author_id": "u2"},
        {"text": "Когда ждать ответа??"},
        {"written_at": "2026-03-01T10:00:01Z"},
    ],
)
def test_derives_another_id_for_another_comment(change):
    assert read(external_id="", **change).external_id != read(external_id="").external_id


def test_does_not_confuse_fields_that_run_together():
    at = datetime(2026, 3, 1, tzinfo=UTC)
    assert derived_id("a", "b", "c", at) != derived_id("a", "", "bc", at)


def test_knows_an_author_without_an_id_by_name():
    first = read(author_id="", author_name="@Anna")
    assert first.author_external_id == read(author_id=None, author_name="anna").author_external_id


def test_takes_from_the_importer_what_the_line_leaves_out():
    defaults = Defaults(account="@lumelle", post_id="9", kind=MentionKind.DIRECT_MESSAGE)
    fields = {name: value for name, value in GOOD.items() if name != "account"}
    mention = parse_record(fields, defaults=defaults)
    assert isinstance(mention, ParsedMention)
    assert (mention.account_handle, mention.post_external_id) == ("lumelle", "9")
    assert mention.kind is MentionKind.DIRECT_MESSAGE


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from((*FIELDS, *ALIASES)), JSON))
def test_never_crashes_whatever_a_field_holds(fields):
    outcome = parse_record(fields)
    assert isinstance(outcome, ParsedMention) or outcome
