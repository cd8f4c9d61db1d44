"""Reviewing statements: four eyes, whichever way round."""

import pytest

from crisis_api.lib.errors import Forbidden, Invalid, NotAllowedNow, Stale
from incidents.models import Event, Reminder
from responses.models import Approval
from responses.services import reviews, statements
from tests.factories.access import a_person, a_team, joins, the_actor
from tests.factories.responses import (
    a_statement,
    a_statement_in_review,
    an_approved_statement,
    some_texts,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return a_team()


def submit(statement, person, **values):
    return reviews.submit(statement, by=the_actor(person), author=person, **values)


def approve(statement, person, **values):
    return reviews.approve(statement, by=the_actor(person), approver=person, **values)


def object_to(statement, person, **values):
    values = {"text": "Name the batch.", **values}
    return reviews.request_changes(statement, by=the_actor(person), **values)


def revise(statement, person):
    return statements.revise(statement, texts=some_texts(), by=the_actor(person), author=person)


def refusal(call, *args):
    with pytest.raises(Forbidden) as caught:
        call(*args)
    return caught.value.code


def test_a_submission_begins_a_review_round(team):
    author = a_person(team)
    statement = submit(a_statement(team, author=author), author)
    statement.refresh_from_db()

    assert (statement.status, statement.review_round) == ("in_review", 1)
    assert Event.objects.get(kind="statement.submitted").data["review_round"] == 1


def test_submitting_again_changes_nothing(team):
    statement = a_statement_in_review(team)
    other = a_person(team, "approver")
    again = submit(statement, other)

    assert again.version == statement.version
    assert Event.objects.filter(kind="statement.submitted").count() == 1
    assert approve(statement, other).status == "approved"


def test_an_approval_binds_to_the_very_words(team):
    approver = a_person(team, "legal")
    statement = approve(a_statement_in_review(team), approver)
    approval = Approval.objects.get()

    assert statement.status == "approved"
    assert statement.approved_revision == statement.revision
    assert (approval.approver, approval.sha256) == (approver, statement.revision.sha256)
    assert Event.objects.get(kind="statement.approved").data["approver"] == str(approver.pk)


def test_an_author_never_approves(team):
    author = a_person(team, "manager")

    assert refusal(approve, a_statement_in_review(team, author=author), author) == "four_eyes"


def test_an_author_of_an_earlier_wording_never_approves(team):
    first, second = a_person(team, "approver"), a_person(team)
    statement = a_statement(team, author=first)
    statement = submit(revise(statement, second), second)

    assert refusal(approve, statement, first) == "four_eyes"


def test_who_submits_it_never_approves(team):
    submitter = a_person(team, "approver")
    statement = submit(a_statement(team), submitter)

    assert refusal(approve, statement, submitter) == "four_eyes"


@pytest.mark.parametrize("role", ["viewer", "moderator", "responder"])
def test_only_roles_that_may_approve_do(role, team):
    assert refusal(approve, a_statement_in_review(team), a_person(team, role)) == "not_an_approver"


def test_an_approver_of_another_team_is_none_here(team):
    other = a_person(a_team(), "approver")
    joins(other, team, "viewer")

    assert refusal(approve, a_statement_in_review(team), other) == "not_an_approver"
    assert refusal(approve, a_statement_in_review(team), a_person(a_team(), "approver")) == (
        "not_an_approver"
    )


def test_a_person_who_left_approves_nothing(team, clock):
    gone = a_person(team, "approver", deactivated_at=clock.now())

    assert refusal(approve, a_statement_in_review(team), gone) == "not_an_approver"


def test_approving_again_changes_nothing(team):
    statement = an_approved_statement(team)
    again = approve(statement, a_person(team, "approver"))

    assert again.version == statement.version
    assert Approval.objects.count() == 1


def test_what_is_no_longer_what_was_read_is_not_approved(team):
    author, approver = a_person(team), a_person(team, "approver")
    read = a_statement_in_review(team, author=author)
    submit(revise(read, author), author)

    with pytest.raises(Stale):
        approve(read, approver, version=read.version)
    assert not Approval.objects.exists()


def test_an_edit_after_approval_needs_a_new_approval(team):
    author, approver = a_person(team), a_person(team, "approver")
    statement = an_approved_statement(team, author=author, approver=approver)
    statement = submit(revise(statement, author), author)

    assert statement.status == "in_review"
    assert approve(statement, approver).status == "approved"
    assert Approval.objects.count() == 2


def test_words_taken_back_need_a_new_approval_too(team):
    author, approver = a_person(team), a_person(team, "approver")
    statement = an_approved_statement(team, author=author, approver=approver)
    words = statement.revision.texts
    statement = revise(statement, author)
    statement = statements.revise(statement, texts=words, by=the_actor(author), author=author)

    assert statement.status == "draft"
    with pytest.raises(NotAllowedNow):
        approve(statement, approver)


def test_a_request_for_changes_keeps_the_remark_and_makes_it_a_draft(team):
    reviewer = a_person(team, "approver")
    statement = object_to(a_statement_in_review(team), reviewer)
    remark = statement.remarks.get()

    assert statement.status == "draft"
    assert (remark.text, remark.revision) == ("Name the batch.", statement.revision)
    assert remark.actor == the_actor(reviewer)
    assert "batch" not in str(Event.objects.get(kind="statement.changes_requested").data)


def test_an_approval_is_taken_back_before_publication(team):
    author, approver = a_person(team), a_person(team, "approver")
    statement = an_approved_statement(team, author=author, approver=approver)
    statement = object_to(statement, a_person(team, "legal"))
    assert (statement.status, statement.approved_revision) == ("draft", None)

    statement = submit(statement, author)
    assert statement.review_round == 2
    assert approve(statement, approver).status == "approved"


def test_who_approved_these_words_does_not_submit_them_again(team):
    approver = a_person(team, "approver")
    statement = an_approved_statement(team, approver=approver)
    statement = object_to(statement, a_person(team, "legal"))

    assert refusal(submit, statement, approver) == "four_eyes"


@pytest.mark.parametrize("text", ["", " \n", "x" * 5001])
def test_a_remark_says_something_within_bounds(text, team):
    statement = a_statement_in_review(team)
    with pytest.raises(Invalid):
        object_to(statement, a_person(team, "approver"), text=text)

    statement.refresh_from_db()
    assert statement.status == "in_review"


@pytest.mark.parametrize("end", [approve, object_to])
def test_a_review_that_ended_reminds_nobody_any_more(end, team):
    statement = a_statement_in_review(team)
    assert Reminder.objects.pending().filter(kind="approval_needed").count() == 4

    end(statement, a_person(team, "approver"))
    assert not Reminder.objects.pending().exists()
