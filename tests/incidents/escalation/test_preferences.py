"""Contact points by severity and hour: what a person wants, and what they cannot want."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from crisis_api.access.models import ContactPoint
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.errors import ChannelError
from incidents.escalation import aftermath, alarms, decide, deliver
from incidents.escalation.hours import WEEKDAYS
from incidents.escalation.preferences import CRITICAL, chain, next_wanted
from incidents.models import Notification, Reminder, Severity
from incidents.services import lifecycle, policy_checks, policy_preview
from tests.factories.access import a_contact_point, a_person, a_team
from tests.factories.incidents import a_policy

# A Monday, at three in the morning.
NIGHT = datetime(2027, 1, 11, 3, tzinfo=UTC)
OFFICE = {day: [["09:00", "18:00"]] for day in WEEKDAYS}
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Point:
    name: str
    urgency: str = "urgent"
    from_severity: int = 1
    hours: object = None


def names(points, severity, at=NIGHT, urgency="urgent", zone="UTC"):
    found = chain(points, urgency=urgency, severity=severity, at=at, zone=zone)
    return [point.name for point in found]


MAIL = Point("mail", hours=OFFICE)
PHONE = Point("phone", from_severity=3)


def test_chooses_by_severity_and_by_the_hour_on_the_persons_clock():
    assert names([MAIL, PHONE], Severity.HIGH) == ["phone"]
    assert names([MAIL, PHONE], Severity.LOW) == []
    assert names([MAIL, PHONE], Severity.LOW, NIGHT + timedelta(hours=6)) == ["mail"]
    assert names([MAIL, PHONE], Severity.HIGH, NIGHT + timedelta(hours=6)) == ["mail", "phone"]
    assert names([MAIL, PHONE], Severity.LOW, zone="Asia/Vladivostok") == ["mail"]


def test_tries_everything_for_what_is_critical_the_wanted_first():
    assert names([MAIL, PHONE], Severity.CRITICAL) == ["phone", "mail"]
    assert names([MAIL], Severity.CRITICAL) == ["mail"]
    assert names([Point("n", "normal", hours=OFFICE)], Severity.CRITICAL) == ["n"]


def test_takes_the_other_chain_where_its_own_does_not_want_it():
    normal = Point("normal", "normal")
    assert names([PHONE, normal], Severity.LOW) == ["normal"]
    assert names([PHONE, normal], Severity.HIGH) == ["phone"]


def test_says_when_it_is_wanted_next():
    def wanted(points, severity):
        return next_wanted(points, severity=severity, at=NIGHT, zone="UTC")

    assert wanted([MAIL, PHONE], Severity.LOW) == NIGHT.replace(hour=9)
    assert wanted([MAIL, PHONE], Severity.HIGH) == NIGHT
    assert wanted([PHONE], Severity.LOW) is None
    assert wanted([Point("never", hours={"mon": []})], Severity.HIGH) is None
    assert wanted([], Severity.CRITICAL) == NIGHT


def test_counts_hours_that_cannot_be_read_as_always():
    assert names([Point("mail", hours={"mon": "nine"})], Severity.LOW) == ["mail"]
    assert names([MAIL], Severity.LOW, zone="Mars/Base") == ["mail"]


hours = st.one_of(
    st.none(),
    st.dictionaries(st.sampled_from(WEEKDAYS), st.sampled_from([[], [["09:00", "18:00"]]])),
    st.just({"mon": "damaged"}),
)
points = st.lists(
    st.builds(Point, st.uuids().map(str), st.sampled_from(["normal", "urgent"]),
              st.integers(1, 4), hours),
    min_size=1,
    max_size=6,
)  # fmt: skip


@given(points, st.sampled_from(["normal", "urgent"]), st.integers(0, 14 * 24 * 60))
def test_never_leaves_a_person_without_a_way_to_hear_of_something_critical(given, urgency, minutes):
    at = NIGHT + minutes * MINUTE
    found = names(given, CRITICAL, at, urgency)
    own = [point.name for point in given if point.urgency == urgency]
    assert sorted(found) == sorted(own or [point.name for point in given])
    assert next_wanted(given, severity=CRITICAL, at=at, zone="UTC") == at


def test_knows_the_severities_of_incidents():
    ours = {each.name: each.value for each in ContactPoint.FromSeverity}
    assert ours == {each.name: each.value for each in Severity}
    assert Severity.CRITICAL == CRITICAL


@pytest.fixture
def team(db):
    return a_team()


@pytest.fixture
def at_night(clock):
    clock.set(NIGHT)
    return clock


def anna_with(team, *given):
    anna = a_person(team, name="Anna")
    for number, values in enumerate(given, 1):
        a_contact_point(anna, urgency="urgent", position=number, label=str(number), **values)
    return anna


def opened(team, anna, severity, *further):
    policy = a_policy(team, [{"people": [anna]}, *further])
    return lifecycle.open_incident(
        team=team, title="Burns", category="spam", severity=severity, policy=policy, by=SYSTEM
    ).incident


def messages():
    rows = Notification.objects.exclude(covered__reminder__kind="no_owner").order_by("id")
    return [(row.owner.name, row.contact_point.label) for row in rows]


@pytest.mark.parametrize(
    ("severity", "told"),
    [(Severity.LOW, []), (Severity.HIGH, [("Anna", "2")]), (Severity.CRITICAL, [("Anna", "2")])],
)
def test_sends_to_the_point_that_wants_it(team, at_night, severity, told):
    anna = anna_with(team, {"hours": OFFICE}, {"from_severity": 3})
    opened(team, anna, severity)
    decide.fire_all_due()
    assert messages() == told


def test_tells_at_the_hour_at_which_it_is_wanted(team, at_night):
    anna = anna_with(team, {"hours": OFFICE}, {"from_severity": 3})
    boris = anna_with(team, {})
    incident = opened(team, anna, Severity.LOW, {"delay": 5 * MINUTE, "people": [boris]})
    decide.fire_all_due()
    step, later = Reminder.objects.filter(incident=incident, step=1).order_by("due_at")
    assert (step.outcome, later.due_at) == ("postponed", NIGHT.replace(hour=9))
    # As for working hours: the steps that follow keep their times.
    assert Reminder.objects.get(incident=incident, step=2).due_at == NIGHT + 5 * MINUTE
    at_night.set(NIGHT.replace(hour=9))
    decide.fire_all_due()
    assert ("Anna", "1") in messages()


def test_goes_on_at_once_where_a_person_never_wants_it(team, at_night):
    anna = anna_with(team, {"from_severity": 4})
    boris = anna_with(team, {})
    incident = opened(team, anna, Severity.HIGH, {"delay": 5 * MINUTE, "people": [boris]})
    decide.fire_all_due()
    assert Reminder.objects.get(incident=incident, step=1).outcome == "nobody"
    assert Reminder.objects.get(incident=incident, step=2).outcome == "notified"


def test_tells_managers_of_an_alarm_whatever_they_want(team, at_night):
    mara = a_person(team, "manager", name="Mara")
    a_contact_point(mara, urgency="urgent", from_severity=4, hours=OFFICE, label="1")
    alarms.raise_alarm("nobody_reached", team_alarm(team))
    decide.fire_all_due()
    assert messages() == [("Mara", "1")]


def team_alarm(team):
    team.team_id = team.pk
    return team


@pytest.mark.parametrize("at_once", [True, False])
def test_sends_one_message_about_several_things_to_where_the_gravest_is_wanted(
    team, at_night, at_once
):
    anna = anna_with(team, {"from_severity": 3}, {})
    for severity in (Severity.LOW, Severity.HIGH, Severity.LOW):
        opened(team, anna, severity)
        if not at_once:
            decide.fire_all_due()
    decide.fire_all_due()
    (message,) = Notification.objects.filter(owner=anna)
    assert message.contact_point.label == "1"
    assert message.covered.count() == 3


@pytest.mark.parametrize(("severity", "then"), [(Severity.HIGH, None), (Severity.CRITICAL, "1")])
def test_falls_back_on_a_point_that_does_not_want_it_only_for_what_is_critical(
    team, at_night, severity, then
):
    anna = anna_with(team, {"hours": OFFICE}, {"from_severity": 3})
    opened(team, anna, severity)
    decide.fire_all_due()
    first = Notification.objects.get(owner=anna)
    claimed = deliver.claim(first.pk)
    error = ChannelError("refused", permanent=True)
    aftermath.failed(claimed.notification, claimed.reminders, error)
    others = Notification.objects.filter(owner=anna).exclude(pk=first.pk)
    assert [row.contact_point.label for row in others] == ([then] if then else [])


def test_shows_preferences_in_preview_and_checks(team, at_night):
    anna = anna_with(team, {"hours": OFFICE}, {"from_severity": 4})
    policy = a_policy(team, [{"people": [anna]}])

    def shown(severity):
        found = policy_preview.preview(policy, category="spam", severity=severity, at=NIGHT)
        (reached,) = found.steps[0].people
        codes = {warning.code for warning in found.warnings}
        return reached.at, reached.contact_point.label, "told_later" in codes

    assert shown(Severity.HIGH) == (NIGHT.replace(hour=9), "1", True)
    assert shown(Severity.CRITICAL) == (NIGHT, "2", False)
    codes = [each.code for each in policy_checks.check_policy(policy, NIGHT).findings]
    assert codes == ["told_later"]
    ContactPoint.objects.filter(owner=anna).update(from_severity=4)
    codes = [each.code for each in policy_checks.check_policy(policy, NIGHT).findings]
    assert codes == ["step_reaches_nobody", "nobody_is_reached", "only_critical"]


def test_holds_in_the_database_that_preferences_are_a_persons(team):
    hook = {"kind": "webhook", "address": "https://example.org", "team": team}
    for wrong in ({**hook, "from_severity": 2}, {**hook, "hours": OFFICE}):
        with pytest.raises(IntegrityError), transaction.atomic():
            a_contact_point(**wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        a_contact_point(a_person(team), from_severity=5)
