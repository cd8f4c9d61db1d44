"""Spans of time: joined, cut and turned inside out."""

from datetime import UTC, datetime

from incidents.escalation.coverage import gaps, joined, shared


def at(hour):
    return datetime(2027, 1, 4, hour, tzinfo=UTC)


def spans(*pairs):
    return [(at(start), at(end)) for start, end in pairs]


def test_joins_what_touches_or_overlaps_and_leaves_out_what_is_empty():
    assert joined(spans((8, 10), (3, 5), (5, 6), (9, 9), (9, 12), (15, 15))) == spans(
        (3, 6), (8, 12)
    )


def test_finds_what_is_left_of_a_time():
    assert gaps(spans((3, 5), (4, 8), (10, 20)), at(4), at(12)) == spans((8, 10))
    assert gaps(spans((5, 6)), at(4), at(12)) == spans((4, 5), (6, 12))
    assert gaps([], at(4), at(12)) == spans((4, 12))
    assert gaps(spans((1, 23)), at(4), at(12)) == []
    assert gaps(spans((12, 13)), at(4), at(12)) == spans((4, 12))


def test_finds_what_two_share():
    assert shared(spans((1, 5), (8, 12)), spans((4, 9), (11, 20))) == spans(
        (4, 5), (8, 9), (11, 12)
    )
    assert shared(spans((1, 5)), spans((5, 9))) == []
