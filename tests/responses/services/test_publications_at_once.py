"""Publishing while others publish, rewrite or freeze, on a real database with real threads."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from crisis_api.access.models import Team
from crisis_api.lib import clock
from crisis_api.lib.errors import Problem
from responses.models import Approval, FeedEntry, Publication, Statement
from responses.services import publications, reviews, statements
from tests.factories.access import a_person, a_team, the_actor
from tests.factories.responses import (
    a_page,
    a_statement_in_review,
    an_approved_statement,
    some_texts,
)

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls):
    """Run the calls at the same moment; return what each returned, or the problem it raised."""
    barrier = Barrier(len(calls))

    def run(call):
        try:
            barrier.wait(10)
            return call()
        except Problem as problem:
            return problem
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.fixture
def team():
    team = a_team()
    a_page(team)
    return team


def publishing(statement, person):
    return lambda: publications.publish(statement, targets=["status_page"], by=the_actor(person))


def test_four_who_publish_the_same_publish_it_once(team):
    statement, person = an_approved_statement(team), a_person(team)
    results = at_once(*[publishing(statement, person)] * 4)

    assert [result.status for result in results] == ["published"] * 4
    assert Publication.objects.count() == FeedEntry.objects.count() == 1


def test_numbers_stay_without_gaps_when_many_publish(team):
    person = a_person(team)
    waiting = [an_approved_statement(team) for _ in range(4)]
    at_once(*[publishing(statement, person) for statement in waiting])

    numbers = FeedEntry.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == [1, 2, 3, 4]
    assert Statement.objects.filter(status="published").count() == 4


@pytest.mark.parametrize("attempt", range(3))
def test_words_are_approved_or_rewritten_but_never_both(attempt, team):
    author, approver = a_person(team), a_person(team, "approver")
    statement = a_statement_in_review(team, author=author)
    version = statement.version
    approved, _rewritten = at_once(
        lambda: reviews.approve(
            statement, approver=approver, by=the_actor(approver), version=version
        ),
        lambda: statements.revise(
            statement, texts=some_texts(), by=the_actor(author), author=author
        ),
    )
    statement.refresh_from_db()

    assert statement.status == "draft"
    assert statement.revision.number == 2
    if isinstance(approved, Problem):
        assert not Approval.objects.exists()


@pytest.mark.parametrize("attempt", range(3))
def test_what_is_published_is_what_was_approved_however_fast_it_is_rewritten(attempt, team):
    author = a_person(team)
    statement = an_approved_statement(team, author=author)
    approved = statement.approved_revision_id
    at_once(
        publishing(statement, author),
        lambda: statements.revise(
            statement, texts=some_texts(), by=the_actor(author), author=author
        ),
    )
    statement.refresh_from_db()

    if statement.status == "published":
        assert Publication.objects.get().revision_id == approved == statement.revision_id
    else:
        assert statement.status == "draft"
        assert not Publication.objects.exists()


@pytest.mark.parametrize("attempt", range(3))
def test_a_freeze_that_comes_in_between_is_before_or_after(attempt, team):
    statement, person = an_approved_statement(team), a_person(team)
    result, _ = at_once(
        publishing(statement, person),
        lambda: Team.objects.filter(pk=team.pk).change(frozen_at=clock.now()),
    )

    published = Publication.objects.exists()
    assert published == (not isinstance(result, Problem))
    if not published:
        assert result.code == "team_frozen"
