"""Who is reminded of a review, and of the update that was promised in public."""

from datetime import timedelta

import pytest

from incidents.models import Reminder
from incidents.services import merging
from responses.services import publications, reviews, statements
from tests.factories.access import a_contact_point, a_person, a_team, the_actor
from tests.factories.incidents import an_incident
from tests.factories.responses import (
    a_page,
    a_published_statement,
    a_statement,
    a_statement_in_review,
    some_texts,
)
from tests.incidents.services.stories import opened
from tests.responses.rig import told, work_all

pytestmark = pytest.mark.django_db


def reachable(team, role):
    person = a_person(team, role)
    a_contact_point(person)
    return person


@pytest.fixture
def team():
    team = a_team()
    a_page(team)
    return team


@pytest.fixture
def manager(team):
    return reachable(team, "manager")


@pytest.fixture
def approver(team):
    return reachable(team, "approver")


@pytest.fixture
def lawyer(team):
    return reachable(team, "legal")


def approvals():
    """Return the people told of an approval so far."""
    return [person for person, kind in told() if kind == "approval_needed"]


def test_approvers_are_told_at_once_and_twice_more_then_the_managers(
    team, approver, lawyer, manager, clock
):
    a_statement_in_review(team)
    work_all()
    assert sorted(approvals()) == sorted([approver.pk, lawyer.pk])

    for minutes, count in ((14, 2), (1, 4), (44, 4), (1, 6), (14, 6)):
        clock.move(minutes=minutes)
        work_all()
        assert len(approvals()) == count
    assert manager.pk not in approvals()

    clock.move(minutes=1)
    work_all()
    assert approvals()[6:] == [manager.pk]


def test_nobody_is_asked_who_may_not_approve(team, approver, lawyer, manager):
    statement = a_statement(team, author=approver)
    reviews.submit(statement, by=the_actor(approver), author=approver)
    work_all()

    assert approvals() == [lawyer.pk]


def test_managers_are_asked_at_once_where_nobody_else_may(team, approver, manager):
    a_statement_in_review(team, author=approver)
    work_all()

    assert approvals() == [manager.pk]


def test_managers_hear_of_it_where_nobody_at_all_may(team, manager):
    a_statement_in_review(team, author=manager)
    work_all()

    assert approvals() == [manager.pk]


def test_a_review_that_ended_asks_nobody(team, approver, clock):
    author = a_person(team)
    statement = a_statement_in_review(team, author=author)
    statements.revise(statement, texts=some_texts(), by=the_actor(author), author=author)
    clock.move(hours=2)
    work_all()

    assert approvals() == []


def test_each_round_asks_anew(team, approver, clock):
    author = a_person(team)
    statement = a_statement_in_review(team, author=author)
    work_all()
    statement = reviews.request_changes(statement, text="No.", by=the_actor(approver))
    clock.move(minutes=1)
    reviews.submit(statement, by=the_actor(author), author=author)
    work_all()

    assert approvals() == [approver.pk, approver.pk]


def test_a_reminder_of_an_earlier_round_is_not_wanted(team, approver):
    """It was left behind by whatever failed to cancel it."""
    author = a_person(team)
    statement = a_statement_in_review(team, author=author)
    reviews.request_changes(statement, text="No.", by=the_actor(approver))
    Reminder.objects.all().update(status="pending")
    work_all()
    assert approvals() == []

    Reminder.objects.all().update(status="pending")
    reviews.submit(statement, by=the_actor(author), author=author)
    work_all()
    assert approvals() == [approver.pk]


def test_an_urgent_incident_asks_urgently(team):
    for severity, urgency in (("medium", "normal"), ("critical", "urgent")):
        incident = an_incident(team, severity=severity)
        statement = a_statement_in_review(team, incident=incident)
        first = Reminder.objects.filter(subject_id=statement.pk).order_by("due_at").first()
        assert first.urgency == urgency


# The promised update


def promises():
    """Return the people told of a promised update so far."""
    return [person for person, kind in told() if kind == "promised_update"]


@pytest.fixture
def owner(team):
    return reachable(team, "responder")


@pytest.fixture
def promise(team, owner, manager, clock):
    """A statement that promises an update in two hours."""
    return a_published_statement(
        team,
        incident=opened(team, owner=owner),
        next_update_at=clock.now() + timedelta(hours=2),
    )


def pending():
    return Reminder.objects.pending().filter(kind="promised_update").count()


def test_the_owner_is_reminded_in_time_and_when_it_is_due(promise, owner, clock):
    clock.move(minutes=104)
    work_all()
    assert promises() == []
    clock.move(minutes=1)
    work_all()
    assert promises() == [owner.pk]
    clock.move(minutes=15)
    work_all()
    assert promises() == [owner.pk, owner.pk]


def test_managers_are_reminded_where_nobody_owns_it(team, manager, clock):
    a_published_statement(team, next_update_at=clock.now() + timedelta(hours=2))
    clock.move(hours=2)
    work_all()

    assert set(promises()) == {manager.pk}


def test_nothing_is_promised_before_it_is_published(team, clock):
    a_statement_in_review(team, next_update_at=clock.now() + timedelta(hours=2))

    assert pending() == 0


def test_a_later_statement_keeps_the_promise(team, promise, clock):
    clock.move(minutes=30)
    a_published_statement(team, incident=promise.incident)
    assert pending() == 0

    Reminder.objects.filter(kind="promised_update").update(status="pending")
    clock.move(hours=3)
    work_all()
    assert promises() == []


def test_a_statement_about_another_incident_does_not(team, promise):
    a_published_statement(team)

    assert pending() == 2


def test_a_statement_about_the_incident_it_was_merged_into_does(team, promise):
    into = opened(team)
    merging.merge(promise.incident, into=into, by=the_actor(a_person(team)))
    a_published_statement(team, incident=into)

    assert pending() == 0


def test_the_owner_of_the_incident_it_was_merged_into_is_reminded(team, promise, owner, clock):
    other = reachable(team, "responder")
    into = opened(team, owner=other)
    merging.merge(promise.incident, into=into, by=the_actor(owner))
    clock.move(hours=2)
    work_all()

    assert set(promises()) == {other.pk}


def test_a_withdrawn_statement_promises_nothing(team, promise):
    publications.retract(promise, reason="Wrong.", by=the_actor(a_person(team)))

    assert pending() == 0
