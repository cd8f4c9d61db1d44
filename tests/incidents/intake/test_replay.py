"""A recorded wave comes in again."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from incidents.intake import replay
from incidents.models import Incident, Mention, Receipt
from tests.factories.access import a_team
from tests.factories.incidents import an_account
from tests.factories.intake import ANGRY, CALM, a_storm_rule

pytestmark = pytest.mark.django_db

THEN = datetime(2024, 5, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def account():
    return an_account(a_team(), handle="@lumelle")


@pytest.fixture
def recording(tmp_path):
    def write(*comments, name="wave.jsonl"):
        file = tmp_path / name
        fields = ("external_id", "written_at", "author_id", "text")
        with file.open("w", encoding="utf-8") as lines:
            for number, (after, text) in enumerate(comments):
                at = (THEN + after).isoformat()
                row = dict(zip(fields, (str(number), at, "a", text), strict=True))
                lines.write(json.dumps(row) + "\n")
        return replay.load(file)[0]

    return write


def played(account, comments, clock, speed):
    return list(replay.play(account, comments, speed=speed, pause=lambda s: clock.move(seconds=s)))


def test_starts_now_and_keeps_the_distances_divided_by_the_speed(account, recording, clock):
    start = clock.now()
    comments = recording((0 * MINUTE, CALM), (30 * MINUTE, ANGRY), (60 * MINUTE, CALM))
    steps = played(account, comments, clock, 60)
    written = Mention.objects.order_by("written_at").values_list("written_at", flat=True)
    assert list(written) == [start, start + MINUTE / 2, start + MINUTE]
    assert [len(step.received.outcomes) for step in steps] == [1, 1, 1]
    assert start + MINUTE <= clock.now() < start + 1.1 * MINUTE


def test_lets_nothing_in_before_it_is_due(account, recording, clock):
    comments = recording((0 * MINUTE, CALM), (10 * MINUTE, CALM))
    for step in replay.play(
        account, comments, speed=1, pause=lambda seconds: clock.move(seconds=seconds)
    ):
        assert not Mention.objects.filter(written_at__gt=step.at).exists()


def test_lets_all_in_at_once_a_hundred_at_a_time(account, recording, clock):
    comments = recording(*((n * MINUTE, f"ok {n}") for n in range(250)))
    start = clock.now()
    steps = played(account, comments, clock, None)
    assert [len(step.received.outcomes) for step in steps] == [100, 100, 50]
    assert clock.now() == start
    assert Receipt.objects.filter(source="replay", status="parsed").count() == 3
    texts = Mention.objects.order_by("written_at").values_list("text", flat=True)
    assert list(texts) == [f"ok {n}" for n in range(250)]
    assert Mention.objects.latest("written_at").written_at < start


def test_opens_an_incident_in_the_burst(account, recording, clock):
    a_storm_rule(account.team)
    calm = [(n * 10 * MINUTE, CALM) for n in range(10)]
    burst = [(100 * MINUTE + n * MINUTE / 10, ANGRY) for n in range(12)]
    steps = played(account, recording(*calm, *burst), clock, 60)
    opened = [part for step in steps for part in step.received.incidents if part.opened]
    assert [part.incident_id for part in opened] == [Incident.objects.get().pk]
    assert Incident.objects.get().mention_count == 12


def test_plays_only_what_is_not_known(account, recording, clock):
    comments = recording((0 * MINUTE, CALM), (MINUTE, ANGRY), (2 * MINUTE, CALM))
    played(account, comments[:2], clock, None)
    before = list(Mention.objects.order_by("pk").values())
    left = replay.unknown(account, comments)
    assert left == comments[2:]
    played(account, left, clock, None)
    assert replay.unknown(account, comments) == []
    assert list(Mention.objects.order_by("pk").values())[:2] == before


def test_comes_in_anew_under_other_names(account, recording, clock):
    comments = recording((0 * MINUTE, CALM), (MINUTE, ANGRY))
    played(account, comments, clock, None)
    again = replay.renamed(comments, "second")
    assert replay.unknown(account, again) == again
    played(account, again, clock, None)
    assert Mention.objects.count() == 4


def test_reads_what_it_can_and_names_the_rest(tmp_path):
    file = tmp_path / "wave.jsonl"
    good = {"external_id": "1", "written_at": "2024-05-01T12:00:00Z", "author_id": "a"}
    file.write_text(
        "\n".join([json.dumps({**good, "text": "late"}), "", "{", "[]", json.dumps(good)])
    )
    comments, errors = replay.load(file)
    assert len(comments) == 1
    assert [(error.line, error.code) for error in errors] == [
        (3, "broken_json"),
        (4, "broken_json"),
        (5, "required"),
    ]
