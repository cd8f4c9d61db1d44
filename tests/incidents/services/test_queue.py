"""The queue: what is in it, in which order, and how it follows what happens."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Q

from crisis_api.lib.actors import SYSTEM
from incidents import mention_reads
from incidents.channels.protocol import AuthorKind, MentionKind
from incidents.models import Author, Incident, Mention, Post
from incidents.services import authors, handling, lifecycle, mentions, posts, queue
from tests.factories.access import a_person, a_team
from tests.factories.incidents import a_mention, an_account, an_incident
from tests.factories.intake import ANGRY, CALM, received, said

pytestmark = pytest.mark.django_db

HURT = "My face is burned and swollen, I had to call a doctor!"


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def account(team):
    return an_account(team)


def waiting(team):
    rows = Mention.objects.filter(team=team).unanswered().order_by("-priority", "id")
    return [row.external_id for row in rows]


def test_takes_in_what_calls_for_somebody_the_gravest_first(team, account):
    received(
        account,
        [
            said("Love it, the best cream ever!", external_id="praise"),
            said(CALM, external_id="question"),
            said(ANGRY, external_id="angry"),
            said("Terrible, never again", external_id="bad"),
            said(HURT, external_id="hurt"),
            said("Write to me", external_id="letter", kind=MentionKind.DIRECT_MESSAGE),
        ],
    )
    found = waiting(team)
    assert set(found) == {"question", "angry", "bad", "hurt", "letter"}
    by_id = {row.external_id: row for row in Mention.objects.all()}
    injured = [name for name in found if by_id[name].priority > 10_000]
    assert found[: len(injured)] == injured
    assert "hurt" in injured
    assert found.index("angry") < found.index("question")


def test_puts_first_who_is_heard_by_many(team, account):
    received(
        account,
        [
            said("Terrible, never again", external_id="quiet"),
            said("Terrible, never again", external_id="loud", author_followers=2_000_000),
        ],
    )
    assert waiting(team) == ["loud", "quiet"]


def test_lets_go_what_was_deleted_or_hidden_there(team, account):
    received(account, [said(ANGRY, external_id=name) for name in ("a", "b", "c")])
    later = said("", external_id="a", deleted=True), said(ANGRY, external_id="b", hidden=True)
    received(account, later)
    assert waiting(team) == ["c"]


def test_does_not_bring_back_what_was_dealt_with_when_it_is_edited(team, account, clock):
    received(account, [said(ANGRY, external_id="a", author_external_id="u")])
    handling.handle(Mention.objects.get(), outcome="answered", owner=a_person(team), by=SYSTEM)
    clock.move(minutes=5)
    received(account, [said(f"{ANGRY} Really!", external_id="a", author_external_id="u")])
    row = Mention.objects.get()
    assert (row.text, row.priority, row.outcome) == (f"{ANGRY} Really!", 0, "answered")


def test_moves_up_what_waits_and_lets_it_go_after_a_month(team, account, clock):
    received(account, [said(ANGRY, external_id="a")])
    before = Mention.objects.get().priority
    assert queue.sweep() == 0
    for hours in (1, 3, 20):
        clock.move(hours=hours)
        assert queue.sweep() == 1
        now = Mention.objects.get().priority
        assert now > before
        before = now
    clock.move(days=30)
    queue.sweep()
    assert waiting(team) == []
    assert queue.sweep() == 0


def test_finds_a_place_for_what_an_earlier_release_took_in(team, account):
    old = a_mention(account, priority=-1)
    assert waiting(team) == []
    assert queue.sweep() == 1
    assert waiting(team) == [old.external_id]
    assert queue.sweep() == 0


def test_leaves_the_queue_with_its_incident_and_comes_back_with_it(team, account):
    incident = an_incident(team)
    ours, answered = a_mention(account, incident=incident), a_mention(account, incident=incident)
    other = a_mention(account)
    handling.handle(answered, outcome="answered", owner=None, by=SYSTEM)
    lifecycle.resolve(incident, note="Over.", by=SYSTEM)
    queue.sweep()
    assert waiting(team) == [other.external_id]
    incident = Incident.objects.get(pk=incident.pk)
    lifecycle.reopen(incident, reason="Again.", by=SYSTEM)
    queue.sweep()
    assert set(waiting(team)) == {ours.external_id, other.external_id}


def test_leaves_the_queue_when_it_is_put_into_an_incident_that_is_over(team, account):
    over = an_incident(team, status="resolved")
    mention = a_mention(account)
    mentions.attach(mention, incident=over, by=SYSTEM)
    assert waiting(team) == []
    mentions.detach(mention, by=SYSTEM)
    assert waiting(team) == [mention.external_id]


def test_follows_what_people_learn_of_an_author_and_a_post(team, account):
    known = {"team": team, "network": "manual"}
    author = Author.objects.create(**known, external_id="u")
    post = Post.objects.create(**known, external_id="p")
    plain = a_mention(account)
    theirs, below = a_mention(account, author=author), a_mention(account, post=post)
    authors.change(author, by=SYSTEM, values={"kind": AuthorKind.PRESS.value})
    posts.change(post, by=SYSTEM, values={"reach": 1_000_000})
    queue.sweep()
    assert waiting(team) == [below.external_id, theirs.external_id, plain.external_id]
    authors.change(author, by=SYSTEM, values={"kind": AuthorKind.EMPLOYEE.value})
    queue.sweep()
    assert waiting(team) == [below.external_id, plain.external_id]


def test_waits_as_long_as_somebody_wants_it_answered(team, account, clock):
    calm = a_mention(account, is_negative=False)
    assert waiting(team) == []
    mentions.change(calm, by=SYSTEM, values={"answer_by": clock.now() + timedelta(hours=1)})
    assert waiting(team) == [calm.external_id]


@pytest.fixture
def _plans_as_for_many_rows():
    """PostgreSQL reads a small table from end to end, or sorts it, whatever indexes there are."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")


def a_page(team):
    rows = Mention.objects.filter(team_id__in=[team.pk]).unanswered()
    deep = Q(priority__lte=700) & (Q(priority__lt=700) | Q(id__gt=team.pk))
    return rows.filter(deep).order_by("-priority", "id")[:26]


def the_figures(team):
    return mention_reads.in_bands(Mention.objects.filter(team_id__in=[team.pk]))


def what_ages(_team):
    return Mention.objects.filter(ages_at__lte="2027-01-01T00:00Z").order_by("ages_at")[:500]


def what_has_no_place(_team):
    return Mention.objects.filter(priority=-1).order_by("-id")[:500]


@pytest.fixture
def _plans_that_touch_no_rows():
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off")


@pytest.mark.usefixtures("_plans_as_for_many_rows", "_plans_that_touch_no_rows")
def test_is_counted_from_its_index_alone(team):
    plan = the_figures(team).explain()
    assert "mentions_in_the_queue" in plan
    assert "COVERING INDEX" in plan or "Index Only Scan" in plan


@pytest.mark.usefixtures("_plans_as_for_many_rows")
@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (a_page, "mentions_in_the_queue"),
        (what_ages, "mentions_that_age"),
        (what_has_no_place, "mentions_unplaced"),
    ],
)
def test_is_read_by_the_index_made_for_it(team, rows, index):
    plan = rows(team).explain()
    assert index in plan
    if rows is a_page:
        assert "Sort" not in plan
        assert "TEMP B-TREE" not in plan
