"""What would go wrong with a policy or a rotation in the coming four weeks, before it does.

A preview shows one incident at one time. A check looks at all the time ahead, and names what
nobody notices until a night on which it matters: nobody on call, nobody who can be reached, a step
that can never remind anybody. People, contact points and working hours are taken as they are now.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from incidents.escalation import coverage, on_call, rotations
from incidents.escalation.coverage import Span
from incidents.escalation.people import Directory, Question, directory
from incidents.escalation.plan import Plan, Target, stages
from incidents.escalation.plans import to_plan
from incidents.models import (
    AssignmentRule,
    EscalationPolicy,
    IncidentSettings,
    Rotation,
    Severity,
)

AHEAD = timedelta(days=28)
# More of the same kind tell nothing new.
MOST_OF_A_KIND = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, as a code: how grave, and which step, person, thing and time.

    An `error` means that somebody may not be reminded at all, a `warning` that it goes otherwise
    than may be expected.
    """

    code: str
    is_error: bool = False
    step: int | None = None
    owner_id: UUID | None = None
    subject_id: UUID | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found, the errors first, and the time it looked at."""

    starts_at: datetime
    ends_at: datetime
    findings: tuple[Finding, ...]


def check_policy(policy: EscalationPolicy, at: datetime) -> Checked:
    """Say what is wrong with a policy: nobody reached, steps that remind nobody, gaps.

    Those whom a fallback reaches count, the steps of a fallback are looked at by its own check.
    """
    plan = to_plan(policy)
    rules = _rules_leading_to(policy)
    here = _Surroundings(policy.team_id, at, at + AHEAD)
    here.load(_asked(plan, rules))
    anybody: list[Span] = []
    for step in plan.steps:
        spans = [
            span
            for target in step.targets
            for span in here.spans(target, step.number, rules, step.working_hours_only)
        ]
        if not spans:
            here.note(Finding("step_reaches_nobody", is_error=True, step=step.number))
        if step.number > 1 and not step.delay:
            here.note(Finding("step_comes_at_once", step=step.number))
        anybody += spans
    for step in (step for stage in stages(plan)[1:] for step in stage.steps):
        for target in step.targets:
            anybody += here.spans(target, None, rules, step.working_hours_only)
    if all(step.working_hours_only for step in plan.steps):
        here.note(Finding("only_at_work"))
    here.note_gaps("nobody_is_reached", coverage.gaps(anybody, *here.whole), is_error=True)
    return here.checked()


def check_rotation(rotation: Rotation, at: datetime) -> Checked:
    """Say when nobody is on call in a rotation, and who of it cannot be reached."""
    here = _Surroundings(rotation.team_id, at, at + AHEAD)
    here.load([Target("rotation", id=str(rotation.pk))])
    here.spans(Target("rotation", id=str(rotation.pk)), None, (), waits=False)
    return here.checked()


def _rules_leading_to(policy: EscalationPolicy) -> list[AssignmentRule]:
    """Return the rules by which an incident of this policy gets its owner; none where not all do.

    Incidents of any kind have the team's default, and a policy that no rule names is chosen by
    hand for any kind: then there must be a rule for all of them.
    """
    rules = AssignmentRule.objects.filter(team_id=policy.team_id)
    mine = list(rules.filter(Q(policy=policy) | Q(policy=None)))
    is_default = IncidentSettings.objects.filter(default_policy=policy).exists()
    by_name = not is_default and any(rule.policy_id == policy.pk for rule in mine)
    for_all = any(not rule.category and rule.min_severity == Severity.LOW for rule in mine)
    return mine if by_name or for_all else []


def _asked(plan: Plan, rules: Sequence[AssignmentRule]) -> list[Target]:
    asked = [t for stage in stages(plan) for step in stage.steps for t in step.targets]
    for rule in rules:
        if rule.rotation_id is not None:
            asked.append(Target("rotation", id=str(rule.rotation_id)))
        if rule.owner_id is not None:
            asked.append(Target("person", id=str(rule.owner_id)))
    return asked


@dataclass(slots=True)
class _Surroundings:
    """Everybody and everything that a check may ask about, loaded once, and what it found."""

    team_id: UUID
    start: datetime
    end: datetime
    people: Directory = field(default_factory=Directory)
    schedules: dict[str, on_call.Schedule] = field(default_factory=dict)
    findings: dict[Finding, None] = field(default_factory=dict)

    @property
    def whole(self) -> Span:
        """All the time that is looked at."""
        return self.start, self.end

    def load(self, targets: Iterable[Target]) -> None:
        """Find who is meant, and the rotations that are named."""
        asked = list(targets)
        self.people = directory([Question(self.team_id, each) for each in asked], self.start)
        ids = {target.id for target in asked if target.kind == "rotation" and target.id}
        for rotation in Rotation.objects.filter(pk__in=ids, team_id=self.team_id):
            self.schedules[str(rotation.pk)] = on_call.schedule_of(rotation, self.start)

    def note(self, finding: Finding) -> None:
        """Keep it, once, and not too many of one kind."""
        same = sum(1 for each in self.findings if each.code == finding.code)
        if same < MOST_OF_A_KIND:
            self.findings[finding] = None

    def note_gaps(
        self,
        code: str,
        gaps: Iterable[Span],
        *,
        is_error: bool = False,
        subject_id: UUID | None = None,
    ) -> None:
        """Keep each of the times as a finding of its own."""
        for starts_at, ends_at in gaps:
            self.note(
                Finding(code, is_error, subject_id=subject_id, starts_at=starts_at, ends_at=ends_at)
            )

    def checked(self) -> Checked:
        """Return what was found, the errors first."""
        ordered = sorted(self.findings, key=lambda finding: not finding.is_error)
        return Checked(self.start, self.end, tuple(ordered))

    def spans(
        self,
        target: Target,
        step: int | None,
        rules: Sequence[AssignmentRule],
        waits: bool,
    ) -> list[Span]:
        """Return when the target means somebody who can be reached; note why where it does not."""
        match target.kind:
            case "owner":
                return self._of_the_owner(step, rules)
            case "rotation":
                return self._on_call(target)
            case "webhook":
                if self.people.webhook(Question(self.team_id, target)) is None:
                    self.note(
                        Finding("webhook_unusable", step=step, subject_id=UUID(target.id or ""))
                    )
                    return []
                return [self.whole]
            case _:
                return self._of_people(target, step, waits)

    def _of_people(self, target: Target, step: int | None, waits: bool) -> list[Span]:
        meant = self.people.people(Question(self.team_id, target))
        if not meant and target.kind == "person":
            self.note(Finding("person_left", step=step, owner_id=UUID(target.id or "")))
        if not meant and target.kind == "role":
            self.note(Finding("role_is_empty", step=step))
        reached = [owner for owner in meant if self._reachable(owner.pk)]
        for owner in reached:
            if waits and self.people.next_working(owner, self.start) is None:
                self.note(Finding("never_at_work", step=step, owner_id=owner.pk))
        return [self.whole] if reached else []

    def _reachable(self, owner_id: UUID) -> bool:
        """Whether something of high severity reaches the person, at whatever hour."""
        points = self.people.chains.get(owner_id)
        if not points:
            self.note(Finding("no_contact_point", owner_id=owner_id))
            return False
        for_all = [point for point in points if point.from_severity <= Severity.HIGH]
        if not for_all:
            self.note(Finding("only_critical", owner_id=owner_id))
        elif all(point.hours for point in for_all):
            self.note(Finding("told_later", owner_id=owner_id))
        return bool(for_all)

    def _on_call(self, target: Target) -> list[Span]:
        schedule = self.schedules.get(target.id or "")
        if schedule is None:
            return []
        rotation_id = UUID(target.id or "")
        here = self.people.members.get(self.team_id, set())
        shifts = rotations.shifts(schedule.shape, schedule.overrides, *self.whole)
        present = [shift for shift in shifts if UUID(shift.person) in here]
        for gone in sorted({shift.person for shift in shifts} - {s.person for s in present}):
            self.note(Finding("person_left", owner_id=UUID(gone), subject_id=rotation_id))
        taken = coverage.gaps(((s.start, s.end) for s in present), *self.whole)
        self.note_gaps("nobody_on_call", taken, subject_id=rotation_id)
        return coverage.shared(
            [(s.start, s.end) for s in present if self._reachable(UUID(s.person))], [self.whole]
        )

    def _of_the_owner(self, step: int | None, rules: Sequence[AssignmentRule]) -> list[Span]:
        """An owner is sure only while each of the rules names somebody."""
        if not rules or any(not (rule.rotation_id or rule.owner_id) for rule in rules):
            self.note(Finding("owner_is_not_sure", step=step))
            return []
        spans = [self.whole]
        for rule in rules:
            spans = coverage.shared(spans, self._named_by(rule))
        return spans

    def _named_by(self, rule: AssignmentRule) -> list[Span]:
        if rule.rotation_id is not None:
            return self._on_call(Target("rotation", id=str(rule.rotation_id)))
        return self._of_people(Target("person", id=str(rule.owner_id)), None, waits=False)
