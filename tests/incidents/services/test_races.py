"""What several people, and the engine, do to one incident in the same instant."""

import contextlib
import random
import threading
from datetime import timedelta

import pytest
from django.db import connection

from crisis_api.lib import clock
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.errors import Problem
from incidents.escalation import decide
from incidents.models import Escalation, Event, Incident, Reminder
from incidents.services import lifecycle, merging, milestones, relations
from tests.factories.access import a_contact_point, a_person, a_team, the_actor
from tests.factories.incidents import a_policy
from tests.incidents.services.stories import kinds, opened

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works):
    """Run them in a thread each, all starting together; return what they raised."""
    ready = threading.Barrier(len(works))
    raised = []

    def run(work):
        try:
            ready.wait()
            work()
        except Exception as error:  # noqa: BLE001  # whatever it is, the test tells
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_has_one_first_who_acknowledged():
    team = a_team()
    people = [a_person(team) for _ in range(6)]
    incident = opened(team, policy=a_policy(team))
    seen = []

    def acknowledge(person):
        got = lifecycle.acknowledge(incident, by=the_actor(person), owner=person)
        seen.append(got.acknowledged_by_id)

    raised = at_once(*[lambda p=person: acknowledge(p) for person in people])
    assert raised == []
    assert len(set(seen)) == 1
    assert kinds(incident).count("incident.acknowledged") == 1


def move(chance, incident, other, person):
    """Do something to an incident."""
    soon, brief = clock.now() + timedelta(seconds=1), timedelta(seconds=1)
    grave = {"severity": chance.randint(1, 4)}
    verbs = [
        lambda: lifecycle.acknowledge(incident, by=SYSTEM, owner=person, expires_in=brief),
        lambda: lifecycle.snooze(incident, until=soon, by=SYSTEM),
        lambda: lifecycle.escalate(incident, by=SYSTEM),
        lambda: lifecycle.assign(incident, owner=person, by=SYSTEM),
        lambda: lifecycle.change(incident, grave, by=SYSTEM),
        lambda: lifecycle.resolve(incident, note="Over.", by=SYSTEM),
        lambda: lifecycle.reopen(incident, reason="", by=SYSTEM),
        lambda: relations.relate(incident, other, by=SYSTEM),
        lambda: relations.unrelate(other, incident, by=SYSTEM),
        lambda: milestones.reach(incident, "contained", at=clock.now(), by=SYSTEM),
    ]
    chance.choice(verbs)()


def test_keeps_its_books_whatever_happens_at_once():
    team = a_team()
    people = [a_person(team, "manager") for _ in range(3)]
    for person in people:
        a_contact_point(person)
    every_second = [{"delay": timedelta(seconds=1), "roles": ["manager"]}] * 5
    policy = a_policy(team, every_second, rounds=20, round_pause_seconds=0)
    incidents = [opened(team, policy=policy) for _ in range(3)]

    def play(seed):
        chance = random.Random(seed)
        for _ in range(12):
            with contextlib.suppress(Problem):  # not allowed just then
                move(chance, *chance.sample(incidents, 2), chance.choice(people))

    def engine():
        for _ in range(12):
            clock.move(timedelta(seconds=1))
            decide.fire_all_due()

    assert at_once(*[lambda s=seed: play(s) for seed in range(4)], engine) == []
    for incident in incidents:
        sequences = list(
            Event.objects.filter(incident=incident)
            .order_by("sequence")
            .values_list("sequence", flat=True)
        )
        assert sequences == list(range(1, len(sequences) + 1))
        incident.refresh_from_db()
        running = Escalation.objects.filter(incident=incident, status="running")
        assert running.count() <= 1
        steps = Reminder.objects.pending().filter(incident=incident, kind="escalation_step")
        if incident.status != "open" or incident.snoozed_until is not None:
            assert not steps.exists()
        assert not steps.exclude(generation=incident.generation).exists()
    assert not Reminder.objects.filter(status="parked").exists()


def test_merges_while_signals_arrive_and_loses_none():
    team = a_team()
    source, target = opened(team, dedup_key="k"), opened(team)
    signals = [
        lambda: lifecycle.open_incident(
            team=team, category="spam", severity=1, title="x", dedup_key="k", by=SYSTEM
        )
        for _ in range(5)
    ]
    assert at_once(lambda: merging.merge(source, into=target, by=SYSTEM), *signals) == []
    assert Incident.objects.count() == 2
    target.refresh_from_db()
    assert target.signal_count == 7
