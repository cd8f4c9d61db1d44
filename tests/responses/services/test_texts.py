import time

import pytest

from crisis_api.lib.errors import Invalid
from responses.services import texts


def en(title="A title", body="A body"):
    return {"en": {"title": title, "body": body}}


def flaws(given):
    with pytest.raises(Invalid) as caught:
        texts.taken_in(given)
    return {(error.pointer, error.code) for error in caught.value.errors}


@pytest.mark.parametrize(
    ("given", "pointer", "code"),
    [
        ({}, "/texts", "no_language"),
        ({"de": {"title": "T", "body": "B"}}, "/texts/de", "unknown_language"),
        ({"en": {"title": "T"}}, "/texts/en", "incomplete"),
        ({"en": {"title": "T", "body": "B", "html": ""}}, "/texts/en", "incomplete"),
        ({"en": "T"}, "/texts/en", "incomplete"),
        (en(title=""), "/texts/en/title", "blank"),
        (en(title=" \u00a0\u2003"), "/texts/en/title", "blank"),
        (en(body="\n\t \u200b\u200d\ufeff"), "/texts/en/body", "blank"),
        (en(title="T" * 201), "/texts/en/title", "max_length"),
        (en(body="B" * 20_001), "/texts/en/body", "max_length"),
        (en(body=5), "/texts/en/body", "wrong_type"),
        (en(title="two\nlines"), "/texts/en/title", "forbidden_character"),
        (en(title="evil\u202etxt"), "/texts/en/title", "forbidden_character"),
        (en(title="zero\u200bwidth"), "/texts/en/title", "forbidden_character"),
        (en(body="nul\x00"), "/texts/en/body", "forbidden_character"),
        (en(body="bell\x07"), "/texts/en/body", "forbidden_character"),
        (en(body="C1 \x85"), "/texts/en/body", "forbidden_character"),
        (en(body="half \ud800"), "/texts/en/body", "forbidden_character"),
        (en(body="no character \uffff"), "/texts/en/body", "forbidden_character"),
    ],
)
def test_refuses_what_could_not_be_shown(given, pointer, code):
    assert (pointer, code) in flaws(given)


def test_names_all_that_is_wrong_at_once():
    assert flaws({"en": {"title": "", "body": ""}, "xx": {}}) == {
        ("/texts/en/title", "blank"),
        ("/texts/en/body", "blank"),
        ("/texts/xx", "unknown_language"),
    }


def test_takes_line_ends_of_a_browser_as_line_feeds_and_nothing_else_amiss():
    body = " One\r\n\r\nTwo\rThree\u202e\u200f 👩\u200d🔬 "

    assert (
        texts.taken_in(en(body=body))["en"]["body"] == " One\n\nTwo\nThree\u202e\u200f 👩\u200d🔬 "
    )


def test_has_one_hash_whatever_the_order_of_languages():
    both = {"ru": {"title": "Т", "body": "Б"}, "en": {"body": "B", "title": "T"}}
    turned = {"en": {"title": "T", "body": "B"}, "ru": {"body": "Б", "title": "Т"}}

    assert texts.digest(both) == texts.digest(turned)
    # Of {"en":{"body":"B","title":"T"},"ru":{"body":"Б","title":"Т"}} in UTF-8.
    assert texts.digest(both) == "398dfe789fa15ad13cee3854053792b5c4708a96fc129e84ebe7e6903c2a9407"


@pytest.mark.parametrize(
    "other",
    [
        {"en": {"title": "T", "body": "B "}},
        {"en": {"title": "T", "body": "b"}},
        {"ru": {"title": "T", "body": "B"}},
        {"en": {"title": "TB", "body": ""}},
    ],
)
def test_changes_its_hash_with_any_character(other):
    assert texts.digest({"en": {"title": "T", "body": "B"}}) != texts.digest(other)


def test_finds_words_that_live_on_in_another_text():
    old = {"en": {"title": "Burns", "body": "We stop the sale.\n\nWe are sorry."}}

    assert texts.shares_words(old, en(body="New.\nwe  STOP the sale."))
    assert texts.shares_words(old, {"ru": {"title": "burns", "body": "Другое."}})
    assert not texts.shares_words(old, en(title="Burned", body="We stop the sale of it.\n\n"))


def test_reads_the_longest_texts_at_once():
    long = en(title="T" * 200, body=("line " * 10 + "\n\n") * 384)
    began = time.perf_counter()

    texts.digest(texts.taken_in(long))
    texts.shares_words(long, long)

    assert time.perf_counter() - began < 8
