"""The engine's silence is noticed, by the thread beside it and by whoever stands outside."""

import threading
import time
from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client

from crisis_api.lib.actors import SYSTEM
from incidents.escalation import decide, engine, health
from incidents.escalation.auditor import second_path, turns, walks, watch
from incidents.escalation.engine import Engine
from incidents.models import AuditorState, Escalation, Reminder, Severity
from incidents.services import lifecycle
from tests.factories.access import a_contact_point, a_person, a_team
from tests.factories.incidents import a_policy

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _mailbox(settings):
    settings.ALARM_EMAIL = ["night@ops.example"]
    second_path.forget()
    yield
    second_path.forget()


@pytest.fixture
def incident(clock):
    team = a_team()
    owner = a_person(team)
    a_contact_point(owner)
    policy = a_policy(team, [{"delay": MINUTE, "notify_owner": True}], rounds=2)
    return lifecycle.open_incident(
        team=team, category="spam", severity=Severity.CRITICAL, title="T", by=SYSTEM,
        owner=owner, policy=policy,
    ).incident  # fmt: skip


def silent_for(seconds, *, inside=True):
    return lambda: (time.monotonic() - seconds, inside)


def a_watch(beats, **values):
    return watch.Watch("w", beats, threading.Event(), **values)


def work_off():
    for _ in range(5):
        engine.run_once()


def subjects():
    return [message.subject.rpartition(" ")[2] for message in mail.outbox]


def test_notices_within_ten_seconds_that_the_tick_does_not_come_back(incident, clock, caplog):
    work_off()
    clock.move(MINUTE + timedelta(seconds=15))
    looking = a_watch(silent_for(9))
    looking.look()
    assert mail.outbox == []
    looking.beats = silent_for(11)
    for _ in range(3):
        looking.look()
    assert subjects() == ["engine_silent"]
    assert mail.outbox[0].to == ["night@ops.example"]
    assert "auditor: engine_silent" in caplog.text
    assert Reminder.objects.filter(kind="escalation_step", status="fired").exists()


def test_says_so_again_after_the_next_silence(incident):
    looking = a_watch(silent_for(11))
    looking.look()
    looking.beats = silent_for(0)
    looking.look()
    assert looking.was_silent is False
    second_path.forget()
    looking.beats = silent_for(11)
    looking.look()
    assert subjects() == ["engine_silent", "engine_silent"]


@pytest.mark.parametrize(
    ("seconds", "inside", "ends"), [(89, True, 0), (91, True, 1), (91, False, 0)]
)
def test_ends_a_process_whose_tick_hangs_for_good(incident, seconds, inside, ends):
    ended = []
    looking = a_watch(silent_for(seconds, inside=inside), end=lambda: ended.append(1))
    looking.look()
    assert len(ended) == ends


@pytest.mark.django_db(transaction=True)
def test_counts_no_tick_of_which_a_part_fails_and_does_the_other_parts(incident, monkeypatch):
    swept = []

    def fails(*_):
        raise RuntimeError("poison")

    monkeypatch.setattr(decide, "fire_due", fails)
    monkeypatch.setattr(Engine, "_sweep", lambda self: swept.append(1))
    monkeypatch.setattr(Engine, "_hand_out", lambda self: None)
    ticking = Engine()
    before = ticking.beats()
    ticking.tick()
    assert swept == [1]
    assert ticking.beats() == before
    assert health.report().last_tick_age is None


@pytest.mark.django_db(transaction=True)
def test_an_engine_goes_on_ticking_after_a_tick_that_failed(incident, monkeypatch):
    failed, ticking = [], Engine()

    def tick(self):
        failed.append(1)
        if len(failed) == 2:
            ticking.stopping.set()
        raise RuntimeError("poison")

    monkeypatch.setattr(Engine, "tick", tick)
    monkeypatch.setattr(engine.Watch, "start", lambda self: None)
    monkeypatch.setattr(Engine, "open_lanes", lambda self: None)
    ticking.run()
    assert len(failed) == 2


def test_a_long_tick_is_no_silence(incident, clock, monkeypatch):
    beats = []
    monkeypatch.setattr(decide, "fire_due", lambda: 500 if len(beats) < 3 else 0)
    decide.fire_all_due(lambda: beats.append(1))
    assert len(beats) == 3


