"""What people read of texts that wait for them and of follow-ups that fall due."""

from datetime import timedelta

import pytest

from incidents.escalation import engine
from responses.services import follow_ups
from tests.factories.access import a_contact_point, a_person, a_team, the_actor
from tests.factories.responses import a_statement_in_review

pytestmark = pytest.mark.django_db

AN_HOUR = timedelta(hours=1)
A_MOMENT = timedelta(seconds=0.2)


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def read(capsys):
    """Do what is due, and return the lines that were printed."""

    def lines():
        engine.run_once()
        return capsys.readouterr().out.splitlines()

    return lines


@pytest.mark.parametrize(
    ("kind", "called"),
    [("action", "a follow-up action"), ("commitment", "a promise made in public")],
)
def test_counts_whole_minutes_although_messages_leave_a_moment_late(
    team, clock, read, kind, called
):
    owner = a_person(team, "responder")
    a_contact_point(owner)
    due_at = clock.now() + 3 * AN_HOUR
    follow_ups.create(
        team=team,
        kind=kind,
        title="Publish the laboratory's report",
        owner=owner,
        due_at=due_at,
        remind_before=AN_HOUR,
        by=the_actor(owner),
    )
    said = []
    for at in (due_at - AN_HOUR, due_at):
        clock.set(at + A_MOMENT)
        said.append(read()[0].partition(": Reminder: ")[2])
    assert said == [f"{called} is due in 60 minutes", f"{called} is overdue"]


@pytest.fixture
def in_review(team, clock):
    a_contact_point(a_person(team, "approver"))
    promised = clock.now() + timedelta(days=2)
    return a_statement_in_review(team, next_update_at=promised)


def test_tells_approvers_since_when_a_text_waits_and_not_when_the_next_is_promised(
    in_review, clock, read
):
    assert read()[0].endswith(": a text is waiting for approval")
    clock.move(minutes=15)
    assert "a text has been waiting for approval for 15 minutes" in read()[0]


def test_leads_approvers_to_the_text_and_offers_them_nothing_to_acknowledge(in_review, read):
    lines = read()
    assert f"/admin/responses/statement/{in_review.pk}/change/" in lines[1]
    assert not any("acknowledge" in line for line in lines)
