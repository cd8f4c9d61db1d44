import random
from datetime import UTC, datetime, timedelta

import pytest

from incidents.intake.claims import signature
from incidents.intake.raid import FEWEST, RAID_FROM, Said, raid_score
from tests.incidents.intake.labelled import NOISE, claims

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SCRIPTS = (
    "Этот бренд травит наших детей, требуем закрыть его немедленно! Бойкот!",
    "This company poisons our children, shut it down right now! Boycott them all!",
    "Не покупайте здесь ничего, вас обманут как обманули тысячи людей до вас",
)
TAILS = ("", "!!!", " 😡", " позор", " please share", " @lumelle_pro", " репост")


def said(text, author, minutes=0, known=False):
    return Said(author, NOW + minutes * MINUTE, signature(text), known)


def raid(seed, number=60, own_words=0.1, authors=None, hours=1.0):
    """A script pasted by many, with a few honest voices between."""
    dice = random.Random(seed)
    honest = [text for name, text in claims() if name != NOISE]
    script = dice.choice(SCRIPTS)
    return [
        said(
            dice.choice(honest) if dice.random() < own_words else script + dice.choice(TAILS),
            f"a{dice.randrange(authors or number)}",
            dice.uniform(0, 60 * hours),
            known=dice.random() < 0.05,
        )
        for _ in range(number)
    ]


def complaints(seed, number=60, claim="burns", hours=6.0, known=0.3):
    """One claim, which everybody tells in their own words."""
    dice = random.Random(seed)
    texts = [text for name, text in claims() if name == claim]
    chatter = [text for name, text in claims() if name == NOISE]
    told = []
    for place in range(number):
        # As many wordings as there are people.
        text = " ".join([dice.choice(chatter), dice.choice(texts), dice.choice(chatter)])
        at = dice.uniform(0, 60 * hours)
        told.append(said(text, f"b{place}", at, known=dice.random() < known))
    return told


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    "shape",
    [
        {},
        {"number": 20},
        {"number": 400},
        {"own_words": 0.3},
        {"authors": 8},
        {"hours": 5},
    ],
)
def test_knows_a_raid(seed, shape):
    assert raid_score(raid(seed, **shape)).is_raid


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("claim", ["burns", "late", "silence", "refund"])
@pytest.mark.parametrize("shape", [{}, {"number": 16}, {"hours": 0.5, "known": 0.0}])
def test_does_not_take_people_with_one_complaint_for_a_raid(seed, claim, shape):
    assert raid_score(complaints(seed, claim=claim, **shape)).score < 40


def test_says_why_with_the_heaviest_reason_first():
    found = raid_score(raid(1))
    assert found.reasons[0].code == "near_copies"
    assert found.reasons[0].share > 0.8
    assert {reason.code for reason in found.reasons} >= {"unknown_authors", "burst"}
    assert abs(sum(reason.points for reason in found.reasons) - found.score) <= 3


def test_notices_few_who_write_much():
    found = raid_score(raid(2, authors=5))
    assert any(reason.code == "repeaters" for reason in found.reasons)
    assert found.authors <= 5


def test_never_takes_strangers_and_haste_alone_for_a_raid():
    crowd = complaints(3, hours=0.2, known=0.0)
    assert raid_score(crowd).score < RAID_FROM / 2


def test_does_not_mind_that_many_write_the_same_short_word():
    words = [said("жесть", f"a{n}", n) for n in range(50)]
    assert not raid_score(words).is_raid


def test_says_nothing_of_too_few():
    assert raid_score(raid(1, number=FEWEST - 1)).score == 0
    assert raid_score([]).score == 0


def test_does_not_depend_on_the_order():
    mentions = raid(4)
    assert raid_score(mentions) == raid_score(random.Random(5).sample(mentions, len(mentions)))