def test_one_process_looks_at_a_time_every_thirty_seconds(incident, clock):
    assert turns.turn("a") is not None
    assert turns.turn("b") is None
    clock.move(seconds=29)
    assert turns.turn("b") is None
    clock.move(seconds=1)
    assert turns.turn("b") is not None


def test_a_turn_that_died_is_taken_over(incident, clock):
    turns.turn("a")
    AuditorState.objects.update(lease_until=clock.now() + turns.LEASE)
    clock.move(seconds=44)
    assert turns.turn("b") is None
    clock.move(seconds=2)
    assert turns.turn("b") is not None


def test_a_clock_that_was_set_back_stops_no_turns(incident, clock):
    clock.move(days=30)
    turns.turn("a")
    clock.move(days=-30)
    assert turns.turn("b") is not None


def test_calls_a_person_by_the_second_path(incident, clock):
    Engine()._beat()
    turns.turn("a")
    assert health.report().is_well
    Reminder.objects.filter(kind="escalation_step").delete()
    clock.move(seconds=30)
    turns.turn("a")
    Engine()._beat()
    assert subjects() == ["run_incomplete"]
    assert "run_incomplete (1)" in mail.outbox[0].body
    answer = Client().get("/healthz/engine")
    assert (answer.status_code, answer.json()["overlooked"]) == (503, 1)
    clock.move(minutes=10)
    work_off()
    Engine()._beat()
    turns.turn("a")
    assert Client().get("/healthz/engine").json()["overlooked"] == 0


def test_is_silent_towards_the_watchdog_once_something_was_overlooked(
    incident, clock, settings, monkeypatch
):
    pinged = []
    settings.HEARTBEAT_URL = "https://watchdog.example/"
    monkeypatch.setattr(health.requests, "get", lambda url, **_: pinged.append(url))
    Engine()._beat()
    turns.turn("a")
    assert health.ping_watchdog() == 1
    Escalation.objects.update(status="running", generation=7)
    clock.move(seconds=31)
    turns.turn("a")
    Engine()._beat()
    assert health.ping_watchdog() == 0
    assert len(pinged) == 1


def test_the_auditors_own_silence_is_seen_outside(incident, clock):
    ticking = Engine(started_at=clock.now())
    ticking._beat()
    assert health.report().is_well
    clock.move(seconds=60)
    work_off()
    ticking._beat()
    assert health.report().is_well
    clock.move(seconds=1)
    ticking._beat()
    assert not health.report().is_well
    work_off()
    turns.turn("a")
    assert health.report().is_well


def test_mails_one_thing_once_in_ten_minutes(incident):
    for _ in range(3):
        second_path.tell("run_incomplete", 2)
    second_path.tell("snooze_without_end", 1)
    assert subjects() == ["run_incomplete", "snooze_without_end"]


def test_a_mail_server_that_is_away_stops_nobody(incident, settings, caplog):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    second_path.tell("run_incomplete", 2)
    assert "could not be sent" in caplog.text


def test_the_command_says_what_it_found_and_ends_with_one(incident, capsys):
    Engine()._beat()
    with pytest.raises(SystemExit) as ended:
        call_command("auditor")
    assert (ended.value.code, capsys.readouterr().out) == (0, "nothing was overlooked\n")
    Reminder.objects.filter(kind="escalation_step").delete()
    with pytest.raises(SystemExit) as ended:
        call_command("auditor")
    assert ended.value.code == 1
    assert capsys.readouterr().out.startswith("run_incomplete: 1 (")


def test_the_command_says_that_no_engine_ticks(incident, capsys):
    with pytest.raises(SystemExit) as ended:
        call_command("auditor")
    assert ended.value.code == 1
    assert "engine_silent" in capsys.readouterr().out
    assert subjects() == ["engine_silent"]


def test_a_queue_is_driven_by_the_thread_while_the_tick_hangs(incident, clock, monkeypatch):
    driven = []
    queue = walks.Queue("due", lambda before: 1, lambda: driven.append(1))
    monkeypatch.setattr(walks, "_queues", {"due": queue})
    AuditorState.objects.create(pk=turns.NAME, began_at=clock.now())
    a_watch(silent_for(12)).look()
    assert driven == [1]
