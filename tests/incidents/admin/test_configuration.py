"""Policies, rotations, rules and settings in the admin, with what their services refuse."""

from datetime import timedelta
from typing import Any

import pytest

from crisis_api.access.models import AuditEvent
from crisis_api.lib import clock
from incidents.models import (
    AssignmentRule,
    CalendarFeed,
    EscalationPolicy,
    IncidentSettings,
    Override,
    Rotation,
    RotationLayer,
    ShiftSwap,
    StormRule,
)
from incidents.services import settings
from tests.factories.access import a_contact_point, a_person, a_team, joins, the_actor
from tests.factories.admin import AdminPages, at, errors, fields, page, verb_page
from tests.factories.incidents import a_policy, a_rotation, an_account, an_assignment_rule
from tests.factories.intake import a_storm_rule

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def manager(team):
    person = a_person(team, "manager", name="Mara")
    a_contact_point(person)
    return person


@pytest.fixture
def pages(manager):
    return AdminPages(manager)


def step(place: int, **typed: Any) -> dict[str, Any]:
    given = {"delay_seconds": "5m", "urgency": "urgent", **typed}
    return {f"steps-{place}-{name}": value for name, value in given.items()}


def person(number: int, owner: Any, position: Any = "") -> dict[str, Any]:
    return {
        f"participants-{number}-owner": str(owner.pk),
        f"participants-{number}-position": position,
    }


ROTATION = {"name": "Duty", "starts_on": "2026-01-05", "handoff_time": "09:00:00", "shift_days": 1}


def test_makes_a_policy_with_steps_in_the_order_that_was_typed(pages, team, manager):
    rotation = a_rotation(team, [manager])
    webhook = a_contact_point(team=team, kind="webhook", address="https://a.example/x", label="Hub")
    response = pages.add(
        EscalationPolicy,
        name="Burns",
        round_pause_seconds="10m",
        rounds=2,
        **step(0, number=2, roles=["manager"], rotations=[str(rotation.pk)]),
        **step(1, number=1, delay_seconds="0s", notify_owner="on", webhooks=[str(webhook.pk)]),
    )
    assert response.status_code == 302, errors(response)
    policy = EscalationPolicy.objects.get()
    first, second = policy.steps.order_by("number")
    assert (policy.round_pause_seconds, first.notify_owner, first.delay_seconds) == (600, True, 0)
    assert list(first.webhooks.all()) == [webhook]
    assert (second.delay_seconds, second.roles) == (300, ["manager"])
    assert list(second.rotations.all()) == [rotation]
    assert AuditEvent.objects.get(action="policy.created").actor == the_actor(manager)


def test_changes_steps_takes_one_away_and_says_what_was_wrong_by_its_line(pages, team, manager):
    policy = a_policy(team)
    response = pages.edit(policy, **{"steps-1-roles": [], "steps-0-delay_seconds": "1m"})
    assert "Line 2: A step needs somebody to remind." in errors(response)
    policy.refresh_from_db()
    assert policy.version == 1
    response = pages.edit(policy, **{"steps-1-DELETE": "on", "steps-0-delay_seconds": "1m"})
    assert response.status_code == 302, errors(response)
    assert list(policy.steps.values_list("delay_seconds", flat=True)) == [60]


def test_refuses_a_policy_without_steps_and_one_of_a_name_that_is_taken(pages, team):
    a_policy(team, name="Burns")
    typed = {"name": "Burns", "round_pause_seconds": "5m", "rounds": 1}
    assert "at least one step" in errors(pages.add(EscalationPolicy, **typed))
    response = pages.add(EscalationPolicy, **typed, **step(0, notify_owner="on"))
    assert "policy of this name" in errors(response)


def test_a_step_takes_nobody_of_another_team(pages, manager, team):
    other = a_team()
    typed = {"name": "P", "round_pause_seconds": "5m", "rounds": 1}
    for name, row in (
        ("people", a_person(other)),
        ("rotations", a_rotation(other)),
        ("webhooks", a_contact_point(team=other, kind="webhook", address="https://b.example/")),
    ):
        response = pages.add(EscalationPolicy, **typed, **step(0, **{name: [str(row.pk)]}))
        assert "Select a valid choice" in errors(response), name
    joins(manager, other, "manager")
    both = a_person(other)
    response = pages.add(
        EscalationPolicy, team=str(team.pk), **typed, **step(0, people=[str(both.pk)])
    )
    assert "The team has no such person" in errors(response)
    assert not EscalationPolicy.objects.exists()


