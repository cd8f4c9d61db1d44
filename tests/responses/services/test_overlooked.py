"""What the auditor puts right of follow-ups, reviews and promises; what is well it leaves alone."""

from datetime import timedelta

import pytest

from incidents.escalation import decide
from incidents.escalation.auditor import walks
from incidents.models import Reminder
from responses.services import follow_ups, reviews
from tests.factories.access import a_contact_point, a_person, a_team, the_actor
from tests.factories.incidents import an_incident
from tests.factories.responses import (
    a_page,
    a_published_statement,
    a_statement_in_review,
    an_approved_statement,
)

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _no_queues(monkeypatch):
    monkeypatch.setattr(walks, "_queues", {})


def overlooked():
    counts = walks.look({}, seconds=None).counts
    return {code: n for code, n in counts.items() if not code.startswith("incident_")}


@pytest.fixture
def team():
    team = a_team()
    a_page(team)
    for role in ("approver", "manager"):
        a_contact_point(a_person(team, role))
    return team


@pytest.fixture
def incident(team):
    return an_incident(team, owner=a_person(team))


@pytest.fixture
def follow_up(team, incident, clock):
    owner = a_person(team)
    a_contact_point(owner)
    return follow_ups.create(
        team=team, title="Report", owner=owner, due_at=clock.now() + 3 * DAY, by=the_actor(owner),
        kind="commitment", incident=incident,
    )  # fmt: skip


def kinds(subject, status="pending"):
    rows = Reminder.objects.filter(subject_id=subject.pk, status=status)
    return sorted(rows.values_list("kind", flat=True))


@pytest.mark.parametrize("surgery", ["delete", "cancel"])
@pytest.mark.parametrize("kind", ["follow_up_overdue", "follow_up_ignored"])
def test_reminds_of_a_follow_up_that_was_forgotten(follow_up, clock, kind, surgery):
    mine = Reminder.objects.filter(kind=kind)
    mine.delete() if surgery == "delete" else mine.update(status="cancelled")
    assert overlooked() == {"follow_up_without_reminder": 1}
    assert kinds(follow_up) == ["follow_up_due_soon", "follow_up_ignored", "follow_up_overdue"]
    assert overlooked() == {}


def test_reminds_of_an_overdue_follow_up_for_as_long_as_it_takes(follow_up, clock):
    found = []
    for _ in range(9):
        clock.move(DAY)
        decide.fire_all_due()
        found.append(overlooked())
    assert found == [{}] * 9
    Reminder.objects.pending().filter(subject_id=follow_up.pk).delete()
    assert overlooked() == {"follow_up_without_reminder": 1}
    assert "follow_up_ignored" in kinds(follow_up)


@pytest.mark.parametrize("surgery", ["delete", "cancel"])
def test_asks_approvers_who_would_never_be_asked(team, incident, clock, surgery):
    statement = a_statement_in_review(team, incident=incident)
    mine = Reminder.objects.filter(kind="approval_needed").order_by("due_at")[1:]
    lost = Reminder.objects.filter(pk__in=[row.pk for row in mine])
    before = list(mine.values_list("due_at", flat=True))
    lost.delete() if surgery == "delete" else lost.update(status="cancelled")
    clock.move(minutes=20)
    assert overlooked() == {"approval_without_reminder": 1}
    after = Reminder.objects.pending().filter(kind="approval_needed").order_by("due_at")[1:]
    assert list(after.values_list("due_at", flat=True)) == before
    assert overlooked() == {}
    reviews.request_changes(statement, text="No.", by=the_actor(a_person(team, "approver")))
    assert overlooked() == {}


@pytest.mark.parametrize("surgery", ["delete", "cancel"])
def test_reminds_of_a_promise_that_was_forgotten(team, incident, clock, surgery):
    promised = clock.now() + timedelta(hours=2)
    statement = a_published_statement(team, incident=incident, next_update_at=promised)
    assert overlooked() == {}
    mine = Reminder.objects.filter(subject_id=statement.pk, planned_at=promised)
    mine.delete() if surgery == "delete" else mine.update(status="cancelled")
    clock.move(hours=3)
    assert overlooked() == {"promise_without_reminder": 1}
    decide.fire_all_due()
    assert "promised_update" in kinds(statement, "fired")
    assert overlooked() == {}


def test_leaves_alone_what_is_done_decided_or_kept(team, incident, follow_up, clock):
    follow_ups.complete(
        follow_up, proof="https://example.com/report", by=the_actor(follow_up.owner)
    )
    an_approved_statement(team, incident=incident)
    a_published_statement(team, incident=incident, next_update_at=clock.now() + DAY)
    clock.move(hours=1)
    a_published_statement(team, incident=incident)
    Reminder.objects.filter(kind="promised_update").delete()
    clock.move(2 * DAY)
    assert overlooked() == {}
