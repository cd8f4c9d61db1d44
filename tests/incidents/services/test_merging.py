"""Merging and splitting: nothing is lost."""

import threading

import pytest
from django.db import connection

from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.errors import NotAllowedNow, Refused
from incidents.models import Event, Incident, IncidentRelation, Mention, Note, Reminder
from incidents.services import lifecycle, merging, notes, relations
from tests.factories.access import a_person, a_team
from tests.factories.incidents import a_mention, a_policy, an_account, an_incident
from tests.incidents.services.stories import kinds, opened, pending

pytestmark = pytest.mark.django_db


def with_mentions(incident, account, count=3):
    mentions = [a_mention(account, incident=incident) for _ in range(count)]
    Incident.objects.filter(pk=incident.pk).update(mention_count=count, negative_count=count)
    return mentions


def test_moves_mentions_and_signals_and_keeps_all_else_readable(clock):
    team = a_team()
    account = an_account(team)
    source, target, other = opened(team), opened(team), opened(team)
    with_mentions(source, account)
    with_mentions(target, account, 2)
    notes.add(source, text="Seen first on Monday.", by=SYSTEM)
    relations.relate(source, other, by=SYSTEM)
    got = merging.merge(source, into=target, by=SYSTEM)
    assert (got.status, got.merged_into, got.mention_count) == ("merged", target, 0)
    target.refresh_from_db()
    assert (target.mention_count, target.negative_count, target.signal_count) == (5, 5, 2)
    assert Mention.objects.filter(incident=target).count() == 5
    assert Note.objects.filter(incident=source).exists()
    assert IncidentRelation.objects.count() == 1
    for incident in (source, target):
        event = Event.objects.get(incident=incident, kind="incident.merged")
        assert event.data == {"source": str(source.pk), "into": str(target.pk), "mentions": 3}


def test_takes_back_every_reminder_of_the_source(clock):
    team = a_team()
    source = opened(team, policy=a_policy(team))
    merging.merge(source, into=opened(team), by=SYSTEM)
    assert not Reminder.objects.pending().filter(subject_id=source.pk).exists()


def test_gives_the_target_the_higher_severity_which_ends_its_acknowledgement(clock):
    team = a_team()
    person = a_person(team)
    target = opened(team, severity=2, policy=a_policy(team), owner=person)
    lifecycle.acknowledge(target, owner=person, by=SYSTEM)
    merging.merge(opened(team, severity=4), into=target, by=SYSTEM)
    target.refresh_from_db()
    assert (target.severity, target.status) == (4, "open")
    assert pending(target, "escalation_step").exists()


def test_leaves_a_graver_target_as_it_is(clock):
    team = a_team()
    person = a_person(team)
    target = opened(team, severity=3, owner=person)
    lifecycle.acknowledge(target, owner=person, by=SYSTEM)
    merging.merge(opened(team, severity=3), into=target, by=SYSTEM)
    target.refresh_from_db()
    assert (target.severity, target.status) == (3, "acknowledged")


@pytest.mark.parametrize(
    ("severity", "acknowledged", "status"),
    [(4, False, "open"), (3, False, "resolved"), (4, True, "resolved")],
)
def test_opens_the_target_again_for_a_source_that_was_open_and_graver(
    clock, severity, acknowledged, status
):
    team = a_team()
    person = a_person(team)
    target = opened(team, severity=3, owner=person, policy=a_policy(team), dedup_key="same")
    lifecycle.resolve(target, note="Over.", by=SYSTEM)
    source = opened(team, severity=severity, dedup_key="same")
    if acknowledged:
        lifecycle.acknowledge(source, owner=person, by=SYSTEM)
    merging.merge(source, into=target, by=SYSTEM)
    target.refresh_from_db()
    assert target.status == status
    assert pending(target, "escalation_step").exists() == (status == "open")


def test_hands_its_owner_to_a_target_that_has_none(clock):
    team = a_team()
    person = a_person(team)
    target = opened(team)
    merging.merge(opened(team, owner=person), into=target, by=SYSTEM)
    target.refresh_from_db()
    assert target.owner == person
    assert not pending(target, "no_owner").exists()


