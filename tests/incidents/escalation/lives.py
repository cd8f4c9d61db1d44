"""Random lives of incidents: whatever is done to one is done to the reference model alike."""

from datetime import timedelta
from itertools import count

from crisis_api.access.models import ContactPoint, Owner
from crisis_api.lib import clock
from crisis_api.lib.actors import SYSTEM
from incidents.models import EscalationPolicy, EscalationStep, Severity
from incidents.services import lifecycle, merging
from tests.factories.access import a_contact_point, a_person, a_team
from tests.factories.incidents import an_incident
from tests.incidents.escalation.reference_model import Model, Plan
from tests.incidents.escalation.working_weeks import AtWork

SECOND = timedelta(seconds=1)

_number = count(1)


def write_policy(team, plan, present, absent):
    """Write a policy that says what the plan says."""
    policy = EscalationPolicy.objects.create(
        team=team,
        name=f"Policy {next(_number)}",
        rounds=plan.rounds,
        round_pause_seconds=plan.pause // SECOND,
    )
    steps = EscalationStep.objects.bulk_create(
        EscalationStep(
            policy=policy,
            number=number,
            delay_seconds=delay // SECOND,
            working_hours_only=number in plan.hours,
        )
        for number, delay in enumerate(plan.delays, start=1)
    )
    means = EscalationStep.people.through
    means.objects.bulk_create(
        means(escalationstep=step, owner=absent if step.number in plan.unreachable else present)
        for step in steps
    )
    return policy


class Life:
    """One incident and its person, what is done to it, and the same done to the model."""

    def __init__(self, world, season):
        self.world, self.chance = world, world.chance
        # Whoever keeps working hours is never away: what is put off for them cannot find nobody.
        self.at_work = AtWork(self.chance, season.zone) if season else None
        self.team = a_team()
        self.present = a_person(self.team)
        if self.at_work is not None:
            Owner.objects.filter(pk=self.present.pk).update(
                time_zone=self.at_work.zone.key, working_hours=self.at_work.document()
            )
        self.point, self.away = a_contact_point(self.present), False
        self.verbs, self.story = 0, []
        self.plan = self.a_plan()
        self.policy = write_policy(self.team, self.plan, self.present, world.absent)
        self.incident = lifecycle.open_incident(
            team=self.team, category="spam", severity=Severity.MEDIUM, title="T", by=SYSTEM,
            owner=self.present, policy=self.policy,
        ).incident  # fmt: skip
        self.model = Model(self.plan, world.now, self.is_absent, self.at_work or (lambda at: at))

    def a_plan(self):
        chance = self.chance
        delays = [
            chance.choice([0, 0, 30, 60, 300, 301]) * SECOND for _ in range(chance.randint(1, 6))
        ]
        numbers = range(1, len(delays) + 1)
        unreachable = frozenset(n for n in numbers if chance.random() < 0.12)
        hours = frozenset(n for n in numbers if self.at_work and chance.random() < 0.6)
        pause = chance.choice([60, 120, 600]) * SECOND
        return Plan(delays, chance.choice([1, 2, 3, 6, 12, 20]), pause, hours, unreachable)

    def is_absent(self, step):
        return self.away or step in self.model.plan.unreachable

    def act(self):
        """Do one thing that the status allows, and do it to the model."""
        self.incident.refresh_from_db()
        is_open = ["acknowledge", "snooze", "stop", "policy", "raise", "fall", "merge", "again"]
        verbs = {
            "open": [*is_open, "escalate", "escalate"],
            "acknowledged": ["stop", "raise", "extend", "contain", "escalate"],
            "contained": ["reopen", "raise", "stop"],
            "resolved": ["reopen", "reopen", "reopen"],
        }.get(self.incident.status, [])
        verbs = [*verbs, "edit", "delete", *["leave"] * (5 if self.away else 1)]
        if self.incident.snoozed_until is not None:
            # Then they only say what comes after the snooze, or end it.
            verbs = [verb for verb in verbs if verb not in ("policy", "fall", "again")]
        if self.incident.severity == Severity.CRITICAL and "raise" in verbs:
            verbs.remove("raise")
        verb = self.chance.choice(verbs)
        self.verbs += 1
        self.story.append((f"{self.world.now:%F %T.%f}", verb))
        getattr(self, f"_{verb}")(self.world.now)

    def _acknowledge(self, now):
        expires = self.chance.choice([None, 90 * SECOND, 900 * SECOND])
        lifecycle.acknowledge(self.incident, by=SYSTEM, owner=self.present, expires_in=expires)
        self.model.acknowledge(now + expires if expires else None)

    def _extend(self, now):
        until = self.incident.acknowledged_until
        if until is None or until <= now:
            return
        expires = until - now + 60 * SECOND
        lifecycle.acknowledge(self.incident, by=SYSTEM, owner=self.present, expires_in=expires)
        self.model.acknowledge(now + expires)

    def _snooze(self, now):
        until = now + self.chance.choice([45, 600]) * SECOND
        lifecycle.snooze(self.incident, until=until, by=SYSTEM)
        self.model.snooze(until)

    def _stop(self, now):
        lifecycle.resolve(self.incident, note="Over.", by=SYSTEM)
        self.model.stop()

    def _contain(self, now):
        lifecycle.contain(self.incident, by=SYSTEM)
        self.model.stop()

    def _merge(self, now):
        other = an_incident(self.team, severity=Severity.CRITICAL, owner=self.present)
        merging.merge(self.incident, into=other, by=SYSTEM)
        self.model.stop()

    def _reopen(self, now):
        lifecycle.reopen(self.incident, reason="", by=SYSTEM)
        self.model.restart(now, self.plan)

    def _again(self, now):
        """Reopen what is open, which changes nothing."""
        lifecycle.reopen(self.incident, reason="", by=SYSTEM)

    def _escalate(self, now):
        lifecycle.escalate(self.incident, by=SYSTEM)
        self.model.escalate(now)

    def _raise(self, now):
        severity = self.incident.severity + 1
        lifecycle.change(self.incident, {"severity": severity}, by=SYSTEM)
        self.model.restart(now, self.plan)

    def _fall(self, now):
        if self.incident.severity == Severity.LOW:
            return
        severity = self.incident.severity - 1
        lifecycle.change(self.incident, {"severity": severity}, by=SYSTEM)
        self.model.restart(now, self.plan)

    def _policy(self, now):
        self.plan = self.a_plan()
        self.policy = write_policy(self.team, self.plan, self.present, self.world.absent)
        lifecycle.change(self.incident, {"policy": self.policy}, by=SYSTEM)
        self.model.restart(now, self.plan)

    def _edit(self, now):
        """Write the policy anew, which changes nothing that runs."""
        if self.plan is None:
            return
        self.plan = self.a_plan()
        fresh = write_policy(self.team, self.plan, self.present, self.world.absent)
        self.policy.steps.all().delete()
        EscalationStep.objects.filter(policy=fresh).update(policy=self.policy)
        EscalationPolicy.objects.filter(pk=self.policy.pk).update(
            rounds=fresh.rounds, round_pause_seconds=fresh.round_pause_seconds
        )
        fresh.delete()

    def _delete(self, now):
        """Delete the policy, which changes nothing that runs, or starts again."""
        if self.plan is not None:
            self.policy.delete()
            self.plan = None

    def _leave(self, now):
        """The person cannot be reached for a while, or can be again."""
        if self.at_work is None:
            self.away = not self.away
            points = ContactPoint.objects.filter(pk=self.point.pk)
            points.update(disabled_at=clock.now() if self.away else None)
