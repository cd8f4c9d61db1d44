"""What surgery on the rows has lost is found, driven and told of; what is well is left alone."""

from datetime import timedelta

import pytest

from crisis_api.lib.actors import SYSTEM
from incidents.escalation import decide
from incidents.escalation.auditor import walks
from incidents.models import (
    Escalation,
    Incident,
    Milestone,
    Notification,
    NotificationReminder,
    Reminder,
    Severity,
)
from incidents.services import lifecycle
from tests.factories.access import a_contact_point, a_person, a_team
from tests.factories.incidents import a_policy, an_incident

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def owner(team):
    person = a_person(team)
    a_contact_point(person)
    return person


@pytest.fixture
def manager(team):
    person = a_person(team, "manager")
    a_contact_point(person)
    return person


@pytest.fixture
def incident(team, owner, manager, clock):
    steps = [{"delay": MINUTE, "notify_owner": True} for _ in range(3)]
    return lifecycle.open_incident(
        team=team, category="spam", severity=Severity.CRITICAL, title="T", by=SYSTEM,
        owner=owner, policy=a_policy(team, steps, rounds=2, round_pause_seconds=60),
    ).incident  # fmt: skip


@pytest.fixture(autouse=True)
def _no_queues(monkeypatch):
    # Nobody sends and reacts here, between the moments at which the rows are looked at.
    monkeypatch.setattr(walks, "_queues", {})


def overlooked():
    """Look at everything, and say how many of what were overlooked."""
    return dict(walks.look({}, seconds=None).counts)


def steps_of(incident, **values):
    return Reminder.objects.filter(incident=incident, kind="escalation_step", **values)


def fired(incident):
    rows = steps_of(incident, status="fired").order_by("planned_at", "round", "step")
    return list(rows.values_list("round", "step"))


def live(clock, minutes):
    for _ in range(minutes):
        decide.fire_all_due()
        clock.move(MINUTE)
    decide.fire_all_due()


def everything(team, owner):
    """One incident in every state that it can be in."""
    policy = a_policy(team, [{"delay": MINUTE, "notify_owner": True}], rounds=1)

    def opened(**values):
        return lifecycle.open_incident(
            team=team, category="spam", severity=Severity.HIGH, title="T", by=SYSTEM,
            **{"owner": owner, "policy": policy, **values},
        ).incident  # fmt: skip

    opened(owner=None)
    opened(policy=None)
    for verb in ("contain", "close"):
        row = opened()
        lifecycle.acknowledge(row, by=SYSTEM, owner=owner)
        if verb == "contain":
            lifecycle.contain(row, by=SYSTEM)
        else:
            lifecycle.resolve(row, note="N", by=SYSTEM)
            lifecycle.close(row, by=SYSTEM)
    lifecycle.acknowledge(opened(), by=SYSTEM, owner=owner, expires_in=3 * MINUTE)
    row = opened()
    lifecycle.snooze(row, until=row.opened_at + 4 * MINUTE, by=SYSTEM)
    lifecycle.change(opened(), {"severity": Severity.LOW}, by=SYSTEM)
    lifecycle.change(opened(), {"severity": Severity.CRITICAL}, by=SYSTEM)
    reopened = opened()
    lifecycle.resolve(reopened, note="N", by=SYSTEM)
    lifecycle.reopen(reopened, reason="", by=SYSTEM)


def test_finds_nothing_where_nothing_is_wrong(incident, team, owner, clock):
    everything(team, owner)
    found = [overlooked()]
    for _ in range(90):
        live(clock, 1)
        found.append(overlooked())
    assert found == [{}] * 91


def test_starts_the_run_that_an_open_incident_should_have(incident, clock):
    Reminder.objects.filter(incident=incident).exclude(kind="milestone_missed").delete()
    Escalation.objects.all().delete()
    assert overlooked() == {"incident_without_run": 1}
    live(clock, 3)
    assert fired(incident) == [(1, 1), (1, 2), (1, 3)]
    assert overlooked() == {}


