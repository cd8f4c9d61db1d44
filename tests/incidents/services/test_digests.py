"""Each working morning: unanswered mentions and open follow-ups, counted, on the person's clock."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from crisis_api.access.services import owners
from crisis_api.lib.actors import SYSTEM
from incidents.escalation import decide, deliver, message
from incidents.escalation.hours import WorkingHours
from incidents.escalation.mornings import next_morning
from incidents.models import Event, Notification, Reminder
from incidents.services import digests
from responses.services import follow_ups
from tests.factories.access import a_contact_point, a_person, a_team
from tests.factories.incidents import a_mention, an_account, an_incident
from tests.incidents.escalation.changes_of_clock import changes

# A Friday, in the afternoon.
FRIDAY = datetime(2027, 1, 8, 15, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
OFFICE = {day: [["09:00", "13:00"], ["14:00", "18:00"]] for day in ("mon", "tue", "wed", "thu")}


def mornings(document, zone="UTC", after=FRIDAY, count=3):
    hours, found = WorkingHours.from_json(document, zone=zone), []
    for _ in range(count):
        after = next_morning(hours, after)
        found.append(after.strftime("%a %H:%M"))
    return found


def test_is_when_work_begins_on_the_persons_clock():
    assert mornings(OFFICE) == ["Mon 09:00", "Tue 09:00", "Wed 09:00"]
    assert mornings(OFFICE, "Asia/Vladivostok") == ["Sun 23:00", "Mon 23:00", "Tue 23:00"]
    assert mornings({}) == ["Mon 09:00", "Tue 09:00", "Wed 09:00"]
    assert mornings({"sat": [["00:00", "24:00"]]}, count=1) == ["Sat 06:00"]
    assert mornings({"fri": [["22:00", "07:00"]]}, count=2) == ["Fri 22:00", "Sat 06:00"]
    assert next_morning(WorkingHours("UTC", {0: ()}), FRIDAY) is None


def test_comes_once_a_day_whatever_the_clock_does():
    hours = {day: [["00:30", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    for change in changes()[::7]:
        week = WorkingHours.from_json(hours, zone=change.zone)
        days = [next_morning(week, change.at - 2 * DAY)]
        for _ in range(3):
            days.append(next_morning(week, days[-1]))
        lengths = [later - earlier for earlier, later in pairwise(days)]
        assert all(DAY - 3 * HOUR <= length <= DAY + 3 * HOUR for length in lengths), change


@pytest.fixture
def team(db):
    return a_team()


@pytest.fixture(autouse=True)
def now(clock):
    clock.set(FRIDAY)
    return clock


@pytest.fixture
def anna(team):
    anna = a_person(team, "responder", name="Anna", working_hours=OFFICE)
    a_contact_point(anna)
    return anna


def a_follow_up(team, owner):
    """Return one that reminds of itself long after the test."""
    return follow_ups.create(
        team=team, title="Refunds", owner=owner, due_at=FRIDAY + 90 * DAY, by=SYSTEM
    )


def unanswered(team, count=1, **values):
    account = an_account(team)
    return [a_mention(account, text="It burns my face", **values) for _ in range(count)]


def ahead():
    return list(Reminder.objects.pending().filter(kind="morning_digest").order_by("due_at"))


def sent(now):
    """Return what the messages that are due say, by person."""
    decide.fire_all_due()
    told = {}
    for row in Notification.objects.filter(status="pending", due_at__lte=now.now()):
        claimed = deliver.claim(row.pk)
        told[row.owner.name] = message.compose(claimed)
    return told


def test_counts_what_waits_and_names_no_words(team, anna, now):
    unanswered(team, 3)
    a_follow_up(team, owner=anna)
    digests.lay_out()
    (reminder,) = ahead()
    assert reminder.due_at == datetime(2027, 1, 11, 9, tzinfo=UTC)
    now.set(reminder.due_at)
    told = sent(now)["Anna"]
    assert [(item.kind, item.count) for item in told.items] == [
        ("unanswered_mentions", 3),
        ("open_follow_ups", 1),
    ]
    assert "3 mentions are waiting for an answer" in told.body_text
    assert "1 follow-up of yours is open" in told.body_text
    assert "/admin/incidents/mention/" in told.body_text
    assert "burns" not in told.body_text
    assert "burns" not in str(list(Event.objects.values_list("data", flat=True)))


def test_speaks_the_language_of_the_person(team, anna, now):
    anna.language = "ru"
    anna.save()
    unanswered(team, 3)
    digests.lay_out()
    now.set(ahead()[0].due_at)
    assert "3 упоминания" in sent(now)["Anna"].body_text


def test_says_nothing_where_there_is_nothing_to_say(team, anna, now):
    incident = an_incident(team, status="resolved", resolved_at=FRIDAY)
    unanswered(team, 1, is_negative=False)
    unanswered(team, 1, hidden_at=FRIDAY)
    unanswered(team, 1, incident=incident)
    a_follow_up(team, owner=a_person(team))
    digests.lay_out()
    now.set(datetime(2027, 1, 11, 9, tzinfo=UTC))
    assert sent(now) == {}
    assert not Reminder.objects.filter(kind="alarm").exists()


def test_comes_again_on_the_next_working_morning(team, anna, now):
    unanswered(team)
    for day in (11, 12, 13, 14, 18):
        digests.lay_out()
        digests.lay_out()
        (reminder,) = ahead()
        assert reminder.due_at == datetime(2027, 1, day, 9, tzinfo=UTC)
        now.set(reminder.due_at)
        assert list(sent(now)) == ["Anna"]


def test_says_it_is_not_needed_any_more_where_it_was_answered_meanwhile(team, anna, now):
    (mention,) = unanswered(team)
    digests.lay_out()
    now.set(ahead()[0].due_at)
    decide.fire_all_due()
    mention.delete()
    (row,) = Notification.objects.all()
    assert deliver.claim(row.pk) is None
    row.refresh_from_db()
    assert row.status == "cancelled"


def test_counts_mentions_for_those_who_answer_them_alone(team, now):
    unanswered(team)
    for role in ("viewer", "legal", "moderator", "manager"):
        a_contact_point(a_person(team, role, name=role))
    digests.lay_out()
    now.set(datetime(2027, 1, 11, 9, tzinfo=UTC))
    assert set(sent(now)) == {"moderator", "manager"}


def test_keeps_teams_apart(team, anna, now):
    unanswered(a_team(), 5)
    unanswered(team, 2)
    digests.lay_out()
    now.set(ahead()[0].due_at)
    assert [item.count for item in sent(now)["Anna"].items] == [2]


def test_follows_new_hours_and_a_new_zone(team, anna, now):
    digests.lay_out()
    now.move(minutes=1)
    owners.change(anna, by=SYSTEM, values={"working_hours": {"sat": [["10:00", "12:00"]]}})
    digests.lay_out()
    assert [each.due_at for each in ahead()] == [datetime(2027, 1, 9, 10, tzinfo=UTC)]
    now.move(minutes=1)
    owners.change(anna, by=SYSTEM, values={"working_hours": OFFICE})
    digests.lay_out()
    assert [each.due_at for each in ahead()] == [datetime(2027, 1, 11, 9, tzinfo=UTC)]


@pytest.mark.parametrize("how", ["not wanted", "left", "deactivated"])
def test_does_not_come_to_whoever_does_not_want_it_or_has_left(team, anna, now, how):
    unanswered(team)
    digests.lay_out()
    if how == "not wanted":
        owners.change(anna, by=SYSTEM, values={"wants_digest": False})
    elif how == "left":
        anna.memberships.all().delete()
    else:
        type(anna).objects.filter(pk=anna.pk).update(deactivated_at=FRIDAY)
    now.set(datetime(2027, 1, 11, 9, tzinfo=UTC))
    assert sent(now) == {}
    digests.lay_out()
    assert ahead() == []


def test_travels_with_what_else_there_is_to_say(team, anna, now):
    unanswered(team)
    a_follow_up(team, owner=anna)
    digests.lay_out()
    (digest,) = ahead()
    other = {"kind": "assigned", "subject_type": "incident", "targets": digest.targets}
    incident = an_incident(team, owner=anna)
    Reminder.objects.create(
        team=team, subject_id=incident.pk, incident=incident, planned_at=digest.due_at,
        due_at=digest.due_at, dedup_key="assigned:x", **other,
    )  # fmt: skip
    now.set(digest.due_at)
    decide.fire_all_due()
    (row,) = Notification.objects.filter(owner=anna)
    assert row.covered.count() == 2
