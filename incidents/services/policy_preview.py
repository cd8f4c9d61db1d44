"""Who would be reminded when, if an incident opened now and nobody reacted."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from crisis_api.access.models import ContactPoint, Owner
from crisis_api.access.services import addresses
from incidents.escalation import on_call, rotations
from incidents.escalation.people import Directory, Question, directory
from incidents.escalation.plan import Plan, Target, stage_of, stages
from incidents.escalation.plans import to_plan
from incidents.escalation.preview import PreviewedStep
from incidents.escalation.preview import preview as previewed
from incidents.models import EscalationPolicy, Rotation
from incidents.services import assignment, milestones


@dataclass(frozen=True, slots=True)
class Reached:
    """One person whom a step would remind: when, and through which contact point first."""

    owner: Owner
    at: datetime
    contact_point: ContactPoint

    @property
    def address(self) -> str:
        """The contact point's address as others may see it."""
        return addresses.masked(self.contact_point.kind, self.contact_point.address)


@dataclass(frozen=True, slots=True)
class PreviewWarning:
    """Something that would go otherwise than somebody may expect, as a code.

    `no_owner`, `step_finds_nobody`, `nobody_is_reached`, `no_contact_point`, `never_at_work`,
    `nobody_on_call`, `webhook_unusable`, `not_so_grave`, `told_later`, with what it is about.
    """

    code: str
    round: int | None = None
    step: int | None = None
    owner_id: UUID | None = None
    subject_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ShownStep:
    """One step of one round as it would go, and the policy that says so."""

    policy_id: UUID
    policy_name: str
    step: PreviewedStep
    people: tuple[Reached, ...]
    webhooks: tuple[ContactPoint, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a policy would do: who would be responsible, every step, and what is wrong with it."""

    at: datetime
    owner: Owner | None
    plan: Plan
    steps: tuple[ShownStep, ...]
    warnings: tuple[PreviewWarning, ...]


def preview(policy: EscalationPolicy, *, category: str, severity: int, at: datetime) -> Preview:
    """Show the policy as if an incident of this category and severity opened at that time.

    People, rotations and contact points are taken as they are today; the engine asks again when
    each time has come.
    """
    settings = milestones.settings_of(policy.team_id)
    responsible = assignment.by_rule(
        policy.team, category=category, severity=severity, at=at, settings=settings, policy=policy
    )
    plan = to_plan(policy)
    company = _Company(policy.team_id, responsible.owner, plan, severity, at)
    usable = company.usable(plan)
    steps = tuple(
        company.shown(step)
        for step in previewed(
            usable, at, company.resolve, company.next_working, company.next_wanted
        )
    )
    if responsible.owner is None:
        company.warn(PreviewWarning("no_owner"))
    for shown in steps:
        if shown.step.finds_nobody:
            company.warn(PreviewWarning("step_finds_nobody", shown.step.round, shown.step.number))
    if all(shown.step.finds_nobody for shown in steps):
        company.warn(PreviewWarning("nobody_is_reached"))
    return Preview(at, responsible.owner, plan, steps, tuple(company.warnings))


@dataclass(slots=True)
class _Company:
    """Everybody whom a plan can mean, loaded once for all of its steps."""

    team_id: UUID
    owner: Owner | None
    plan: Plan
    severity: int
    at: datetime
    warnings: list[PreviewWarning] = field(default_factory=list)
    people: Directory = field(default_factory=Directory)
    schedules: dict[str, on_call.Schedule] = field(default_factory=dict)

    def __post_init__(self) -> None:
        targets = [
            target for each in stages(self.plan) for step in each.steps for target in step.targets
        ]
        self.people = directory([self._question(target) for target in targets], self.at)
        ids = {target.id for target in targets if target.kind == "rotation" and target.id}
        for rotation in Rotation.objects.filter(pk__in=ids, team_id=self.team_id):
            self.schedules[str(rotation.pk)] = on_call.schedule_of(rotation, self.at)

    def warn(self, warning: PreviewWarning) -> None:
        """Note it once, however many rounds it concerns."""
        if warning not in self.warnings:
            self.warnings.append(warning)

    def usable(self, plan: Plan) -> Plan:
        """Return the plan without webhooks that are gone or given up."""
        return replace(
            plan,
            then=self.usable(plan.then) if plan.then else None,
            steps=tuple(
                replace(step, targets=tuple(t for t in step.targets if self._usable(t)))
                for step in plan.steps
            ),
        )

    def resolve(self, target: Target, at: datetime) -> Sequence[str]:
        """Return the people whom the target means at that time and who can be reached."""
        reachable = []
        for person in self._meant(target, at):
            if not self.people.chains.get(person.pk):
                self.warn(PreviewWarning("no_contact_point", owner_id=person.pk))
            elif self.people.next_wanted(person, severity=self.severity, at=at) is None:
                self.warn(PreviewWarning("not_so_grave", owner_id=person.pk))
            else:
                reachable.append(str(person.pk))
        return reachable

    def next_wanted(self, person: str, at: datetime) -> datetime:
        """Return when the person next wants to be told of something so grave."""
        owner = self.people.owners[UUID(person)]
        found = self.people.next_wanted(owner, severity=self.severity, at=at)
        if found is not None and found > at:
            self.warn(PreviewWarning("told_later", owner_id=owner.pk))
        return found or at

    def next_working(self, person: str, at: datetime) -> datetime:
        """Return when the person is next at work; whoever never is gets it at once."""
        owner = self.people.owners[UUID(person)]
        found = self.people.next_working(owner, at)
        if found is None:
            self.warn(PreviewWarning("never_at_work", owner_id=owner.pk))
        return found or at

    def shown(self, step: PreviewedStep) -> ShownStep:
        """Return the step with the rows of those whom it reaches."""
        people = []
        for recipient in step.recipients:
            owner = self.people.owners[UUID(recipient.person)]
            told_at = recipient.at or step.happens_at
            points = self.people.chain(owner, step.urgency, severity=self.severity, at=told_at)
            people.append(Reached(owner, told_at, points[0]))
        webhooks = tuple(self.people.webhooks[UUID(each)] for each in step.webhooks)
        stage = stage_of(self.plan, step.round)
        policy_id = UUID(stage.policy_id or "")
        return ShownStep(policy_id, stage.policy_name, step, tuple(people), webhooks)

    def _meant(self, target: Target, at: datetime) -> list[Owner]:
        if target.kind != "rotation":
            return self.people.people(self._question(target))
        schedule = self.schedules.get(target.id or "")
        shift = schedule and rotations.on_call(schedule.shape, schedule.overrides, at)
        here = self.people.members.get(self.team_id, set())
        if not shift or UUID(shift.person) not in here:
            self.warn(PreviewWarning("nobody_on_call", subject_id=UUID(target.id or "")))
            return []
        return [self.people.owners[UUID(shift.person)]]

    def _usable(self, target: Target) -> bool:
        if target.kind != "webhook" or self.people.webhook(self._question(target)):
            return True
        self.warn(PreviewWarning("webhook_unusable", subject_id=UUID(target.id or "")))
        return False

    def _question(self, target: Target) -> Question:
        return Question(self.team_id, target, self.owner.pk if self.owner else None)
