"""A team, people and rows to measure with."""

from datetime import timedelta
from itertools import count

from crisis_api.access.models import ContactPoint, Membership, Owner, Team, User
from crisis_api.lib import clock
from incidents.models import EscalationPolicy, EscalationStep, Incident, Reminder

_number = count(1)


def a_team_with_people(steps: int, people: int = 20) -> tuple[Team, list[Owner], EscalationPolicy]:
    """Return a team, its people, each with a contact point, and a policy that reminds the owner."""
    n = next(_number)
    team = Team.objects.create(name=f"Bench {n}", slug=f"bench-{n}")
    members = []
    for place in range(people):
        user = User.objects.create(username=f"bench-{n}-{place}")
        owner = Owner.objects.create(user=user, name=f"Person {place}")
        Membership.objects.create(team=team, owner=owner, role="responder")
        ContactPoint.objects.create(owner=owner, kind="console", address="console")
        members.append(owner)
    policy = EscalationPolicy.objects.create(team=team, name="Bench")
    EscalationStep.objects.bulk_create(
        EscalationStep(
            policy=policy, number=number, delay_seconds=300 * (number > 1), notify_owner=True
        )
        for number in range(1, steps + 1)
    )
    return team, members, policy


def bare_incident(team: Team, owner: Owner) -> Incident:
    """Return an incident row that is not saved."""
    now = clock.now()
    return Incident(
        team=team,
        reference=f"BE-{next(_number)}",
        category="negative_comments",
        severity=3,
        title="Bench",
        owner=owner,
        detected_at=now,
        opened_at=now,
    )


def bare_reminders(incident: Incident, number: int) -> list[Reminder]:
    """Return that many reminder rows of an incident that are not saved and not due."""
    later = clock.now() + timedelta(days=300)
    return [
        Reminder(
            team_id=incident.team_id,
            kind="escalation_step",
            subject_type="incident",
            subject_id=incident.pk,
            incident_id=incident.pk,
            generation=0,
            planned_at=later,
            due_at=later,
            dedup_key=f"bench:{incident.pk.hex}:{step}",
        )
        for step in range(number)
    ]
