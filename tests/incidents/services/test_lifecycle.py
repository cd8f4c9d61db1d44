"""Every verb from every status, and what each leaves behind."""

from datetime import timedelta

import pytest

from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.errors import Conflict, Invalid, NotAllowedNow, Stale
from incidents.models import Event, Incident, IncidentStatus, Milestone, Note, Reminder
from incidents.services import lifecycle, merging, moves
from tests.factories.access import a_person, a_team, the_actor
from tests.factories.incidents import a_policy, an_incident
from tests.incidents.services.stories import kinds, opened, pending

pytestmark = pytest.mark.django_db


def do(verb, incident, person):
    """Call a verb with what it needs."""
    by = the_actor(person)
    later = moves.clock.now() + timedelta(hours=1)
    match verb:
        case "acknowledge":
            return lifecycle.acknowledge(incident, by=by, owner=person)
        case "assign":
            return lifecycle.assign(incident, by=by, owner=person)
        case "snooze":
            return lifecycle.snooze(incident, by=by, until=later)
        case "resolve":
            return lifecycle.resolve(incident, by=by, note="Over.")
        case "reopen":
            return lifecycle.reopen(incident, by=by, reason="It goes on.")
        case "merge":
            return merging.merge(incident, into=an_incident(incident.team), by=by)
        case _:
            return getattr(lifecycle, verb)(incident, by=by)


def brought_to(status, team, person):
    """Return an incident that has come to the status by its verbs."""
    incident = opened(team, policy=a_policy(team), owner=a_person(team))
    ways = {
        "open": [],
        "acknowledged": ["acknowledge"],
        "contained": ["acknowledge", "contain"],
        "resolved": ["acknowledge", "resolve"],
        "closed": ["acknowledge", "resolve", "close"],
        "merged": ["merge"],
    }
    for verb in ways[status]:
        incident = do(verb, incident, person)
    return incident


VERBS = ("acknowledge", "assign", "contain", "escalate", "merge", "reopen", "resolve", "snooze")
DONE_ALREADY = {("contained", "contain"), ("resolved", "resolve"), ("closed", "close")}
DONE_ALREADY |= {("open", "reopen")}


@pytest.mark.parametrize("status", IncidentStatus.values)
@pytest.mark.parametrize("verb", [*VERBS, "close"])
def test_goes_where_the_table_says_and_refuses_what_it_does_not(clock, status, verb):
    team = a_team()
    person = a_person(team)
    incident = brought_to(status, team, person)
    table = {(start, edge): end for start, edge, end in lifecycle.EDGES}
    before = len(kinds(incident))
    if (status, verb) in table:
        assert do(verb, incident, person).status == table[status, verb]
        assert Incident.objects.get(pk=incident.pk).status == table[status, verb]
    elif (status, verb) in DONE_ALREADY:
        unchanged = do(verb, incident, person)
        assert (unchanged.status, unchanged.version) == (status, incident.version)
        assert len(kinds(incident)) == before
    else:
        with pytest.raises(NotAllowedNow) as refusal:
            do(verb, incident, person)
        assert refusal.value.extra["allowed"] == lifecycle.EDGES.allowed(status)
        assert len(kinds(incident)) == before


def test_stops_all_escalation_when_it_is_contained_resolved_or_closed(clock):
    team = a_team()
    person = a_person(team)
    incident = opened(team, policy=a_policy(team), owner=person)
    lifecycle.resolve(incident, note="A false alarm.", by=SYSTEM)
    ahead = Reminder.objects.pending().filter(incident=incident)
    assert not ahead.exists()


def test_keeps_the_words_of_every_resolution_but_not_in_the_timeline(clock):
    team = a_team()
    incident = opened(team, policy=a_policy(team))
    lifecycle.resolve(incident, note="Recalled.", by=SYSTEM)
    lifecycle.reopen(incident, reason="Another batch.", by=SYSTEM)
    again = lifecycle.resolve(incident, note="Recalled again.", by=SYSTEM)
    assert again.resolution_note == "Recalled again."
    texts = list(Note.objects.filter(incident=incident).values_list("text", flat=True))
    assert texts == ["Recalled.", "Another batch.", "Recalled again."]
    told = str(list(Event.objects.filter(incident=incident).values_list("data", flat=True)))
    assert "Recalled" not in told


def test_needs_words_to_be_resolved(clock):
    incident = opened(a_team())
    with pytest.raises(Invalid):
        lifecycle.resolve(incident, note="  \n", by=SYSTEM)


def test_starts_the_policy_as_it_is_now_when_it_is_reopened(clock):
    team = a_team()
    policy = a_policy(team, [{"notify_owner": True}])
    incident = opened(team, policy=policy, owner=a_person(team))
    lifecycle.resolve(incident, note="Over.", by=SYSTEM)
    policy.steps.update(delay_seconds=120)
    clock.move(hours=1)
    again = lifecycle.reopen(incident, reason="", by=SYSTEM)
    assert (again.status, again.resolved_at, again.acknowledged_by) == ("open", None, None)
    step = pending(incident, "escalation_step").get()
    assert step.planned_at == clock.now() + timedelta(minutes=2)
    assert step.generation == again.generation


def test_puts_milestones_ahead_again_when_it_is_reopened(clock):
    team = a_team()
    person = a_person(team)
    incident = opened(team, policy=a_policy(team), owner=person)
    lifecycle.acknowledge(incident, owner=person, by=SYSTEM)
    lifecycle.resolve(incident, note="Over.", by=SYSTEM)
    clock.move(days=3)
    lifecycle.reopen(incident, reason="", by=SYSTEM)
    rows = {row.name: row for row in Milestone.objects.filter(incident=incident)}
    assert rows["acknowledged"].reached_at is not None
    assert rows["resolved"].reached_at is None
    assert rows["resolved"].target_at == clock.now() + timedelta(days=2)
    due = pending(incident, "milestone_missed")
    assert rows["resolved"].target_at in [reminder.due_at for reminder in due]


def test_does_not_reopen_beside_another_one_with_the_same_key(clock):
    team = a_team()
    first = opened(team, dedup_key="x")
    lifecycle.resolve(first, note="Over.", by=SYSTEM)
    opened(team, dedup_key="x")
    with pytest.raises(Conflict) as conflict:
        lifecycle.reopen(first, reason="", by=SYSTEM)
    assert conflict.value.code == "twin_is_open"
    first.refresh_from_db()
    assert first.status == "resolved"


def test_lets_a_higher_layer_refuse_a_verb(clock):
    team = a_team()
    incident = opened(team)
    lifecycle.resolve(incident, note="Over.", by=SYSTEM)
    refusals = [Conflict("Promised.", code="open_commitments"), None]
    lifecycle.register_guard("close", lambda row: refusals.pop(0))
    try:
        with pytest.raises(Conflict) as conflict:
            lifecycle.close(incident, by=SYSTEM)
        assert conflict.value.code == "open_commitments"
        assert lifecycle.close(incident, by=SYSTEM).status == "closed"
    finally:
        moves._guards["close"].pop()


def test_refuses_a_change_of_a_version_that_is_not_the_latest(clock):
    team = a_team()
    incident = opened(team)
    lifecycle.resolve(incident, note="Over.", by=SYSTEM, version=incident.version)
    with pytest.raises(Stale):
        lifecycle.close(incident, by=SYSTEM, version=incident.version)