def test_archives_a_policy_unless_something_names_it(pages, team):
    policy = a_policy(team)
    rule = an_assignment_rule(team, policy=policy)
    assert "still name this policy" in errors(pages.do("archive", policy))
    rule.delete()
    pages.do("archive", policy)
    policy.refresh_from_db()
    assert policy.archived_at is not None
    assert pages.open(policy).context["show_save"] is False


def test_previews_a_policy_on_its_page_and_for_another_incident(pages, team, manager):
    policy = a_policy(team)
    shown, checks = pages.open(policy).context["panels"]
    assert "Mara" in str(shown.rows[-1][4])
    assert "No rule names an owner" in str(shown.body)
    assert "Not every incident gets an owner" in str([str(row[1]) for row in checks.rows])
    an_assignment_rule(team, owner=manager, category="spam")
    before = AuditEvent.objects.count()
    asked = {"category": "spam", "severity": 4, **at("at", manager.created_at)}
    response = pages.client.get(verb_page("preview", policy), asked)
    assert "Responsible: Mara" in str(response.context["panel"].note)
    assert AuditEvent.objects.count() == before
    wrong = pages.client.get(verb_page("preview", policy), {"category": "no", "severity": 4})
    assert wrong.context["panel"] is None


def test_makes_a_rotation_with_people_in_order_and_shows_who_is_on_call(pages, team, manager):
    ben = a_person(team, name="Ben")
    response = pages.add(Rotation, **ROTATION, **person(0, manager, 2), **person(1, ben, 1))
    assert response.status_code == 302, errors(response)
    rotation = Rotation.objects.get()
    order = [each.owner for each in rotation.participants.order_by("position")]
    assert order == [ben, manager]
    on_call = pages.open(rotation).context["panels"][0]
    assert len(on_call.rows) == 6
    assert {str(row[1]) for row in on_call.rows} == {"Ben", "Mara"}
    assert "now" in str(on_call.rows[0][0])


def test_changes_the_order_of_a_rotation(pages, team, manager):
    rotation = a_rotation(team, [manager, a_person(team)])
    response = pages.edit(
        rotation, **{"participants-0-position": 2, "participants-1-position": 1, "name": "Night"}
    )
    assert response.status_code == 302, errors(response)
    rotation.refresh_from_db()
    assert rotation.name == "Night"
    assert rotation.participants.order_by("position").last().owner == manager


def test_refuses_a_rotation_that_makes_no_sense(pages, manager):
    typed = {**ROTATION, "shift_days": 5, "handoff_weekday": 0}
    response = pages.add(Rotation, **typed, **person(0, manager))
    assert "whole weeks" in errors(response)
    stranger = a_person(a_team())
    response = pages.add(Rotation, **ROTATION, **person(0, stranger))
    assert "Select a valid choice" in errors(response)


def test_archives_a_rotation_unless_something_names_it(pages, team, manager):
    rotation = a_rotation(team, [manager])
    rule = an_assignment_rule(team, rotation=rotation)
    assert "still name this rotation" in errors(pages.do("archive", rotation))
    rule.delete()
    pages.do("archive", rotation)
    rotation.refresh_from_db()
    assert rotation.archived_at is not None


def test_a_responder_puts_somebody_on_call_for_a_time_and_takes_it_back(team, manager, clock):
    responder = a_person(team)
    pages = AdminPages(responder)
    rotation = a_rotation(team, [manager])
    start = (clock.now() + timedelta(hours=1)).replace(microsecond=0)
    typed = {"rotation": str(rotation.pk), "owner": str(responder.pk)}
    response = pages.add(
        Override, **typed, **at("starts_at", start), **at("ends_at", start - timedelta(hours=1))
    )
    assert "must end after it starts" in errors(response)
    times = {**at("starts_at", start), **at("ends_at", start + timedelta(hours=2))}
    assert pages.add(Override, **typed, **times).status_code == 302
    override = Override.objects.get()
    assert (override.owner, override.starts_at) == (responder, start)
    response = pages.do("cancel", override)
    assert response.headers["Location"] == page("changelist", Override)
    assert not Override.objects.exists()


