import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisis_api.lib.folding import fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("КРИЗИС", "кризис"),
        ("Ёлка ещё", "елка еще"),
        ("Е\u0308лка", "елка"),
        ("Йод", "йод"),
        ("STRASSE Straße", "strasse strasse"),
        ("ｆｕｌｌ ①", "full 1"),
        ("a\u200bb\u00adc", "abc"),
        ("  a \n\t b  ", "a b"),
        ("İstanbul", "i̇stanbul"),
        ("", ""),
    ],
)
def test_makes_alike_what_people_take_for_the_same(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_changes_nothing_the_second_time(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_does_not_mind_case(text: str) -> None:
    assert fold(text.casefold()) == fold(text)
