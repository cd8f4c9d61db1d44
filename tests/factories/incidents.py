"""Incidents and what belongs to them, for tests: `an_incident(team, severity="high")`.

They are rows as they are, without events and reminders. Where a test is about those, it opens an
incident with `incidents.services.lifecycle.open_incident`.
"""

from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from itertools import count
from typing import Any

from crisis_api.access.models import Owner, Team
from crisis_api.lib import clock
from incidents.models import (
    Account,
    AssignmentRule,
    Claim,
    EscalationPolicy,
    EscalationStep,
    Incident,
    IncidentSettings,
    LayerParticipant,
    Mention,
    Rotation,
    RotationLayer,
    RotationParticipant,
    Severity,
)
from incidents.services import queue

_number = count(1)


def an_incident(team: Team, **values: Any) -> Incident:
    """Return an open incident of the team; `severity` may be a word."""
    n = next(_number)
    if isinstance(values.get("severity"), str):
        values["severity"] = Severity.words()[values["severity"]]
    now = clock.now()
    defaults = {
        # A year that no incident of a test is opened in, so that references never meet.
        "reference": f"CR-1999-{n:04}",
        "category": "negative_comments",
        "severity": Severity.HIGH,
        "title": f"Incident {n}",
        "detected_at": now,
        "opened_at": now,
    }
    return Incident.objects.create(team=team, **{**defaults, **values})


def a_policy(
    team: Team, steps: Iterable[Mapping[str, Any]] | None = None, **values: Any
) -> EscalationPolicy:
    """Return a policy of the team with its steps.

    A step is a dict of EscalationStep's columns, with `delay` (a timedelta) and lists of `people`,
    `rotations`, `roles` and `webhooks`. Without steps: the owner at once, then the managers after
    five minutes.
    """
    n = next(_number)
    policy = EscalationPolicy.objects.create(**{"team": team, "name": f"Policy {n}", **values})
    if steps is None:
        steps = [
            {"notify_owner": True},
            {"delay": timedelta(minutes=5), "roles": ["manager"]},
        ]
    for number, given in enumerate(steps, start=1):
        columns = dict(given)
        named = {name: columns.pop(name, ()) for name in ("people", "rotations", "webhooks")}
        delay = columns.pop("delay", timedelta(0))
        step = EscalationStep.objects.create(
            policy=policy, number=number, delay_seconds=delay // timedelta(seconds=1), **columns
        )
        for name, rows in named.items():
            getattr(step, name).set(rows)
    return policy


def a_rotation(team: Team, people: Iterable[Owner] = (), **values: Any) -> Rotation:
    """Return a rotation that hands over every day at nine, UTC, since long ago."""
    n = next(_number)
    defaults = {
        "name": f"Rotation {n}",
        "starts_on": date(2024, 1, 1),
        "handoff_time": time(9),
        "shift_days": 1,
    }
    rotation = Rotation.objects.create(team=team, **{**defaults, **values})
    for position, person in enumerate(people, start=1):
        RotationParticipant.objects.create(rotation=rotation, owner=person, position=position)
    return rotation


def a_layer(rotation: Rotation, people: Iterable[Owner] = (), **values: Any) -> RotationLayer:
    """Return a layer over a rotation, handed over every day at nine, that always holds."""
    n = next(_number)
    defaults = {
        "name": f"Layer {n}",
        "position": 1,
        "starts_on": date(2024, 1, 1),
        "handoff_time": time(9),
        "shift_days": 1,
    }
    layer = RotationLayer.objects.create(
        team=rotation.team, rotation=rotation, **{**defaults, **values}
    )
    for position, person in enumerate(people, start=1):
        LayerParticipant.objects.create(layer=layer, owner=person, position=position)
    return layer


def an_assignment_rule(team: Team, **values: Any) -> AssignmentRule:
    """Return a rule that fits every incident of the team."""
    return AssignmentRule.objects.create(team=team, **values)


def incident_settings(team: Team, **values: Any) -> IncidentSettings:
    """Return how the team handles its incidents."""
    return IncidentSettings.objects.create(team=team, **values)


def an_account(team: Team, **values: Any) -> Account:
    """Return an account of the team's brand."""
    n = next(_number)
    defaults = {"handle": f"@brand{n}", "external_id": f"account-{n}"}
    return Account.objects.create(team=team, **{**defaults, **values})


def a_claim(team: Team, **values: Any) -> Claim:
    """Return something that many say."""
    now = clock.now()
    defaults = {"team": team, "first_seen_at": now, "last_seen_at": now, "mention_count": 3}
    return Claim.objects.create(**{**defaults, **values})


def a_mention(account: Account, **values: Any) -> Mention:
    """Return something that somebody wrote under a post of the account."""
    n = next(_number)
    defaults = {
        "team": account.team,
        "external_id": f"mention-{n}",
        "text": f"It burns {n}",
        "written_at": clock.now(),
        "is_negative": True,
    }
    mention = Mention(account=account, **{**defaults, **values})
    if "priority" not in values:
        queue.place_all([mention], now=clock.now())
    mention.save(force_insert=True)
    return mention