def test_says_that_an_override_is_over(pages, team, manager, clock):
    rotation = a_rotation(team, [manager])
    hour = timedelta(hours=1)
    override = rotation.overrides.create(
        team=team, owner=manager, starts_at=clock.now() - 2 * hour, ends_at=clock.now() - hour
    )
    assert pages.offered(override) == set()
    response = pages.press("cancel", override, version=override.version)
    assert "This override is over" in errors(response)


def test_makes_changes_and_takes_away_an_assignment_rule(pages, team, manager):
    rotation = a_rotation(team, [manager])
    typed = {"position": 1, "category": "spam", "min_severity": 1}
    assert "A rule names a person" in errors(pages.add(AssignmentRule, **typed))
    both = {"owner": str(manager.pk), "rotation": str(rotation.pk)}
    assert "not both" in errors(pages.add(AssignmentRule, **typed, **both))
    assert pages.add(AssignmentRule, **typed, owner=str(manager.pk)).status_code == 302
    rule = AssignmentRule.objects.get()
    assert pages.edit(rule, position=5).status_code == 302
    rule.refresh_from_db()
    assert rule.position == 5
    pages.client.post(page("delete", rule), {"post": "yes"})
    assert not AssignmentRule.objects.exists()


def test_makes_changes_and_takes_away_a_storm_rule(pages, team):
    account = an_account(team)
    typed = {"name": "Storm", "min_negative": 10, "window_seconds": "10m", "factor": "2.5"}
    response = pages.add(StormRule, **typed, account=str(account.pk), baseline_seconds="5m")
    assert "longer time than the window" in errors(response)
    assert pages.add(StormRule, **typed, account=str(account.pk)).status_code == 302
    rule = StormRule.objects.get()
    assert (rule.account, rule.window_seconds, rule.factor) == (account, 600, 2.5)
    assert pages.edit(rule, window_seconds="20m", severity="4").status_code == 302
    rule.refresh_from_db()
    assert (rule.window_seconds, rule.severity) == (1200, 4)
    pages.client.post(page("delete", rule), {"post": "yes"})
    assert not StormRule.objects.exists()


def test_a_storm_rule_takes_no_account_of_another_team(pages):
    rule = a_storm_rule(a_team())
    assert pages.client.get(page("change", rule)).status_code == 302
    typed = {"name": "S", "min_negative": 5, "window_seconds": "10m", "factor": 2}
    response = pages.add(StormRule, **typed, account=str(an_account(a_team()).pk))
    assert "Select a valid choice" in errors(response)


def test_makes_and_changes_the_settings_of_a_team(pages, team, manager):
    policy = a_policy(team)
    response = pages.add(IncidentSettings, default_policy=str(policy.pk), high_acknowledged=7)
    assert response.status_code == 302, errors(response)
    row = IncidentSettings.objects.get()
    # A team has one: no more is offered.
    assert pages.client.get(page("add", IncidentSettings)).status_code == 403
    assert row.milestone_targets["high"]["acknowledged"] == 7
    assert row.milestone_targets["critical"]["acknowledged"] == 5
    response = pages.edit(row, critical_acknowledged="", low_resolved=20_000)
    assert response.status_code == 302, errors(response)
    row.refresh_from_db()
    assert "acknowledged" not in row.milestone_targets["critical"]
    assert row.milestone_targets["low"]["resolved"] == 20_000
    assert row.default_policy == policy
    assert "greater than or equal to 1" in errors(pages.edit(row, low_resolved=0))


def test_shows_the_settings_to_those_who_may_not_change_them(team):
    row = settings.of_team(team, by=the_actor(a_person(team)))
    response = AdminPages(a_person(team, "viewer")).open(row)
    assert response.context["show_save"] is False
    assert "critical: acknowledged 5" in response.content.decode()


