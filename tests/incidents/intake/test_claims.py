import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.intake import claims
from incidents.intake.claims import Rarity, begun, joined, likeness, match, refused, signature
from incidents.intake.grouping import Grouping
from tests.incidents.intake.labelled import NOISE, grouped, pairwise, shuffled
from tests.incidents.intake.labelled import claims as examples

COPY = "Бренд {} травит людей, верните всем деньги, жулики! Распространите это везде!"


def claim_of(*texts):
    found = begun("c", signature(texts[0]))
    for text in texts[1:]:
        found = joined(found, signature(text))
    return found


def test_has_enough_examples_to_measure_by():
    pairs = examples()
    assert len(pairs) >= 300
    assert len({name for name, _ in pairs} - {NOISE}) >= 12


@pytest.mark.parametrize("seed", range(4))
def test_groups_the_examples_in_any_order(seed):
    pairs = shuffled(examples(), seed)
    precision, recall = pairwise(pairs, grouped(pairs))
    assert precision >= 0.9
    assert recall >= 0.85


def test_leaves_nearly_all_noise_alone():
    pairs = shuffled(examples(), 1)
    found = grouped(pairs)
    noise = [group for (name, _), group in zip(pairs, found, strict=True) if name == NOISE]
    assert sum(group is not None for group in noise) <= len(noise) / 10


def test_groups_the_same_stream_the_same_way_again():
    pairs = examples()
    assert grouped(pairs) == grouped(pairs)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("the cream burns the skin", "крем жжёт кожу"),
        ("обжёг лицо ваш крем", "your mask burned my cheeks"),
        ("мне продали просрочку", "They sold me an expired tube"),
        ("они тестируют на кроликах", "animal testing? no thanks"),
    ],
)
def test_knows_a_rephrasing_in_the_other_language(one, other):
    assert match(signature(other), [begun("c", signature(one))], Rarity()) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("the cream burns my skin", "the cream smells rotten"),
        ("верните деньги за крем", "крем жжёт кожу"),
        ("where is my order", "where is the lipstick from"),
        ("люблю этот крем", "люблю эту песню"),
    ],
)
def test_keeps_apart_what_is_only_about_the_same_thing(one, other):
    assert match(signature(other), [begun("c", signature(one))], Rarity()) is None


def test_finds_a_near_copy_by_a_key_and_by_its_likeness():
    one = signature(COPY.format("Люмель"))
    other = signature(COPY.format("@lumelle_pro").upper() + " 😡😡 пожалуйста")
    assert set(one.copy_keys) & set(other.copy_keys)
    assert likeness(one.bins, other.bins) >= claims.COPY_FROM
    found = match(other, [begun("c", one)], Rarity())
    assert found is not None
    assert found.how == "copy"


def test_gives_texts_that_differ_in_dress_only_one_fingerprint():
    assert signature("@anna КРЕМ жжётся!!!").fingerprint == signature("крем, жжётся").fingerprint


def test_sees_through_a_disguise_when_it_compares():
    assert signature("kрем жжёт kожу").terms == signature("крем жжет кожу").terms


def test_finds_a_claim_of_words_it_has_no_meaning_for():
    claim = claim_of(
        "The mascara bristles fell apart on Tuesday", "mascara bristles keep falling apart"
    )
    assert match(signature("bristles of my mascara fell apart"), [claim], Rarity()) is not None


def test_does_not_put_a_mention_back_where_a_person_took_it_out():
    claim = claim_of("крем жжёт кожу", "крем обжёг щёки")
    mention = signature("Крем жжёт кожу!!")
    assert match(mention, [claim], Rarity()) is not None
    assert match(mention, [refused(claim, mention)], Rarity()) is None
    assert match(signature("крем жжёт лоб"), [refused(claim, mention)], Rarity()) is not None


def test_keeps_a_merge_and_a_refusal_for_what_comes_later():
    grouping = Grouping()
    burn = grouping.take("крем жжёт кожу")
    smell = grouping.take("крем воняет тухлятиной")
    assert burn != smell
    grouping.merge(smell, into=burn)
    assert grouping.take("крем жутко воняет") == burn
    grouping.refuse(burn, "крем воняет, ну и запах")
    assert grouping.take("Крем воняет, ну и запах!") != burn


def test_begins_no_claim_with_a_mention_that_says_nothing():
    grouping = Grouping()
    assert [grouping.take(text) for text in ("🔥🔥", "lol", "@anna", "крем", "", "ну и")] == [
        None
    ] * 6


def test_keeps_what_it_stores_bounded():
    claim = claim_of(*(f"крем жжёт кожу слово{n} другое{n} третье{n}" for n in range(100)))
    assert claim.mentions == 100
    assert len(claim.words) <= claims.MAX_CENTROID
    assert len(claim.term_keys) <= 8
    assert claim.words["+burn"] == 100
    many = (signature(f"слово{chr(1072 + n % 32)}{chr(1072 + n // 32)}ъ крем") for n in range(900))
    assert len(Rarity(limit=200).after(many).counts) <= 200


def test_takes_a_rare_word_for_more_telling_than_a_common_one():
    rarity = Rarity().after([signature("крем хороший")] * 500 + [signature("мизинец болит")])
    assert rarity.weight("мизинец") > rarity.weight("+product")


@given(st.text(max_size=200))
def test_makes_a_signature_of_any_text_that_fits_its_columns(text):
    found = signature(text)
    assert len(found.terms) <= claims.MAX_TERMS
    assert len(found.bins) in (0, claims.BINS)
    for key in (*found.copy_keys, *found.bins, found.fingerprint):
        assert -(2**63) <= key < 2**63
