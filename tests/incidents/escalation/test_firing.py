"""What the engine does with reminders that are due."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crisis_api.lib.actors import SYSTEM
from incidents.escalation import alarms, decide, reminders, runs
from incidents.models import Escalation, Event, Incident, Notification, Reminder
from tests.factories.access import a_contact_point, a_person, a_team
from tests.factories.incidents import a_policy, an_incident

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def reachable(team, role="responder", **values):
    person = a_person(team, role, **values)
    a_contact_point(person)
    return person


def started(team, policy, **values):
    incident = an_incident(team, policy=policy, **values)
    runs.start(incident, policy=policy, at=incident.opened_at, by=SYSTEM)
    return incident


def told(person):
    return Notification.objects.filter(owner=person).order_by("id")


def test_tells_the_owner_at_the_first_step_and_the_managers_when_nobody_reacts(clock):
    team = a_team()
    owner, manager = reachable(team), reachable(team, "manager")
    incident = started(team, a_policy(team), owner=owner)

    decide.fire_all_due()
    assert told(owner).count() == 1
    assert told(manager).count() == 0

    clock.move(minutes=5)
    decide.fire_all_due()
    assert told(manager).count() == 1
    events = Event.objects.filter(incident=incident, kind="incident.escalated")
    assert [(e.data["round"], e.data["step"]) for e in events] == [(1, 1), (1, 2)]


def test_fires_nothing_a_moment_early(clock):
    team = a_team()
    manager = reachable(team, "manager")
    policy = a_policy(team, [{"delay": 5 * MINUTE, "roles": ["manager"]}])
    started(team, policy)

    clock.move(5 * MINUTE - timedelta(microseconds=1))
    assert decide.fire_all_due() == 0
    clock.move(timedelta(microseconds=1))
    assert decide.fire_all_due() == 1
    assert told(manager).count() == 1


@pytest.mark.parametrize("severity", ["critical", "high"])
def test_tells_each_person_once_of_all_rounds_that_a_standstill_missed(clock, severity):
    team = a_team()
    owner, manager = reachable(team), reachable(team, "manager")
    steps = [{"notify_owner": True}, {"delay": MINUTE, "roles": ["manager"]}]
    policy = a_policy(team, steps, rounds=3, round_pause_seconds=60)
    incident = started(team, policy, owner=owner, severity=severity)

    clock.move(30 * MINUTE)
    decide.fire_all_due()
    for person in (owner, manager):
        assert told(person).get().covered.count() == 3
    events = Event.objects.filter(incident=incident).order_by("sequence")
    escalated = events.filter(kind="incident.escalated").values_list("data", flat=True)
    assert [(each["round"], each["step"]) for each in escalated] == [
        (1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2),
    ]  # fmt: skip
    assert events.last().kind == "incident.escalation_finished"


def test_plans_each_round_from_the_times_planned_however_late_it_runs(clock):
    team = a_team()
    reachable(team, "manager")
    steps = [{"delay": MINUTE, "roles": ["manager"]}, {"delay": MINUTE, "roles": ["manager"]}]
    policy = a_policy(team, steps, rounds=3, round_pause_seconds=180)
    incident = started(team, policy)

    for _ in range(40):
        clock.move(seconds=37)
        decide.fire_all_due()
    planned = Reminder.objects.filter(incident=incident).order_by("planned_at")
    assert [(r.planned_at - incident.opened_at) // MINUTE for r in planned] == [
        1, 2, 6, 7, 11, 12,
    ]  # fmt: skip
    assert Escalation.objects.get(incident=incident).status == "finished"


def test_sends_one_message_about_all_that_was_missed(clock):
    team = a_team()
    manager = reachable(team, "manager")
    steps = [{"delay": MINUTE, "roles": ["manager"]} for _ in range(4)]
    incident = started(team, a_policy(team, steps, rounds=2, round_pause_seconds=60))

    clock.move(hours=2)
    decide.fire_all_due()
    fired = Event.objects.filter(incident=incident, kind="incident.escalated").order_by("sequence")
    assert [(e.data["round"], e.data["step"]) for e in fired] == [
        (1, 1), (1, 2), (1, 3), (1, 4), (2, 1), (2, 2), (2, 3), (2, 4),
    ]  # fmt: skip
    assert told(manager).count() == 1
    assert told(manager).get().reminders.count() == 8


def test_goes_on_to_the_next_step_at_once_where_a_step_finds_nobody(clock):
    team = a_team()
    manager = reachable(team, "manager")
    steps = [
        {"notify_owner": True},
        {"delay": 10 * MINUTE, "roles": ["manager"]},
        {"delay": 10 * MINUTE, "roles": ["manager"]},
    ]
    incident = started(team, a_policy(team, steps), severity="critical")

    decide.fire_all_due()
    assert told(manager).filter(critical=True).count() == 1
    assert Event.objects.filter(incident=incident, kind="alarm.raised").count() == 1
    second, third = Reminder.objects.filter(incident=incident, step__in=(2, 3)).order_by("step")
    assert second.status == "fired"
    assert (second.planned_at - incident.opened_at) == 10 * MINUTE
    assert (third.status, third.due_at) == ("pending", incident.opened_at + 20 * MINUTE)


def test_takes_a_person_whom_nothing_reaches_for_nobody(clock):
    team = a_team()
    owner = a_person(team)
    manager = reachable(team, "manager")
    started(team, a_policy(team), owner=owner)

    decide.fire_all_due()
    assert told(manager).exists()


def test_tells_nobody_of_another_team_and_nobody_who_left(clock):
    team, other = a_team(), a_team()
    gone = reachable(team, "manager", deactivated_at=clock.now())
    stranger = reachable(other, "manager")
    policy = a_policy(team, [{"people": [gone, stranger], "roles": ["manager"]}])
    incident = started(team, policy)

    decide.fire_all_due()
    assert not Notification.objects.exists()
    assert Reminder.objects.get(incident=incident, step=1).outcome == "nobody"


def test_waits_for_working_hours_and_keeps_what_was_planned(clock):
    clock.set(datetime(2026, 3, 2, 3, 0, tzinfo=UTC))  # a Monday night
    team = a_team()
    person = reachable(team, "manager", working_hours={"mon": [["09:00", "18:00"]]})
    policy = a_policy(team, [{"people": [person], "working_hours_only": True}])
    incident = started(team, policy)

    decide.fire_all_due()
    assert not told(person).exists()
    later = Reminder.objects.get(incident=incident, person=person)
    assert later.due_at == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert later.planned_at == incident.opened_at

    clock.move(hours=6)
    decide.fire_all_due()
    assert told(person).count() == 1


def test_sends_what_a_generation_past_had_planned_to_nobody(clock):
    team = a_team()
    manager = reachable(team, "manager")
    incident = started(team, a_policy(team))
    Incident.objects.filter(pk=incident.pk).update(generation=2)

    clock.move(hours=1)
    decide.fire_all_due()
    assert not told(manager).exists()
    assert set(Reminder.objects.values_list("status", flat=True)) == {"cancelled"}


def test_puts_what_is_not_critical_into_one_message_a_minute(clock):
    team = a_team()
    owner = reachable(team)
    policy = a_policy(team, [{"notify_owner": True, "urgency": "urgent"}])
    for _ in range(3):
        started(team, policy, owner=owner)
    decide.fire_all_due()
    assert told(owner).get().reminders.count() == 3

    told(owner).update(status="sending", sending_at=clock.now(), attempts=1)
    clock.move(seconds=10)
    started(team, policy, owner=owner)
    decide.fire_all_due()
    waiting = told(owner).get(status="pending")
    assert waiting.due_at == clock.now() + timedelta(seconds=50)

    started(team, policy, owner=owner)
    decide.fire_all_due()
    assert told(owner).get(status="pending").reminders.count() == 2


def test_lets_nothing_critical_wait_for_the_minute(clock):
    team = a_team()
    owner = reachable(team)
    policy = a_policy(team, [{"notify_owner": True}])
    for _ in range(3):
        started(team, policy, owner=owner, severity="critical")
    decide.fire_all_due()
    assert told(owner).filter(critical=True, due_at=clock.now()).count() == 3


def test_tells_what_else_is_due_of_an_incident_in_its_critical_message(clock):
    team = a_team()
    owner = reachable(team)
    policy = a_policy(team, [{"notify_owner": True}])
    critical = started(team, policy, owner=owner, severity="critical")
    other = started(team, policy, owner=owner)
    for incident in (critical, other):
        reminders.schedule(
            "approval_needed",
            incident,
            due_at=clock.now(),
            dedup_key=incident.reference,
            urgency="urgent",
        )
    decide.fire_all_due()
    kinds = [sorted(n.reminders.values_list("kind", flat=True)) for n in told(owner)]
    assert sorted(kinds) == [["approval_needed", "escalation_step"]] * 2
    assert [n.incident_id for n in told(owner).filter(critical=True)] == [critical.pk]


def test_restarts_the_stored_plan_when_an_acknowledgement_expires(clock):
    team = a_team()
    owner = reachable(team)
    policy = a_policy(team, [{"delay": MINUTE, "notify_owner": True}])
    incident = started(team, policy, owner=owner)
    policy.steps.all().delete()
    incident.generation, incident.status = 2, "acknowledged"
    incident.save()
    runs.stop(incident, by=SYSTEM, reason="acknowledged")
    expires = incident.opened_at + timedelta(minutes=30)
    reminders.schedule(
        "acknowledgement_expiry", incident, due_at=expires, dedup_key="x", generation=2
    )

    clock.move(minutes=30)
    decide.fire_all_due()
    incident.refresh_from_db()
    assert (incident.status, incident.generation) == ("open", 3)
    again = Reminder.objects.get(incident=incident, status="pending")
    assert again.planned_at == expires + MINUTE

    clock.move(minutes=1)
    decide.fire_all_due()
    assert told(owner).count() == 1


def test_parks_a_row_that_fails_five_times_and_fires_all_others_meanwhile(clock):
    team = a_team()
    owner, manager = reachable(team), reachable(team, "manager")
    policy = a_policy(team, [{"notify_owner": True}])
    poison = started(team, policy, owner=owner)
    Reminder.objects.filter(incident=poison).update(targets=[{"no": "kind"}])
    healthy = started(team, policy, owner=owner)

    decide.fire_all_due()
    assert Reminder.objects.get(incident=healthy).status == "fired"
    for _ in range(6):
        clock.move(minutes=1)
        decide.fire_all_due()
    parked = Reminder.objects.get(incident=poison, kind="escalation_step")
    assert (parked.status, parked.attempts, parked.last_error) == ("parked", 5, "KeyError")
    assert told(manager).filter(reminders__kind="alarm").exists()


def test_raises_one_alarm_while_the_first_still_waits(clock):
    incident = an_incident(a_team())
    for _ in range(3):
        alarms.raise_alarm("nobody_reached", incident)
    assert Reminder.objects.filter(kind="alarm").count() == 1


def test_takes_back_a_message_that_tells_of_nothing_else(clock):
    team = a_team()
    owner = reachable(team)
    incident = started(team, a_policy(team, [{"notify_owner": True}]), owner=owner)
    decide.fire_all_due()
    _raise_generation(incident)
    assert told(owner).get().status == "cancelled"


def test_keeps_a_message_that_tells_of_another_incident_too(clock):
    team = a_team()
    owner = reachable(team)
    policy = a_policy(team, [{"notify_owner": True}])
    incident, _other = (started(team, policy, owner=owner) for _ in range(2))
    decide.fire_all_due()
    _raise_generation(incident)
    assert told(owner).get().status == "pending"


def _raise_generation(incident):
    incident.generation += 1
    incident.save()
    runs.stop(incident, by=SYSTEM, reason="acknowledged")


def test_asks_the_database_no_more_often_for_many_runs_that_end_or_go_on(clock):
    def statements(number, rounds):
        team = a_team()
        steps = [{"delay": MINUTE, "notify_owner": True}]
        policy = a_policy(team, steps, rounds=rounds, round_pause_seconds=60)
        for _ in range(number):
            started(team, policy, owner=reachable(team))
        clock.move(minutes=1)
        with CaptureQueriesContext(connection) as asked:
            assert decide.fire_due() == number
        return len(asked)

    for rounds in (1, 2):
        assert statements(12, rounds) == statements(2, rounds)


def test_runs_that_missed_unlike_numbers_of_rounds_go_on_with_the_right_one(clock):
    team = a_team()
    policy = a_policy(
        team, [{"delay": MINUTE, "notify_owner": True}], rounds=9, round_pause_seconds=60
    )
    older = started(team, policy, owner=reachable(team))
    clock.move(minutes=1)
    decide.fire_all_due()
    younger = started(team, policy, owner=reachable(team))
    clock.move(minutes=5)
    decide.fire_all_due()
    for incident in (older, younger):
        run = Escalation.objects.get(incident=incident)
        ahead = Reminder.objects.pending().get(incident=incident, kind="escalation_step")
        assert ahead.round == run.round
        assert ahead.due_at > clock.now()
