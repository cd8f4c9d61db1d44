import re
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from incidents.channels.manual import ManualChannel
from incidents.channels.protocol import MentionKind
from incidents.intake.scoring import score
from incidents.intake.storm import StormRule, detect

WAVE = Path(__file__).parents[3] / "incidents" / "demo" / "wave.jsonl"
RULE = StormRule(window=timedelta(minutes=10), min_negative=15, factor=3)
BURST_BEGINS = timedelta(minutes=93)
BURST_ENDS = timedelta(minutes=129)


@pytest.fixture(scope="module")
def wave():
    outcome = ManualChannel().parse(WAVE.read_bytes(), "application/x-ndjson")
    assert outcome.errors == ()
    assert outcome.warnings == ()
    return outcome.mentions


@pytest.fixture(scope="module")
def scored(wave):
    return [(mention, score(mention.text)) for mention in wave]


def storm_at(scored, now):
    negatives = [(m.written_at, s) for m, s in scored if s.is_negative and m.written_at <= now]
    window = [s for at, s in negatives if at > now - RULE.window]
    reasons = Counter(code for s in window for code in s.codes)
    return detect((at for at, _ in negatives), now=now, rule=RULE, reasons=reasons)


def test_is_a_crisis_of_three_hours_in_order_of_time(wave):
    times = [mention.written_at for mention in wave]
    assert len(wave) >= 420
    assert times == sorted(times)
    assert timedelta(hours=2, minutes=50) < times[-1] - times[0] < timedelta(hours=3, minutes=20)


def test_repeats_no_id_and_no_text(wave):
    assert len({mention.external_id for mention in wave}) == len(wave)
    assert len({mention.text for mention in wave}) == len(wave)


def test_speaks_russian_and_english(wave):
    languages = Counter(mention.language for mention in wave)
    assert min(languages["ru"], languages["en"]) > 150


def test_holds_every_kind_of_mention(wave):
    assert {mention.kind for mention in wave} == set(MentionKind)


def test_answers_only_what_was_written_before(wave):
    seen = set()
    for mention in wave:
        assert mention.parent_external_id is None or mention.parent_external_id in seen
        seen.add(mention.external_id)


def test_keeps_a_person_one_person(wave):
    names = {(mention.author_external_id, mention.author_name) for mention in wave}
    assert len(names) == len({author for author, _ in names}) == len({name for _, name in names})


def test_gives_only_numbers_and_links_that_belong_to_nobody(wave):
    for mention in wave:
        for number in re.findall(r"\+\d[\d ()-]{8,}", mention.text):
            assert re.match(r"\+1-202-555-01\d\d|\+7 900 000-00-\d\d", number)
        for host in re.findall(r"www\.[\w.-]+", mention.text):
            assert host.endswith(".example")


def test_reads_the_languages_as_they_were_written(scored):
    for mention, result in scored:
        expected = mention.language if mention.language in ("ru", "en") else "other"
        assert result.language == expected, mention.text


def test_finds_both_leaks_and_nothing_else_personal(scored):
    leaks = [mention.text for mention, result in scored if "personal_data" in result.codes]
    assert len(leaks) == 2


def test_finds_the_spam_and_the_false_support_and_no_customer_among_them(scored):
    spammers = {mention.author_name for mention, result in scored if result.is_spam}
    assert sum(result.is_spam for _, result in scored) >= 13
    assert {"@lumelle_support_official", "@lumelle.care.team"} <= spammers
    assert {m.author_kind for m, result in scored if result.is_spam} == {"unknown"}


def test_finds_the_injuries_and_the_threats(scored):
    codes = Counter(code for _, result in scored for code in result.codes)
    assert codes["injury"] > 60
    assert codes["threat"] > 8
    assert codes["refund_request"] > 12
    assert codes["accusation"] > 15


def test_is_quiet_before_the_burst_and_negative_in_it(scored):
    start = scored[0][0].written_at

    def share(begin, end):
        part = [s.is_negative for m, s in scored if begin <= m.written_at - start < end]
        return sum(part) / len(part)

    assert share(timedelta(0), timedelta(minutes=43)) < 0.1
    assert share(BURST_BEGINS, BURST_ENDS) > 0.45


def test_fires_the_storm_rule_in_the_burst_and_not_before(scored):
    start = scored[0][0].written_at
    moments = [mention.written_at for mention, _ in scored]
    fired = next(at for at in moments if storm_at(scored, at) is not None)
    assert BURST_BEGINS < fired - start < BURST_BEGINS + timedelta(minutes=5)
    storm = storm_at(scored, fired)
    assert storm.category == "product_safety"
    assert storm.severity in {"high", "critical"}


def test_becomes_critical_at_its_height(scored):
    storm = storm_at(scored, scored[0][0].written_at + timedelta(minutes=115))
    assert storm.severity == "critical"
    assert storm.count > 2 * RULE.min_negative
