"""Thousands to put right at once hold up neither the auditor's watch nor anybody who writes."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from crisis_api.access.models import Team
from incidents.escalation.auditor import second_path, turns, walks
from incidents.models import AuditorState, Escalation
from tests.factories.access import a_contact_point, a_person, a_team
from tests.factories.incidents import a_policy, an_incident

MANY = 12


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    monkeypatch.setattr(walks, "_queues", {})
    monkeypatch.setattr(second_path, "_mailed", {})


@pytest.fixture
def overlooked(db):
    """Open incidents of which no plan runs."""
    team = a_team()
    owner = a_person(team)
    a_contact_point(owner)
    policy = a_policy(team, [{"notify_owner": True}])
    return [an_incident(team, owner=owner, policy=policy) for _ in range(MANY)]


def put_right():
    return Escalation.objects.count()


def test_ends_a_turn_in_time_and_takes_the_next_at_once(overlooked, clock, monkeypatch):
    monkeypatch.setattr(walks.Pace, "is_over", lambda self: put_right() >= self.allowed)
    monkeypatch.setattr(walks.Pace, "allowed", 5, raising=False)
    found = turns.turn("a")
    assert (found.counts, found.unfinished, put_right()) == ({"incident_without_run": 5}, True, 5)
    assert AuditorState.objects.get().cursors.get("incidents", "") == ""
    monkeypatch.setattr(walks.Pace, "allowed", MANY + 1)
    clock.move(seconds=2)
    found = turns.turn("a")
    assert (found.counts, found.unfinished) == ({"incident_without_run": MANY - 5}, False)
    assert put_right() == MANY
    clock.move(seconds=2)
    assert turns.turn("a") is None
    clock.move(timedelta(seconds=28))
    assert turns.turn("a").counts == {}


def test_those_that_cannot_be_put_right_do_not_keep_it_at_one_place(overlooked, clock, monkeypatch):
    def fails(pk, now):
        tried.append(pk)
        raise RuntimeError("poison")

    class OneTry(walks.Pace):
        def __init__(self, seconds):
            super().__init__(seconds)
            self.before = len(tried)

        def is_over(self):
            return len(tried) > self.before

    tried = []
    (check,) = [c for c in walks._walks["incidents"].checks if c.code == "incident_without_run"]
    poisoned = walks.Check(check.code, check.find, fails)
    walk = walks.Walk("incidents", walks._walks["incidents"].rows, "pk", [poisoned])
    monkeypatch.setattr(walks, "_walks", {"incidents": walk})
    monkeypatch.setattr(walks, "WINDOW", 4)
    monkeypatch.setattr(walks, "Pace", OneTry)
    cursors: dict[str, str] = {}
    for _ in range(MANY // 4):
        walks.look(cursors)
    assert len(set(tried)) == MANY // 4, "one in each window"


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL has any number of writers")
def test_lets_others_write_between(overlooked):
    written, over = [], threading.Event()

    def write():
        while not over.is_set():
            with transaction.atomic():
                Team.objects.update(name=str(len(written)))
            written.append(put_right())
        connection.close()

    other = threading.Thread(target=write)
    other.start()
    walks.look({}, seconds=None)
    over.set()
    other.join(60)
    assert put_right() == MANY
    assert len(set(written)) > MANY / 2, "between nearly every two"
