import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.intake.masking import Contacts, leaks, masked, proposes_hiding
from incidents.intake.personal_data import find_personal_data
from tests.incidents.intake.labelled import EXAMPLES


def found(text):
    return [text[f.start : f.end] for f in find_personal_data(text)]


@pytest.mark.parametrize(
    ("text", "given_away"),
    [
        ("call +1-202-555-0143 now", "+1-202-555-0143"),
        ("call (202) 555-0143", "(202) 555-0143"),
        ("тел. +7 900 000-00-12", "+7 900 000-00-12"),
        ("8(900)000-00-12", "8(900)000-00-12"),
        ("звоните 89000000012", "89000000012"),
        ("мой номер 9000000012", "9000000012"),
        ("write to anna.k@example.com please", "anna.k@example.com"),
        ("card 4111 1111 1111 1111 exp", "4111 1111 1111 1111"),
        ("паспорт 4509 123456", "паспорт 4509 123456"),
        ("Паспорт серия 45 09 номер 123456", "Паспорт серия 45 09 "),
        ("снилс 112-233-445 95", "112-233-445 95"),
        ("SSN 078-05-1120", "078-05-1120"),
        ("IBAN GB82 WEST 1234 5698 7654 32", "GB82 WEST 1234 5698 7654 32"),
        ("она живёт ул. Ленина, д. 5", "ул. Ленина, д. 5"),
        ("проспект Мира 101, приходите", "проспект Мира 101"),
        ("дом 12, кв. 34", "дом 12, кв. 34"),
        ("he lives at 221 Baker Street", "221 Baker Street"),
    ],
)
def test_finds_what_must_not_stand_in_public(text, given_away):
    assert any(given_away in place or place in given_away for place in found(text)), found(text)
    assert given_away in found(text) or given_away.startswith(("Паспорт", "паспорт"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no digits at all",
        "order 12345678901 has not arrived",
        "заказ № 89000000012 где?",
        "партия 89000000012",
        "https://www.tiktok.com/@lumelle/video/7203946942097902849",
        "comment 7247303576418566913",
        "в 2024-03-01 и 01.03.2024 10:30",
        "скидка 50%, 1 990 руб, 3 шт по 250 мл",
        "1 000 000 просмотров за 24 часа",
        "@lumelle @anna.k",
        "I have 2 drive bays and 3 cats",
        "улица закрыта, дом красивый",
        "4111 1111 1111 1112 is no card",
    ],
)
def test_leaves_other_numbers_alone(text):
    assert found(text) == []


def labelled():
    lines = (EXAMPLES / "numbers.tsv").read_text(encoding="utf-8").splitlines()
    return [tuple(line.split("\t")) for line in lines]


def test_finds_the_examples_and_little_else():
    found = [(kind, leaks(text)) for kind, text in labelled()]
    right = sum(kind != "-" and bool(told) for kind, told in found)
    wrong = [told for kind, told in found if kind == "-" and told]
    assert right / sum(kind != "-" for kind, _ in found) >= 0.95
    assert right / (right + len(wrong)) >= 0.95


@pytest.mark.parametrize(
    ("kind", "text"),
    [(kind, text) for kind, text in labelled() if kind != "-"],
)
def test_says_of_what_kind_it_is(kind, text):
    assert kind in {each.kind for each in leaks(text)}


@pytest.mark.parametrize(
    ("text", "confidence"),
    [
        ("карта 4111 1111 1111 1111", "high"),
        ("+7 900 000-00-12", "high"),
        ("снилс 112-233-445 95", "high"),
        ("её 45 09 123456", "low"),
        ("9000000012", "low"),
        ("anna (at) mail.ru", "low"),
    ],
)
def test_is_sure_of_what_has_a_checksum_or_a_word_beside_it(text, confidence):
    found = leaks(text)
    assert [each.confidence for each in found] == [confidence]
    assert proposes_hiding(found) is (confidence == "high")


def test_asks_a_checksum_of_a_snils_that_nobody_names():
    assert [each.kind for each in leaks("112-233-445 95")] == ["snils"]
    assert "snils" not in {each.kind for each in leaks("112-233-445 96")}


def test_masks_what_it_finds_and_keeps_every_other_place():
    text = "Её телефон +7 900 000-00-12, почта anna.k@example.com! Заказ 12345678901."
    hidden = masked(text)
    assert hidden == "Её телефон +• ••• •••-••-••, почта ••••.•@•••••••.•••! Заказ 12345678901."
    assert len(hidden) == len(text)


def test_masks_nothing_twice_and_nothing_again():
    text = "паспорт 4509 123456, дом 12, кв. 34 ул. Ленина, д. 5"
    places = leaks(text)
    assert all(one.end <= other.start for one, other in itertools.pairwise(places))
    assert masked(masked(text)) == masked(text)


def test_leaves_the_contacts_that_the_team_publishes():
    own = Contacts.of(["8 800 000-00-01", "@brand.example", "ул. Ленина, д. 5"])
    text = "Горячая линия +7 (800) 000 00 01, care@brand.example, ул. Ленина, д. 5"
    assert leaks(text, own) == []
    assert masked(text, own) == text
    theirs = "мой 8 900 000-00-12, anna@mail.example"
    assert {each.kind for each in leaks(theirs, own)} == {"phone", "email"}


@given(st.text(max_size=300) | st.text("0123456789 +-().@abдом№", max_size=80))
def test_masks_any_text_to_its_own_length(text):
    assert len(masked(text)) == len(text)
