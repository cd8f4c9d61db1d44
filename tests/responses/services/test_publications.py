"""Publishing and withdrawing statements."""

from datetime import timedelta

import pytest

from crisis_api.lib.errors import Conflict, Invalid, NotAllowedNow, Refused, Stale
from incidents.models import Event, Milestone
from incidents.services import merging
from responses.models import FeedEntry, Publication, StatusPage
from responses.services import publications, reviews, statements
from tests.factories.access import a_person, a_team, the_actor
from tests.factories.incidents import an_incident
from tests.factories.responses import (
    a_page,
    a_published_statement,
    a_retracted_statement,
    a_statement,
    a_statement_in_review,
    an_approved_statement,
    some_texts,
)
from tests.incidents.services.stories import opened

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    team = a_team()
    a_page(team)
    return team


def publish(statement, targets=("status_page",), **values):
    by = the_actor(a_person(statement.team))
    return publications.publish(statement, targets=targets, by=by, **values)


def retract(statement, **values):
    values = {"reason": "The number was wrong.", **values}
    return publications.retract(statement, by=the_actor(a_person(statement.team)), **values)


def refusal(error, call, *args, **kwargs):
    with pytest.raises(error) as caught:
        call(*args, **kwargs)
    assert not Publication.objects.exists()
    return caught.value.code


def test_shows_the_approved_words_once(team, clock):
    statement = publish(an_approved_statement(team))
    statement.refresh_from_db()
    publication = statement.publications.get()

    assert (statement.status, statement.published_at) == ("published", clock.now())
    assert (publication.status, publication.target) == ("published", "status_page")
    assert publication.revision == statement.approved_revision
    assert publication.sha256 == statement.revision.sha256


def test_publishing_again_changes_nothing(team):
    statement = publish(an_approved_statement(team))
    again = publish(statement)

    assert again.version == statement.version
    assert Publication.objects.count() == 1
    assert Event.objects.filter(kind="statement.published").count() == 1


@pytest.mark.parametrize("make", [a_statement, a_statement_in_review])
def test_nothing_unapproved_is_published(make, team):
    assert refusal(NotAllowedNow, publish, make(team)) == "not_allowed_now"


def test_nothing_changed_after_its_approval_is_published(team):
    author = a_person(team)
    statement = an_approved_statement(team, author=author)
    statements.revise(statement, texts=some_texts(), by=the_actor(author), author=author)

    assert refusal(NotAllowedNow, publish, statement) == "not_allowed_now"


def test_what_is_no_longer_what_was_read_is_not_published(team):
    statement = an_approved_statement(team)

    assert refusal(Stale, publish, statement, version=statement.version - 1) == "stale"


@pytest.mark.parametrize("targets", [(), ["everywhere"], ["status_page", "tiktok"]])
def test_targets_are_named(targets, team):
    assert refusal(Invalid, publish, an_approved_statement(team), targets) == "invalid"


def test_a_frozen_team_publishes_nothing(team, clock):
    statement = an_approved_statement(team)
    type(team).objects.filter(pk=team.pk).change(frozen_at=clock.now())

    assert refusal(Conflict, publish, statement) == "team_frozen"


def test_a_drill_publishes_nothing(team):
    statement = an_approved_statement(team, incident=an_incident(team, mode="drill"))

    assert refusal(Conflict, publish, statement) == "drill"


@pytest.mark.parametrize("there", [True, False])
def test_nothing_is_published_on_a_page_that_is_off(there, team):
    statement = an_approved_statement(team)
    pages = StatusPage.objects.filter(team=team)
    pages.change(is_enabled=False) if there else pages.delete()

    assert refusal(Conflict, publish, statement) == "status_page_off"


def test_a_promise_that_cannot_be_kept_any_more_is_not_made(team, clock):
    statement = an_approved_statement(team, next_update_at=clock.now() + timedelta(hours=1))
    clock.move(hours=1)

    assert refusal(Refused, publish, statement) == "promise_in_the_past"


def test_a_refused_publication_leaves_no_trace(team):
    statement = an_approved_statement(team, incident=an_incident(team, mode="drill"))
    events = Event.objects.count()
    with pytest.raises(Conflict):
        publish(statement)

    statement.refresh_from_db()
    assert (statement.status, Event.objects.count()) == ("approved", events)
    assert not FeedEntry.objects.exists()


