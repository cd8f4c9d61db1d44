from datetime import timedelta

import pytest

from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.errors import Conflict, Invalid, NotAllowedNow, Refused, Stale
from incidents.models import Event, Reminder
from incidents.services import lifecycle, merging
from responses.models import FollowUp
from responses.services import follow_ups
from tests.factories.access import a_contact_point, a_person, a_team, the_actor
from tests.factories.incidents import an_incident
from tests.factories.responses import a_statement
from tests.incidents.services.stories import opened
from tests.responses.rig import told, work_all

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def manager(team):
    person = a_person(team, "manager")
    a_contact_point(person)
    return person


@pytest.fixture
def owner(team):
    person = a_person(team, "responder")
    a_contact_point(person)
    return person


@pytest.fixture
def promise(team, owner, manager, clock):
    """Something promised in public, due in three days."""
    return create(team, owner, clock, incident=an_incident(team, status="resolved"))


def create(team, owner, clock, **values):
    defaults = {
        "team": team,
        "title": "Publish the laboratory's report",
        "owner": owner,
        "due_at": clock.now() + 3 * DAY,
        "by": the_actor(owner),
        "kind": "commitment",
    }
    return follow_ups.create(**{**defaults, **values})


def pending(follow_up):
    rows = Reminder.objects.pending().filter(subject_id=follow_up.pk).order_by("due_at")
    return [(row.kind, row.due_at) for row in rows]


def events(follow_up):
    rows = Event.objects.filter(subject_id=follow_up.pk, kind__startswith="follow_up.")
    return list(rows.order_by("id").values_list("kind", flat=True))


def test_lays_out_a_reminder_before_it_is_due_when_it_is_due_and_a_day_after(promise):
    assert pending(promise) == [
        ("follow_up_due_soon", promise.due_at - DAY),
        ("follow_up_overdue", promise.due_at),
        ("follow_up_ignored", promise.due_at + DAY),
    ]


def test_tells_nobody_before_its_time(promise, clock):
    clock.set(promise.due_at - DAY - timedelta(seconds=1))
    work_all()

    assert told() == []


def test_tells_the_owner_before_and_when_it_is_due(promise, owner, clock):
    clock.set(promise.due_at - DAY)
    work_all()
    assert told() == [(owner.pk, "follow_up_due_soon")]

    clock.set(promise.due_at)
    work_all()
    assert told()[1:] == [(owner.pk, "follow_up_overdue")]
    assert events(promise) == ["follow_up.created", "follow_up.overdue"]


def test_tells_the_managers_a_day_after_it_was_due_and_every_day_until_it_is_done(
    promise, owner, manager, clock
):
    clock.set(promise.due_at + timedelta(seconds=1))
    work_all()
    before = len(told())

    clock.set(promise.due_at + DAY)
    work_all()
    assert set(told()[before:]) == {
        (manager.pk, "follow_up_ignored"),
        (owner.pk, "follow_up_ignored"),
    }

    clock.set(promise.due_at + 2 * DAY)
    work_all()
    assert len(told()[before:]) == 4
    assert events(promise).count("follow_up.ignored") == 2

    follow_ups.complete(promise, proof="https://example.com/report", by=the_actor(owner))
    clock.set(promise.due_at + 9 * DAY)
    work_all()
    assert len(told()[before:]) == 4


def test_tells_the_managers_once_after_a_standstill_of_a_week(promise, manager, clock):
    clock.set(promise.due_at + 7 * DAY + timedelta(hours=1))
    work_all()
    work_all()

    ignored = [who for who, kind in told() if kind == "follow_up_ignored"]
    assert ignored.count(manager.pk) == 1
    assert pending(promise) == [("follow_up_ignored", promise.due_at + 8 * DAY)]


def test_tells_at_once_of_one_that_is_due_sooner_than_its_warning(team, owner, clock):
    soon = create(team, owner, clock, due_at=clock.now() + timedelta(hours=2))

    work_all()

    assert told() == [(owner.pk, "follow_up_due_soon")]
    assert [kind for kind, _ in pending(soon)] == ["follow_up_overdue", "follow_up_ignored"]


def test_gives_no_warning_where_none_is_wanted(team, owner, clock):
    row = create(team, owner, clock, remind_before=timedelta(0))

    assert [kind for kind, _ in pending(row)] == ["follow_up_overdue", "follow_up_ignored"]


def test_keeps_an_action_for_working_hours_but_not_a_promise(team, owner, clock):
    action = create(team, owner, clock, kind="action")
    promise = create(team, owner, clock)

    def only_at_work(row):
        return set(
            Reminder.objects.filter(subject_id=row.pk).values_list("working_hours_only", flat=True)
        )

    assert only_at_work(action) == {True}
    assert only_at_work(promise) == {False}


def test_moves_its_reminders_with_the_due_date(promise, owner, clock):
    later = promise.due_at + 4 * DAY

    follow_ups.change(promise, due_at=later, by=the_actor(owner))

    assert pending(promise) == [
        ("follow_up_due_soon", later - DAY),
        ("follow_up_overdue", later),
        ("follow_up_ignored", later + DAY),
    ]
    clock.set(promise.due_at)
    work_all()
    assert told() == []


def test_moves_its_reminders_back_to_where_they_were(promise, owner):
    follow_ups.change(promise, due_at=promise.due_at + DAY, by=the_actor(owner))
    follow_ups.change(promise, due_at=promise.due_at, by=the_actor(owner))

    assert [at for _, at in pending(promise)] == [
        promise.due_at - DAY,
        promise.due_at,
        promise.due_at + DAY,
    ]


