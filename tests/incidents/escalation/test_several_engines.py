"""Several engines and senders at once, with real threads and connections of their own."""

import threading
from collections import Counter

import pytest
from django.db import connection, transaction

from crisis_api.lib.actors import SYSTEM
from incidents.escalation import decide, runs
from incidents.models import Event, Incident, Notification, NotificationReminder, Reminder
from tests.factories.access import a_contact_point, a_person, a_team
from tests.factories.incidents import a_policy, an_incident

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*jobs):
    """Run the jobs at the same moment, each in a thread of its own, and raise what they raise."""
    barrier, errors = threading.Barrier(len(jobs)), []

    def run(job):
        try:
            barrier.wait(10)
            job()
        except BaseException as error:  # noqa: BLE001
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]


def many_started(number, severity, **policy_values):
    team = a_team()
    owner = a_person(team)
    a_contact_point(owner)
    policy = a_policy(team, [{"notify_owner": True}, {"notify_owner": True}], **policy_values)
    for _ in range(number):
        incident = an_incident(team, owner=owner, policy=policy, severity=severity)
        runs.start(incident, policy=policy, at=incident.opened_at, by=SYSTEM)


def fire_until_done():
    for _ in range(50):
        decide.fire_all_due()
        if not Reminder.objects.pending().exists():
            return


@pytest.mark.parametrize("severity", ["critical", "medium"])
def test_fires_each_reminder_once(severity):
    many_started(60, severity)
    at_once(*[fire_until_done] * 4)
    assert Reminder.objects.filter(status="fired").count() == 120
    steps = Event.objects.filter(kind="incident.escalated").values_list("incident", "data__step")
    assert set(Counter(steps).values()) == {1}
    covered = Counter(NotificationReminder.objects.values_list("reminder", flat=True))
    assert len(covered) == 120
    assert set(covered.values()) == {1}


def test_gives_a_person_one_waiting_message_however_many_engines_write():
    many_started(60, "medium")
    at_once(*[fire_until_done] * 4)
    assert Notification.objects.filter(status="pending").count() == 1


def test_numbers_the_events_of_an_incident_without_gaps():
    many_started(20, "critical")
    at_once(*[fire_until_done] * 4)
    for incident in Incident.objects.all():
        numbers = list(incident.events.order_by("sequence").values_list("sequence", flat=True))
        assert numbers == list(range(1, incident.last_sequence + 1))


def test_never_fires_what_was_acknowledged_before():
    # A second round in a minute, so that the escalation still runs when it is stopped.
    many_started(40, "critical", rounds=2)
    acknowledged = set()

    def acknowledge():
        for pk in list(Incident.objects.values_list("pk", flat=True)):
            with transaction.atomic():
                incident = Incident.objects.select_for_update(no_key=True).get(pk=pk)
                incident.generation += 1
                incident.status = "acknowledged"
                Incident.objects.filter(pk=pk).change(generation=2, status="acknowledged")
                runs.stop(incident, by=SYSTEM, reason="acknowledged")
            acknowledged.add(pk)

    at_once(fire_until_done, fire_until_done, acknowledge)
    assert len(acknowledged) == 40
    late = Notification.objects.filter(status="pending", incident__status="acknowledged")
    assert not late.exists()
    for incident in Incident.objects.all():
        stopped = incident.events.get(kind="incident.escalation_stopped").sequence
        after = incident.events.filter(kind="incident.escalated", sequence__gt=stopped)
        assert not after.exists()