def test_refuses_an_edit_of_steps_that_somebody_else_changed_meanwhile(pages, team):
    policy = a_policy(team)
    typed = fields(pages.open(policy))
    assert pages.edit(policy, **{"steps-0-delay_seconds": "2m"}).status_code == 302
    response = pages.client.post(page("change", policy), {**typed, "name": "Mine"})
    assert "Somebody changed this" in errors(response)


def test_puts_a_layer_over_a_rotation_changes_it_and_takes_it_away(pages, team, manager):
    ben = a_person(team, name="Ben")
    rotation = a_rotation(team, [manager])
    typed = {
        "rotation": str(rotation.pk),
        "name": "Nights",
        "position": 1,
        "starts_on": "2026-01-01",
        "handoff_time": "09:00",
        "shift_days": 1,
        "hours": "mon 22:00-06:00\nsat 00:00-24:00",
    }
    response = pages.add(RotationLayer, **typed, **person(0, ben, 1))
    assert response.status_code == 302, errors(response)
    layer = RotationLayer.objects.get()
    assert layer.hours == {"mon": [["22:00", "06:00"]], "sat": [["00:00", "24:00"]]}
    panels = {each.name: each for each in pages.open(rotation).context["panels"]}
    assert "Nights" in str(panels["layers"].rows)
    assert "mon 22:00-06:00" in str(pages.open(layer).content.decode())
    response = pages.edit(layer, hours="", name="Always")
    assert response.status_code == 302, errors(response)
    layer.refresh_from_db()
    assert (layer.name, layer.hours) == ("Always", None)
    panels = {each.name: each for each in pages.open(rotation).context["panels"]}
    assert {str(row[1]) for row in panels["on_call"].rows} == {"Ben"}
    assert {str(row[4]) for row in panels["on_call"].rows} == {"Always"}
    assert "It needs some hours" in errors(pages.edit(layer, hours="mon"))
    pages.do("remove", layer)
    assert not RotationLayer.objects.exists()


def test_hands_over_to_another_policy_and_refuses_a_circle(pages, team, manager):
    first, second = a_policy(team, name="First"), a_policy(team, name="Second")
    response = pages.edit(first, fallback=str(second.pk))
    assert response.status_code == 302, errors(response)
    first.refresh_from_db()
    assert first.fallback == second
    preview, _checks = pages.open(first).context["panels"]
    assert [row[0] for row in preview.rows] == ["First", "First", "Second", "Second"]
    assert "falls back on this one" in errors(pages.edit(second, fallback=str(first.pk)))
    assert "other policies still name this policy" in errors(pages.do("archive", second))


def test_gives_an_address_for_a_calendar_once_and_revokes_it(pages, team, manager):
    rotation = a_rotation(team, [manager])
    assert "To my calendar" in pages.open(rotation).content.decode()
    shown = pages.add(CalendarFeed, rotation=str(rotation.pk)).content.decode()
    assert "/calendar/" in shown
    assert ".ics" in shown
    feed = CalendarFeed.objects.get()
    assert "/calendar/" not in pages.open(feed).content.decode().replace("/calendarfeed/", "")
    pages.do("revoke", feed)
    feed.refresh_from_db()
    assert feed.revoked_at is not None
    other = AdminPages(a_person(team, "responder"))
    assert feed.pk not in [row.pk for row in other.list(CalendarFeed).context["cl"].queryset]


def test_asks_for_a_swap_and_accepts_it(pages, team, manager):
    ben = a_person(team, "viewer", name="Ben")
    rotation = a_rotation(team, [manager])
    start = clock.now() + timedelta(days=1)
    typed = {"rotation": str(rotation.pk), "asked_of": str(ben.pk)}
    times = {**at("starts_at", start), **at("ends_at", start + timedelta(hours=3))}
    response = pages.add(ShiftSwap, **typed, **times)
    assert response.status_code == 302, errors(response)
    swap = ShiftSwap.objects.get()
    assert (swap.asked_by, swap.status) == (manager, "pending")
    assert "Only the person who is asked answers" in errors(pages.do("accept", swap))
    bens = AdminPages(ben)
    assert "Accept" in bens.open(swap).content.decode()
    bens.do("accept", swap)
    swap.refresh_from_db()
    assert (swap.status, swap.override.owner) == ("accepted", ben)
