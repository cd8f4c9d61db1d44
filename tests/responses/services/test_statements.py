"""Writing statements: drafts, revisions and corrections."""

from datetime import timedelta

import pytest

from crisis_api.access.models import AuditEvent
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Invalid, NotAllowedNow, Refused, Stale
from crisis_api.lib.ids import uuid7
from incidents.models import Event, Reminder
from incidents.services import merging
from responses.models import Revision, Statement
from responses.services import publications, reviews, statements, texts
from tests.factories.access import a_person, a_team, the_actor
from tests.factories.incidents import an_incident
from tests.factories.responses import (
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
    return a_team()


@pytest.fixture
def author(team):
    return a_person(team)


def revise(statement, person, **changes):
    return statements.revise(statement, by=the_actor(person), author=person, **changes)


def correct(statement, person, **values):
    values = {"texts": some_texts(), **values}
    return statements.correct(statement, by=the_actor(person), author=person, **values)


def authors(statement):
    return statements.authors_of(statement)


# Drafts


def test_writes_a_draft_with_its_first_revision(team, author):
    wording = some_texts("Hello", "en", "ru")
    statement = a_statement(team, author=author, texts=wording)
    statement.refresh_from_db()
    revision = statement.revision

    assert (statement.status, statement.review_round) == ("draft", 0)
    assert (revision.number, revision.texts) == (1, wording)
    assert revision.sha256 == texts.digest(wording)
    assert authors(statement) == {author.pk}
    assert statement.actor == the_actor(author)


def test_tells_the_timeline_numbers_and_hashes_and_no_words(team, author):
    statement = a_statement(team, author=author, texts=some_texts("Secret plan"))
    event = Event.objects.get(kind="statement.drafted")

    assert event.incident_id == statement.incident_id
    assert event.subject_id == statement.pk
    assert event.data["sha256"] == statement.revision.sha256
    assert "Secret" not in str(event.data)


def test_a_key_writes_in_the_name_of_its_person(team, author):
    key = Actor("api_key", uuid7())
    incident = an_incident(team)
    statement = statements.draft(
        incident, kind="holding", texts=some_texts(), by=key, author=author
    )

    assert statement.actor == key
    assert authors(statement) == {author.pk}


def test_what_is_said_of_a_merged_incident_belongs_to_the_one_it_went_into(team, author):
    source, into = opened(team), opened(team)
    merging.merge(source, into=into, by=the_actor(author))
    source.refresh_from_db()

    assert a_statement(team, incident=source, author=author).incident_id == into.pk


@pytest.mark.parametrize(
    ("ahead", "code"),
    [
        (timedelta(0), "in_the_past"),
        (timedelta(minutes=-1), "in_the_past"),
        (timedelta(days=367), "too_far_ahead"),
    ],
)
def test_refuses_a_promise_for_no_good_time(ahead, code, team, clock):
    with pytest.raises(Invalid) as caught:
        a_statement(team, next_update_at=clock.now() + ahead)

    assert [(e.pointer, e.code) for e in caught.value.errors] == [("/next_update_at", code)]


def test_refuses_bad_texts_and_keeps_nothing(team):
    incident = an_incident(team)
    with pytest.raises(Invalid):
        a_statement(team, incident=incident, texts={"en": {"title": "", "body": "B"}})

    assert not Statement.objects.exists()
    assert not Event.objects.exists()


# Revisions


def test_a_change_is_a_new_revision_and_the_old_one_stays(team, author):
    statement = a_statement(team, author=author, texts=some_texts("First"))
    first = statement.revision
    statement = revise(statement, author, texts=some_texts("Second"))

    assert statement.revision.number == 2
    assert Revision.objects.get(pk=first.pk).texts == some_texts("First")
    assert Event.objects.get(kind="statement.revised").data["revision"] == 2


def test_every_author_of_an_earlier_revision_is_one_of_the_later(team, author):
    second, third = a_person(team), a_person(team)
    statement = a_statement(team, author=author)
    statement = revise(statement, second, texts=some_texts())
    statement = revise(statement, third, texts=some_texts())

    owners = set(statement.revision.authors.values_list("owner_id", flat=True))
    assert owners == {author.pk, second.pk, third.pk}


def test_the_same_words_again_change_nothing(team, author):
    statement = a_statement(team, author=author, texts=some_texts("Same"))
    version = statement.version
    statement = revise(statement, a_person(team), texts=some_texts("Same"), kind="holding")

    assert (statement.version, statement.revision.number) == (version, 1)
    assert authors(statement) == {author.pk}


@pytest.mark.parametrize("make", [a_statement_in_review, an_approved_statement])
@pytest.mark.parametrize("changed", ["texts", "kind", "next_update_at"])
def test_any_change_after_the_draft_voids_the_review(make, changed, team, author, clock):
    statement = make(team, author=author)
    values = {
        "texts": some_texts(),
        "kind": "update",
        "next_update_at": clock.now() + timedelta(hours=1),
    }
    statement = revise(statement, author, **{changed: values[changed]})
    statement.refresh_from_db()

    assert (statement.status, statement.revision.number) == ("draft", 2)
    assert (statement.approved_revision, statement.approved_at) == (None, None)
    assert not Reminder.objects.pending().exists()


@pytest.mark.parametrize("make", [a_published_statement, a_retracted_statement])
def test_what_was_published_is_not_rewritten(make, team, author):
    statement = make(team, author=author)

    with pytest.raises(NotAllowedNow) as caught:
        revise(statement, author, texts=some_texts())
    assert "correct" in caught.value.extra["allowed"]


def test_a_stale_copy_does_not_overwrite(team, author):
    statement = a_statement(team, author=author)
    revise(statement, author, texts=some_texts(), version=statement.version)

    with pytest.raises(Stale):
        revise(statement, author, texts=some_texts(), version=statement.version)


def test_external_references_change_at_any_time_and_nothing_with_them(team, author):
    statement = a_published_statement(team, author=author)
    refs = [{"system": "jira", "id": "PR-7", "url": ""}]
    after = revise(statement, author, external_refs=refs)

    assert (after.status, after.revision_id) == ("published", statement.revision_id)
    assert after.version == statement.version + 1
    assert AuditEvent.objects.get(action="statement.changed").data == {"fields": ["external_refs"]}


# Corrections


@pytest.mark.parametrize("make", [a_published_statement, a_retracted_statement])
def test_a_correction_is_a_new_draft_that_names_the_old_one(make, team, author):
    statement = make(team)
    version = statement.version
    correction = correct(statement, author)
    statement.refresh_from_db()

    assert (correction.kind, correction.status) == ("correction", "draft")
    assert (correction.corrects_id, correction.incident_id) == (
        statement.pk,
        statement.incident_id,
    )
    assert statement.version == version + 1


@pytest.mark.parametrize("make", [a_statement, a_statement_in_review, an_approved_statement])
def test_only_what_was_published_is_corrected(make, team, author):
    with pytest.raises(NotAllowedNow):
        correct(make(team), author)


def test_who_wrote_what_a_correction_repeats_is_its_author_too(team, author):
    words = {"en": {"title": "Batch 0472", "body": "Please stop using it.\n\nWe are sorry."}}
    first = a_person(team)
    statement = a_published_statement(team, author=first, texts=words)
    repeated = {"en": {"title": "Batch 0427", "body": "We are sorry."}}
    fresh = {"en": {"title": "Batch 0427", "body": "The number was wrong."}}

    assert authors(correct(statement, author, texts=repeated)) == {author.pk, first.pk}
    assert authors(correct(statement, author, texts=fresh)) == {author.pk}


def test_only_a_correction_names_what_it_corrects(team, author):
    published = a_published_statement(team)
    for values in ({"kind": "correction"}, {"kind": "update", "corrects": published}):
        with pytest.raises(Invalid) as caught:
            a_statement(team, incident=published.incident, **values)
        assert caught.value.errors[0].code == "required_for_corrections"


def test_a_correction_is_of_the_same_incident(team):
    published = a_published_statement(team)

    with pytest.raises(Refused) as caught:
        a_statement(team, kind="correction", corrects=published)
    assert caught.value.code == "of_another_incident"


def test_a_correction_stays_one(team, author):
    published = a_published_statement(team)
    other = a_statement(team, author=author)

    for statement, kind in ((correct(published, author), "update"), (other, "correction")):
        with pytest.raises(Refused) as caught:
            revise(statement, author, kind=kind)
        assert caught.value.code == "kind_stays"


# The table of moves


@pytest.mark.parametrize(
    "make",
    [
        a_statement,
        a_statement_in_review,
        an_approved_statement,
        a_published_statement,
        a_retracted_statement,
    ],
)
def test_a_forbidden_move_says_which_are_allowed(make, team):
    statement = make(team)
    other = a_person(team, "approver")
    by = the_actor(other)
    verbs = {
        "submit": lambda: reviews.submit(statement, by=by, author=other),
        "approve": lambda: reviews.approve(statement, by=by, approver=other),
        "request_changes": lambda: reviews.request_changes(statement, by=by, text="No."),
        "publish": lambda: publications.publish(statement, by=by, targets=["status_page"]),
        "retract": lambda: publications.retract(statement, by=by, reason="Wrong."),
        "correct": lambda: correct(statement, other),
        "revise": lambda: revise(statement, other, texts=some_texts()),
    }
    done = {"in_review": "submit", "approved": "approve", "retracted": "retract"}
    allowed = statements.EDGES.allowed(statement.status)
    for verb in set(verbs) - set(allowed) - {done.get(statement.status)}:
        with pytest.raises(NotAllowedNow) as caught:
            verbs[verb]()
        assert caught.value.extra["allowed"] == allowed
