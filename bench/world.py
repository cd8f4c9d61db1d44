"""A team, people and rows to measure with."""

from datetime import timedelta
from itertools import count

from django.db import transaction

from crisis_api.access.models import ContactPoint, Membership, Owner, Team, User
from crisis_api.lib import clock
from crisis_api.lib.signing import new_secret
from incidents.models import EscalationPolicy, EscalationStep, Incident, Reminder

_number = count(1)


class Nowhere:
    """A sender that takes no time, so that only our own work is measured."""

    def send(self, address: str, message: object, *, message_id: str, secret: str = "") -> str:
        """Take it."""
        return ""


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


def many_teams(number: int, address: str) -> list[tuple[Team, Owner]]:
    """Return that many people, twenty to a team, each with a webhook of their own."""
    n = next(_number)
    size = -(-number // 20)
    teams = [Team(name=f"Many {n} {k}", slug=f"many-{n}-{k}") for k in range(size)]
    users = [User(username=f"many-{n}-{k}") for k in range(number)]
    owners = [Owner(user=user, name="Somebody") for user in users]
    pairs = [(teams[place // 20], owner) for place, owner in enumerate(owners)]
    with transaction.atomic():
        Team.objects.bulk_create(teams, batch_size=1000)
        User.objects.bulk_create(users, batch_size=1000)
        Owner.objects.bulk_create(owners, batch_size=1000)
        Membership.objects.bulk_create(
            [Membership(team=team, owner=owner, role="responder") for team, owner in pairs],
            batch_size=1000,
        )
        ContactPoint.objects.bulk_create(
            [
                ContactPoint(owner=o, kind="webhook", address=f"{address}/{k}", secret=new_secret())
                for k, o in enumerate(owners)
            ],
            batch_size=1000,
        )
    return pairs


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