def test_lays_out_a_step_that_is_missing_at_the_time_it_was_planned(incident, clock):
    planned = steps_of(incident, step=2).get().planned_at
    steps_of(incident, step=2).delete()
    clock.move(10 * MINUTE)
    assert overlooked() == {"run_incomplete": 1}
    assert steps_of(incident, step=2).get().planned_at == planned
    decide.fire_all_due()
    assert fired(incident)[:3] == [(1, 1), (1, 2), (1, 3)]
    assert overlooked() == {}


@pytest.mark.parametrize("status", ["fired", "cancelled", "parked"])
def test_goes_on_with_a_run_that_has_nothing_ahead(incident, clock, status):
    steps_of(incident).update(status=status)
    assert overlooked() == {"run_incomplete": 1}
    live(clock, 9)
    again = [(1, 1), (1, 2), (1, 3)] if status != "parked" else []
    assert fired(incident) == [*again, (2, 1), (2, 2), (2, 3)]
    assert Escalation.objects.get().status == "finished"
    assert overlooked() == {}


def test_ends_a_run_whose_last_round_is_over(incident, clock):
    live(clock, 9)
    Escalation.objects.update(status="running", ended_at=None)
    assert overlooked() == {"run_incomplete": 1}
    assert Escalation.objects.get().status == "finished"


def test_begins_with_the_policy_where_the_stored_plan_cannot_be_read(incident, clock):
    Escalation.objects.update(plan={"format": 1})
    steps_of(incident).delete()
    assert overlooked() == {"run_incomplete": 1}
    live(clock, 3)
    assert fired(incident) == [(1, 1), (1, 2), (1, 3)]


def test_turns_to_the_managers_where_there_is_no_policy_either(incident, manager, clock):
    Escalation.objects.update(plan={})
    steps_of(incident).delete()
    Incident.objects.update(policy=None)
    overlooked()
    decide.fire_all_due()
    assert fired(incident) == [(1, 1)]
    assert Notification.objects.filter(incident=incident, owner=manager).exists()


def test_stops_a_run_that_its_incident_does_not_want_any_more(incident, owner, clock):
    lifecycle.acknowledge(incident, by=SYSTEM, owner=owner)
    Escalation.objects.update(status="running", ended_at=None)
    steps_of(incident).update(status="pending")
    assert overlooked() == {"run_of_the_past": 1}
    assert Escalation.objects.get().status == "stopped"
    assert not steps_of(incident, status="pending").exists()
    assert overlooked() == {}


@pytest.mark.parametrize("surgery", ["delete", "cancel"])
def test_ends_a_snooze_that_would_never_end(incident, clock, surgery):
    lifecycle.snooze(incident, until=clock.now() + 5 * MINUTE, by=SYSTEM)
    end = Reminder.objects.filter(kind="snooze_end")
    end.delete() if surgery == "delete" else end.update(status="cancelled")
    clock.move(7 * MINUTE)
    assert overlooked() == {"snooze_without_end": 1}
    decide.fire_all_due()
    incident.refresh_from_db()
    assert incident.snoozed_until is None
    # The plan starts when the snooze was to end: two of its steps are due by now.
    assert fired(incident) == [(1, 1), (1, 2)]
    assert overlooked() == {}


def test_ends_an_acknowledgement_that_would_never_end(incident, owner, clock):
    lifecycle.acknowledge(incident, by=SYSTEM, owner=owner, expires_in=5 * MINUTE)
    Reminder.objects.filter(kind="acknowledgement_expiry").delete()
    clock.move(7 * MINUTE)
    assert overlooked() == {"acknowledgement_without_end": 1}
    decide.fire_all_due()
    incident.refresh_from_db()
    assert incident.status == "open"
    assert fired(incident) == [(1, 1), (1, 2)]


def test_tells_the_managers_again_that_nobody_is_responsible(incident, manager, clock):
    Incident.objects.update(owner=None)
    assert overlooked() == {"nobody_responsible": 1}
    decide.fire_all_due()
    assert Reminder.objects.filter(kind="no_owner", status="fired", outcome="notified").exists()
    assert overlooked() == {}