def test_hands_its_owner_to_a_target_that_opens_again(clock):
    team = a_team()
    person = a_person(team)
    target = opened(team, severity=1)
    lifecycle.resolve(target, note="Over.", by=SYSTEM)
    merging.merge(opened(team, severity=4, owner=person), into=target, by=SYSTEM)
    target.refresh_from_db()
    assert (target.status, target.owner) == ("open", person)
    assert not pending(target, "no_owner").exists()


def test_goes_where_a_merged_target_went_and_never_in_a_circle(clock):
    team = a_team()
    first, second, third = opened(team), opened(team), opened(team)
    merging.merge(first, into=second, by=SYSTEM)
    assert merging.merge(third, into=first, by=SYSTEM).merged_into == second
    with pytest.raises(Refused) as refusal:
        merging.merge(second, into=third, by=SYSTEM)
    assert refusal.value.code == "same_incident"


def test_changes_nothing_the_second_time_and_refuses_another_target(clock):
    team = a_team()
    source, target = opened(team), opened(team)
    got = merging.merge(source, into=target, by=SYSTEM)
    assert merging.merge(source, into=target, by=SYSTEM).version == got.version
    assert kinds(target).count("incident.merged") == 1
    with pytest.raises(NotAllowedNow):
        merging.merge(source, into=opened(team), by=SYSTEM)


def test_keeps_teams_and_drills_apart(clock):
    team = a_team()
    incident = opened(team)
    with pytest.raises(Refused) as refusal:
        merging.merge(incident, into=opened(a_team()), by=SYSTEM)
    assert refusal.value.code == "different_teams"
    with pytest.raises(Refused) as refusal:
        merging.merge(incident, into=opened(team, mode="drill"), by=SYSTEM)
    assert refusal.value.code == "different_modes"


@pytest.mark.django_db(transaction=True)
def test_ends_with_one_open_incident_however_many_merge_at_once():
    team = a_team()
    incidents = [an_incident(team) for _ in range(4)]
    ready = threading.Barrier(4)
    refused = []

    def race(place):
        try:
            ready.wait()
            merging.merge(incidents[place], into=incidents[(place + 1) % 4], by=SYSTEM)
        except (Refused, NotAllowedNow) as problem:
            refused.append(problem.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=race, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["same_incident"]
    assert Incident.objects.filter(status="open").count() == 1
    assert Incident.objects.filter(status="merged").count() == 3


def test_makes_a_second_incident_of_some_of_the_mentions(clock):
    team = a_team()
    account = an_account(team)
    incident = opened(team, account=account, policy=a_policy(team))
    mentions = with_mentions(incident, account)
    ids = [mention.pk for mention in mentions[:2]]
    fresh = merging.split(
        incident, mention_ids=ids, title="Spam", category="spam", severity=1, by=SYSTEM
    )
    incident.refresh_from_db()
    assert (incident.mention_count, fresh.mention_count) == (1, 2)
    assert (fresh.account, fresh.mode, fresh.status) == (account, "standard", "open")
    assert set(Mention.objects.filter(incident=fresh).values_list("pk", flat=True)) == set(ids)
    assert IncidentRelation.objects.filter(first=incident, second=fresh).exists()
    assert Event.objects.get(incident=incident, kind="incident.split").data["mentions"] == 2
    assert kinds(fresh)[0] == "incident.opened"


def test_splits_off_only_what_belongs_to_the_incident(clock):
    team = a_team()
    account = an_account(team)
    incident = opened(team)
    foreign = a_mention(account)
    with pytest.raises(Refused) as refusal:
        merging.split(
            incident, mention_ids=[foreign.pk], title="x", category="spam", severity=1, by=SYSTEM
        )
    assert refusal.value.code == "not_its_mentions"
    assert Incident.objects.count() == 1


def test_relates_two_incidents_once_in_either_order_and_takes_it_back(clock):
    team = a_team()
    first, second = opened(team), opened(team)
    assert relations.relate(second, first, by=SYSTEM)
    assert not relations.relate(first, second, by=SYSTEM)
    assert kinds(first).count("incident.related") == 1
    assert relations.unrelate(first, second, by=SYSTEM)
    assert not relations.unrelate(first, second, by=SYSTEM)
    assert "incident.unrelated" in kinds(second)
    with pytest.raises(Refused):
        relations.relate(first, first, by=SYSTEM)
    with pytest.raises(Refused):
        relations.relate(first, opened(a_team()), by=SYSTEM)
