"""Negative mentions open one incident, and join it while it is unresolved."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import translation
from django.utils.text import capfirst

from crisis_api.lib import clock as the_clock
from crisis_api.lib.actors import SYSTEM
from incidents.intake.receive import receive
from incidents.intake.storms import storm_key
from incidents.models import Category, Event, Incident, Mention, Severity
from incidents.services import lifecycle, mentions, merging
from tests.factories.access import a_person, a_team, the_actor
from tests.factories.incidents import an_account, an_incident
from tests.factories.intake import (
    ANGRY,
    CALM,
    a_burst,
    a_receipt,
    a_storm_rule,
    received,
    said,
)

pytestmark = pytest.mark.django_db

RUDE = "terrible, disgusting, awful quality, I hate it"


@pytest.fixture
def account(clock):
    return an_account(a_team(), handle="@lumelle")


@pytest.fixture
def rule(account):
    return a_storm_rule(account.team)


def detections(incident):
    return list(Event.objects.filter(incident=incident, kind="storm.detected").order_by("sequence"))


def resolved(incident):
    return lifecycle.resolve(incident, note="A false alarm.", by=SYSTEM)


def test_opens_an_incident_when_enough_is_negative(account, rule):
    assert received(account, a_burst(4)).incidents == ()
    (opened,) = received(account, [said()]).incidents
    incident = Incident.objects.get()
    assert (opened.incident_id, opened.opened, opened.joined) == (incident.pk, True, 5)
    assert (incident.account, incident.storm_key) == (account, storm_key(rule, account))
    assert (incident.mention_count, incident.negative_count) == (5, 5)
    assert Mention.objects.filter(incident=incident).count() == 5
    assert incident.detected_at == Mention.objects.earliest("written_at").written_at
    assert incident.category == "product_safety"
    assert incident.actor == SYSTEM


def test_counts_no_mention_that_is_not_negative(account, rule):
    assert received(account, [said(CALM) for _ in range(50)]).incidents == ()


LEAK = "the PR lady's personal cell is +1-202-555-0147, let her phone ring"


def test_takes_leaked_personal_data_in_whatever_its_tone(account, rule, clock):
    received(account, [said(text=LEAK)])
    received(account, a_burst(5))
    incident = Incident.objects.get()
    assert (incident.mention_count, incident.negative_count) == (6, 5)

    clock.move(minutes=1)
    (part,) = received(account, [said(text=LEAK)]).incidents

    assert (part.incident_id, part.opened, part.joined) == (incident.pk, False, 1)
    incident.refresh_from_db()
    assert (incident.mention_count, incident.negative_count) == (7, 5)
    leaks = Mention.objects.filter(incident=incident, is_negative=False)
    assert leaks.count() == 2


def test_opens_no_storm_for_leaked_data_alone(account, rule):
    received(account, [said(text=f"{LEAK} {n}") for n in range(20)])
    assert not Incident.objects.exists()


def test_says_what_it_saw_without_any_words(account, rule):
    received(account, a_burst(6))
    (event,) = detections(Incident.objects.get())
    assert (event.subject_type, event.subject_id) == ("storm_rule", rule.pk)
    # It fires at the fifth; the sixth of the batch joins.
    assert (event.data["count"], event.data["usual"], event.data["times_usual"]) == (5, 1.0, 5.0)
    assert event.data["category"] == "product_safety"
    assert event.data["severity"] == "high"
    assert "cream" not in str(event.data)


def test_names_the_incident_by_category_and_account_alone(account, rule):
    received(account, a_burst(5))
    assert Incident.objects.get().title == "Product safety: @lumelle"


def test_titles_it_in_the_teams_language(account, rule):
    type(account.team).objects.update(language="ru")
    received(account, a_burst(5))
    with translation.override("ru"):
        category = capfirst(str(Category.PRODUCT_SAFETY.label))
    assert Incident.objects.get().title == f"{category}: @lumelle"


def test_lets_later_ones_join_while_it_is_unresolved(account, rule, clock):
    received(account, a_burst(5))
    clock.move(hours=3)
    batch = [said(), said(CALM), said()]
    (joined,) = received(account, batch).incidents
    incident = Incident.objects.get()
    assert (joined.opened, joined.joined, joined.reference) == (False, 2, incident.reference)
    assert (incident.mention_count, incident.negative_count) == (7, 7)
    assert received(account, batch).incidents == ()
    incident.refresh_from_db()
    assert incident.mention_count == 7


def test_leaves_out_what_was_written_before_the_storm_began(account, rule, clock):
    received(account, [said(written_at=clock.now() - timedelta(hours=2))])
    received(account, a_burst(5))
    late = said(written_at=clock.now() - timedelta(hours=1))
    assert received(account, [late]).incidents == ()
    assert Mention.objects.filter(incident=None).count() == 2


def test_lets_a_storm_of_another_account_and_another_rule_be_its_own(account, rule):
    other = an_account(account.team)
    received(account, a_burst(5))
    received(other, a_burst(5))
    assert Incident.objects.count() == 2
    narrow = a_storm_rule(account.team, account=other, min_negative=2)
    received(account, a_burst(5))
    assert not Incident.objects.filter(storm_key=storm_key(narrow, account)).exists()


def test_hears_no_rule_that_is_switched_off_or_of_another_team(account):
    a_storm_rule(account.team, is_active=False)
    a_storm_rule(a_team())
    assert received(account, a_burst(20)).incidents == ()


def test_takes_category_and_severity_from_the_rule_where_it_fixes_them(account):
    a_storm_rule(account.team, category="harassment", severity=1)
    received(account, a_burst(60))
    incident = Incident.objects.get()
    assert (incident.category, incident.severity) == ("harassment", Severity.LOW)
    assert len(detections(incident)) == 1


def test_takes_a_rule_that_makes_no_sense_for_the_nearest_that_does(account):
    a_storm_rule(account.team, factor=1, baseline_seconds=0)
    assert len(received(account, a_burst(5)).incidents) == 1


def test_opens_nothing_where_so_much_is_usual(account, rule, clock):
    type(account).objects.update(created_at=clock.now() - timedelta(days=3))
    for hour in range(36):
        at = clock.now() - timedelta(minutes=12 + 10 * hour)
        received(account, [said(RUDE, written_at=at - timedelta(seconds=n)) for n in range(4)])
    assert received(account, a_burst(6, text=RUDE)).incidents == ()
    assert len(received(account, a_burst(8, text=RUDE)).incidents) == 1


def test_finds_a_storm_in_the_middle_of_an_export(account, rule, clock):
    end = clock.now()
    quiet = [said(written_at=end - timedelta(minutes=30 * n)) for n in range(8)]
    burst_at = end - timedelta(hours=2)
    burst = [said(written_at=burst_at - timedelta(seconds=20 * n)) for n in range(12)]
    (opened,) = received(
        account, sorted(quiet + burst, key=lambda each: each.external_id)
    ).incidents
    incident = Incident.objects.get()
    assert opened.opened
    assert incident.detected_at == burst_at - timedelta(seconds=20 * 11)
    # The burst, and what was negative after it.
    assert incident.mention_count == 12 + 5


def test_takes_what_is_older_than_the_usual_rate_for_history(account, rule, clock):
    at = clock.now() - timedelta(days=2)
    old = [said(written_at=at + timedelta(seconds=n)) for n in range(40)]
    assert received(account, old).incidents == ()


def test_takes_clocks_that_run_ahead_for_now_and_leaves_out_the_far_future(account, rule, clock):
    ahead = clock.now() + timedelta(seconds=90)
    assert received(account, [said(written_at=ahead) for _ in range(4)]).incidents == ()
    far = clock.now() + timedelta(days=400)
    assert received(account, [said(written_at=far) for _ in range(40)]).incidents == ()
    (opened,) = received(account, [said(written_at=ahead)]).incidents
    assert opened.opened


def test_opens_again_after_it_was_resolved_and_only_for_new_ones(account, rule, clock):
    received(account, a_burst(8))
    first = Incident.objects.get()
    resolved(first)
    clock.move(seconds=30)
    assert received(account, [said() for _ in range(4)]).incidents == ()
    (again,) = received(account, [said()]).incidents
    second = Incident.objects.exclude(pk=first.pk).get()
    assert (again.incident_id, again.opened, again.joined) == (second.pk, True, 5)


def test_joins_what_its_incident_was_merged_into(account, rule):
    received(account, a_burst(5))
    storm = Incident.objects.get()
    target = lifecycle.open_incident(
        team=account.team, category="other", severity=2, title="Known already", by=SYSTEM
    ).incident
    merging.merge(storm, into=target, by=SYSTEM)
    (joined,) = received(account, [said(), said()]).incidents
    target.refresh_from_db()
    assert joined.incident_id == target.pk
    assert (target.mention_count, target.negative_count) == (7, 7)
    resolved(target)
    assert received(account, [said()]).incidents == ()


def test_joins_late_comments_of_a_storm_that_was_merged_into_a_younger_incident(
    account, rule, clock
):
    received(account, a_burst(5))
    storm = Incident.objects.get()
    written_at = the_clock.now()
    clock.move(minutes=2)
    target = an_incident(account.team)
    merging.merge(storm, into=target, by=SYSTEM)
    (joined,) = received(account, [said(written_at=written_at)]).incidents
    assert (joined.incident_id, joined.joined) == (target.pk, 1)


def test_raises_the_severity_once_for_each_step_up(account, rule, clock):
    received(account, a_burst(5, text=RUDE))
    incident = Incident.objects.get()
    assert incident.severity == Severity.MEDIUM
    (joined,) = received(account, a_burst(10, text=RUDE)).incidents
    incident.refresh_from_db()
    assert (incident.severity, joined.severity) == (Severity.HIGH, Severity.HIGH)
    assert [event.data["severity"] for event in detections(incident)] == ["medium", "high"]

    person = a_person(account.team)
    lifecycle.change(incident, {"severity": Severity.LOW}, by=the_actor(person))
    received(account, a_burst(5, text=RUDE))
    incident.refresh_from_db()
    assert incident.severity == Severity.LOW

    received(account, a_burst(40, text=RUDE))
    incident.refresh_from_db()
    assert incident.severity == Severity.CRITICAL
    assert len(detections(incident)) == 3


def test_wakes_whoever_acknowledged_when_it_grows(account, rule):
    received(account, a_burst(5, text=RUDE))
    incident = Incident.objects.get()
    lifecycle.acknowledge(incident, owner=a_person(account.team), by=SYSTEM)
    received(account, a_burst(1, text=RUDE))
    incident.refresh_from_db()
    assert incident.status == "acknowledged"
    received(account, a_burst(20, text=RUDE))
    incident.refresh_from_db()
    assert (incident.status, incident.severity) == ("open", Severity.HIGH)


def test_does_not_take_back_what_was_detached_by_hand(account, rule):
    received(account, a_burst(5))
    incident = Incident.objects.get()
    mention = Mention.objects.first()
    mentions.detach(mention, by=SYSTEM)
    received(account, [said()])
    mention.refresh_from_db()
    incident.refresh_from_db()
    assert mention.incident is None
    assert incident.mention_count == 5


def test_counts_nothing_that_belongs_to_another_incident(account, rule):
    received(account, a_burst(4))
    other = an_incident(account.team)
    mentions.attach(Mention.objects.first(), incident=other, by=SYSTEM)
    assert received(account, [said()]).incidents == ()


def test_lets_an_edit_that_turns_negative_join_and_count(account, rule):
    received(account, a_burst(5))
    received(account, [said(CALM, external_id="turns")])
    assert received(account, [said(ANGRY, external_id="turns")]).incidents[0].joined == 1
    incident = Incident.objects.get()
    assert incident.negative_count == 6
    received(account, [said(CALM, external_id="turns")])
    incident.refresh_from_db()
    assert (incident.mention_count, incident.negative_count) == (6, 5)


@pytest.mark.django_db(transaction=True)
def test_opens_one_incident_for_two_workers_at_once():
    account = an_account(a_team())
    a_storm_rule(account.team)
    received(account, a_burst(4))
    start = threading.Barrier(6)

    def work(_number):
        try:
            batch = [said() for _ in range(3)]
            receipt = a_receipt(account)
            start.wait()
            return receive(account, batch, receipt=receipt, now=the_clock.now()).incidents
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        gathered = [part for parts in pool.map(work, range(6)) for part in parts]
    incident = Incident.objects.get()
    assert [part.opened for part in gathered].count(True) == 1
    assert incident.mention_count == incident.negative_count == 4 + 18
    assert Mention.objects.filter(incident=incident).count() == 22
    assert len(detections(incident)) >= 1