def test_tells_a_new_owner_at_once_where_it_is_overdue_and_writes_no_second_event(
    promise, team, manager, clock
):
    clock.set(promise.due_at)
    work_all()
    somebody = a_person(team)
    a_contact_point(somebody)

    follow_ups.change(promise, owner=somebody, by=the_actor(manager))
    clock.move(minutes=2)
    work_all()

    assert told()[-1] == (somebody.pk, "follow_up_overdue")
    assert events(promise).count("follow_up.overdue") == 1


def test_leaves_the_reminders_alone_when_only_words_change(promise, owner):
    before = set(Reminder.objects.values_list("pk", "version"))

    changed = follow_ups.change(promise, title="Publish both reports", by=the_actor(owner))

    assert changed.title == "Publish both reports"
    assert set(Reminder.objects.values_list("pk", "version")) == before


def test_changes_nothing_where_nothing_differs(promise, owner):
    same = follow_ups.change(promise, title=promise.title, by=the_actor(owner))

    assert same.version == promise.version
    assert events(promise) == ["follow_up.created"]


def test_refuses_a_change_of_a_version_that_is_gone(promise, owner):
    follow_ups.change(promise, title="Another", by=the_actor(owner))

    with pytest.raises(Stale):
        follow_ups.change(promise, title="A third", by=the_actor(owner), version=promise.version)


def test_is_started_done_and_written_down(promise, owner):
    started = follow_ups.start(promise, by=the_actor(owner))
    done = follow_ups.complete(started, proof="Report No. 7", by=the_actor(owner))

    assert (started.status, done.status, done.proof) == ("in_progress", "done", "Report No. 7")
    assert done.done_at is not None
    assert pending(promise) == []
    assert events(promise) == ["follow_up.created", "follow_up.started", "follow_up.completed"]
    # The timeline holds no texts.
    assert "Report" not in str(list(Event.objects.values_list("data", flat=True)))


def test_changes_nothing_when_it_is_done_already(promise, owner):
    done = follow_ups.complete(promise, proof="Report No. 7", by=the_actor(owner))
    again = follow_ups.complete(promise, proof="Another", by=the_actor(owner))

    assert (again.version, again.proof) == (done.version, "Report No. 7")
    assert events(promise).count("follow_up.completed") == 1


@pytest.mark.parametrize("proof", ["", "  \n"])
def test_is_not_done_without_proof(promise, owner, proof):
    with pytest.raises(Invalid):
        follow_ups.complete(promise, proof=proof, by=the_actor(owner))


def test_is_not_cancelled_without_a_reason(promise, owner):
    with pytest.raises(Invalid):
        follow_ups.cancel(promise, reason=" ", by=the_actor(owner))


def test_says_what_is_allowed_once_it_is_over(promise, owner):
    follow_ups.cancel(promise, reason="Promised by mistake", by=the_actor(owner))

    with pytest.raises(NotAllowedNow) as refused:
        follow_ups.complete(promise, proof="x", by=the_actor(owner))
    assert refused.value.extra["allowed"] == []
    with pytest.raises(NotAllowedNow):
        follow_ups.change(promise, title="x", by=the_actor(owner))


@pytest.mark.parametrize(
    ("due", "code"),
    [(-DAY, "in_the_past"), (timedelta(0), "in_the_past"), (50 * 365 * DAY, "too_far_ahead")],
)
def test_refuses_a_due_date_in_the_past_or_far_ahead(team, owner, clock, due, code):
    with pytest.raises(Invalid) as refused:
        create(team, owner, clock, due_at=clock.now() + due)

    assert [(e.pointer, e.code) for e in refused.value.errors] == [("/due_at", code)]
    assert not FollowUp.objects.exists()


def test_refuses_an_owner_outside_the_team(team, owner, clock):
    with pytest.raises(Refused) as refused:
        create(team, a_person(a_team()), clock)

    assert refused.value.code == "owner_not_in_team"


def test_refuses_an_incident_of_another_team(team, owner, clock):
    with pytest.raises(Refused):
        create(team, owner, clock, incident=an_incident(a_team()))


def test_names_a_statement_of_a_merged_incident_and_the_one_it_went_into(team, owner, clock):
    source, target, other = (opened(team) for _ in range(3))
    statement = a_statement(team, incident=source)
    merging.merge(source, into=target, by=SYSTEM)
    assert create(team, owner, clock, incident=target, statement=statement).incident == target
    with pytest.raises(Refused) as refused:
        create(team, owner, clock, incident=other, statement=statement)
    assert refused.value.code == "of_another_incident"


def test_keeps_an_incident_out_of_a_closed_one_while_a_promise_is_open(promise, team, owner):
    closed = an_incident(team, status="closed")
    with pytest.raises(Conflict) as refused:
        merging.merge(promise.incident, into=closed, by=the_actor(owner))
    assert refused.value.code == "open_commitments"


def test_keeps_an_incident_open_while_a_promise_is_open(promise, owner):
    with pytest.raises(Conflict) as refused:
        lifecycle.close(promise.incident, by=the_actor(owner))
    assert refused.value.code == "open_commitments"
    assert refused.value.extra["follow_ups"] == [str(promise.pk)]

    follow_ups.complete(promise, proof="Report No. 7", by=the_actor(owner))
    assert lifecycle.close(promise.incident, by=the_actor(owner)).status == "closed"


def test_keeps_an_incident_open_for_the_promises_of_one_merged_into_it(promise, team, owner):
    target = an_incident(team, status="resolved")
    type(target).objects.filter(pk=promise.incident_id).update(status="merged", merged_into=target)

    with pytest.raises(Conflict):
        lifecycle.close(target, by=the_actor(owner))


def test_lets_an_incident_close_with_open_actions(team, owner, clock):
    incident = an_incident(team, status="resolved")
    create(team, owner, clock, kind="action", incident=incident)

    assert lifecycle.close(incident, by=the_actor(owner)).status == "closed"