@pytest.mark.parametrize("surgery", ["delete", "cancel"])
def test_reminds_of_a_milestone_of_which_nobody_would_be(incident, clock, surgery):
    row = Milestone.objects.get(incident=incident, name="acknowledged")
    mine = Reminder.objects.filter(kind="milestone_missed", planned_at=row.target_at)
    mine.delete() if surgery == "delete" else mine.update(status="cancelled")
    clock.set(row.target_at + 10 * MINUTE)
    assert overlooked() == {"milestone_without_reminder": 1}
    decide.fire_all_due()
    missed = incident.events.filter(kind="milestone.missed", data__name="acknowledged")
    assert missed.count() == 1
    assert overlooked() == {}


def test_fires_again_what_never_became_a_message(incident, clock):
    clock.move(MINUTE)
    decide.fire_all_due()
    told = Notification.objects.filter(reminders__kind="escalation_step")
    before = told.get()
    NotificationReminder.objects.all().delete()
    Notification.objects.all().delete()
    assert overlooked() == {}, "it may be just under way"
    clock.move(seconds=6)
    assert overlooked() == {"fired_without_message": 1}
    decide.fire_all_due()
    assert told.get().owner == before.owner
    assert overlooked() == {}


def test_fires_the_last_of_a_round_again_and_lays_out_no_round_twice(incident, clock):
    live(clock, 3)
    last = steps_of(incident, round=1, step=3).get()
    NotificationReminder.objects.filter(reminder=last).delete()
    clock.move(seconds=6)
    assert overlooked() == {"fired_without_message": 1}
    live(clock, 8)
    assert fired(incident) == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]
    assert Escalation.objects.get().round == 2


def test_tells_the_managers_on_the_timeline_once_an_hour(incident, manager, clock):
    for _ in range(3):
        steps_of(incident, status="pending").delete()
        assert overlooked() == {"run_incomplete": 1}
        decide.fire_all_due()
    raised = incident.events.filter(kind="alarm.raised", data__code="overlooked")
    assert raised.count() == 1
    clock.move(hours=1, seconds=1)
    steps_of(incident, status="pending").delete()
    overlooked()
    assert raised.count() == 2


def test_leaves_alone_what_was_put_right_between_looking_and_locking(incident, clock, monkeypatch):
    from incidents.escalation.auditor import checks, message_checks, run_checks

    assert run_checks.complete(Escalation.objects.get().pk, clock.now()) is False
    assert checks.start_run(incident.pk, clock.now()) is False
    assert checks.end_snooze(incident.pk, clock.now()) is False
    assert run_checks.stop_run(Escalation.objects.get().pk, clock.now()) is False
    assert message_checks.fire_again(steps_of(incident).first().pk, clock.now()) is False


def test_walks_in_windows_and_goes_on_where_it_stopped(team, owner, clock, monkeypatch):
    monkeypatch.setattr(walks, "WINDOW", 3)
    a_policy(team)
    for _ in range(8):
        an_incident(team, owner=owner, policy=a_policy(team))
    cursors: dict[str, str] = {}
    # Time is over after one window of each walk.
    found = walks.look(cursors, seconds=0)
    assert found.whole is False
    assert found.counts == {}
    found = walks.look(cursors, seconds=60)
    assert found.whole is True
    assert found.counts["incident_without_run"] == 8
    assert cursors["incidents"] == ""


def test_one_that_cannot_be_driven_keeps_nobody_from_the_next(team, owner, clock, monkeypatch):
    from incidents.escalation import runs

    for _ in range(2):
        an_incident(team, owner=owner, policy=a_policy(team))
    poisoned = Incident.objects.order_by("pk").first()
    go_on = runs.go_on

    def failing(incident, **values):
        if incident.pk == poisoned.pk:
            raise RuntimeError("poison")
        return go_on(incident, **values)

    monkeypatch.setattr(runs, "go_on", failing)
    found = walks.look({}, seconds=None)
    assert found.counts["incident_without_run"] == 2
    assert list(Escalation.objects.values_list("incident_id", flat=True)) != [poisoned.pk]
    assert found.ids["incident_without_run"][0] == poisoned.pk