def test_tells_the_timeline_where_and_which_words_by_their_hash(team):
    statement = publish(an_approved_statement(team))
    data = Event.objects.get(kind="statement.published").data

    assert (data["targets"], data["feed_numbers"]) == (["status_page"], [1])
    assert data["sha256"] == statement.revision.sha256


def test_the_first_one_is_the_first_public_response(team, clock):
    incident = opened(team)
    clock.move(minutes=20)
    publish(an_approved_statement(team, incident=incident))
    at = clock.now()
    clock.move(minutes=20)
    publish(an_approved_statement(team, incident=incident))
    incident.refresh_from_db()

    milestone = Milestone.objects.get(incident=incident, name="first_public_response")
    assert milestone.reached_at == incident.first_public_response_at == at


def test_what_was_drafted_before_a_merge_answers_for_both(team):
    person = a_person(team)
    source, into = opened(team), opened(team)
    statement = an_approved_statement(team, incident=source)
    merging.merge(source, into=into, by=the_actor(person))
    publish(statement)
    into.refresh_from_db()

    assert into.first_public_response_at is not None
    assert Event.objects.get(kind="statement.published").incident_id == into.pk


def test_feed_numbers_rise_without_gaps_in_each_team(team):
    other = a_team()
    for _ in range(2):
        a_published_statement(team)
        a_published_statement(other)
    a_retracted_statement(team)

    numbers = FeedEntry.objects.filter(page__team=team).order_by("number")
    assert list(numbers.values_list("number", "kind")) == [
        (1, "published"),
        (2, "published"),
        (3, "published"),
        (4, "retracted"),
    ]
    assert StatusPage.objects.get(team=other).last_number == 2


def test_the_managers_copy_of_the_page_is_not_stale_after_a_publication(team):
    version = StatusPage.objects.get(team=team).version
    a_retracted_statement(team)

    assert StatusPage.objects.get(team=team).version == version


# Withdrawing


def test_a_withdrawal_marks_it_everywhere(team, clock):
    statement = retract(a_published_statement(team), public_reason="error")
    statement.refresh_from_db()
    publication = statement.publications.get()

    assert (statement.status, statement.retracted_at) == ("retracted", clock.now())
    assert (publication.status, publication.retracted_at) == ("retracted", clock.now())
    assert (statement.retraction_reason, statement.public_reason) == (
        "The number was wrong.",
        "error",
    )
    data = Event.objects.get(kind="statement.retracted").data
    assert data["public_reason"] == "error"
    assert "number was wrong" not in str(data)


def test_withdrawing_again_changes_nothing(team):
    statement = retract(a_published_statement(team))
    again = retract(statement, reason="Another reason.", public_reason="mistake")

    assert again.version == statement.version
    assert again.retraction_reason == "The number was wrong."


def test_a_frozen_team_and_one_whose_page_is_off_can_still_withdraw(team, clock):
    statement = a_published_statement(team)
    type(team).objects.filter(pk=team.pk).change(frozen_at=clock.now())
    StatusPage.objects.filter(team=team).change(is_enabled=False)

    assert retract(statement).status == "retracted"


@pytest.mark.parametrize("make", [a_statement, a_statement_in_review, an_approved_statement])
def test_only_what_was_published_is_withdrawn(make, team):
    assert refusal(NotAllowedNow, retract, make(team)) == "not_allowed_now"


@pytest.mark.parametrize(
    "values",
    [{"reason": " "}, {"reason": "x" * 2001}, {"public_reason": "Because we say so."}],
)
def test_the_public_reads_prepared_reasons_only(values, team):
    statement = a_published_statement(team)

    with pytest.raises(Invalid):
        retract(statement, **values)


def test_a_withdrawn_statement_is_never_published_again(team):
    with pytest.raises(NotAllowedNow):
        publish(a_retracted_statement(team))


# Corrections


def test_a_correction_is_told_of_once_it_is_published(team):
    author, approver = a_person(team), a_person(team, "approver")
    old = a_published_statement(team)
    correction = statements.correct(old, texts=some_texts(), by=the_actor(author), author=author)
    reviews.submit(correction, by=the_actor(author), author=author)
    reviews.approve(correction, by=the_actor(approver), approver=approver)
    assert not Event.objects.filter(kind="statement.corrected").exists()

    publish(correction)
    event = Event.objects.get(kind="statement.corrected")
    assert event.subject_id == old.pk
    assert event.data == {"correction": str(correction.pk)}
