"""Which of two mentions comes first."""

from datetime import timedelta

import pytest

from incidents.priority import LONGEST_WAIT, NOT_WAITING, Facts, is_toxic, place_of

NONE = timedelta(0)
HOUR = timedelta(hours=1)


def points(waited=NONE, **facts):
    return place_of(Facts(**{"kind": "comment", "is_negative": True, **facts}), waited).points


def test_puts_an_injury_before_everything_else():
    worst = points(
        timedelta(days=20),
        kind="press_enquiry",
        risk=100,
        followers=10**9,
        author_kind="press",
        claim_weight=100,
        signs={"personal_data", "threat"},
    )
    assert points(signs={"injury"}) > worst


@pytest.mark.parametrize(
    "graver",
    [
        {"risk": 60},
        {"followers": 1_000},
        {"reach": 10_000},
        {"kind": "direct_message"},
        {"kind": "press_enquiry"},
        {"author_kind": "press"},
        {"claim_weight": 1},
        {"signs": {"personal_data"}},
    ],
    ids=str,
)
def test_puts_first_what_weighs_more(graver):
    assert points(**{"risk": 50, **graver}) > points(risk=50)


def test_puts_first_of_two_alike_what_waits_longer():
    waits = [NONE, HOUR, 4 * HOUR, 24 * HOUR]
    found = [points(wait, risk=50) for wait in waits]
    assert found == sorted(set(found))


def test_says_when_its_place_changes_by_itself():
    facts = Facts(kind="comment", is_negative=True)
    waited, changes = NONE, []
    while (place := place_of(facts, waited)).changes_after is not None:
        changes.append(place.changes_after)
        waited = place.changes_after
    assert changes == [HOUR, 4 * HOUR, 24 * HOUR, LONGEST_WAIT]
    assert place.points == NOT_WAITING


@pytest.mark.parametrize(
    ("facts", "waits"),
    [
        ({}, False),
        ({"signs": {"support"}}, False),
        ({"is_negative": True}, True),
        ({"signs": {"question"}}, True),
        ({"signs": {"personal_data"}}, True),
        ({"kind": "direct_message"}, True),
        ({"has_deadline": True}, True),
        ({"is_negative": True, "author_kind": "employee"}, False),
    ],
    ids=str,
)
def test_lets_wait_only_what_calls_for_somebody(facts, waits):
    place = place_of(Facts(**{"kind": "comment", **facts}), NONE)
    assert (place.points > NOT_WAITING) is waits


def test_calls_toxic_what_wears_people_out():
    assert is_toxic([("insult", 80)])
    assert not is_toxic([("insult", 10), ("complaint", 90)])
