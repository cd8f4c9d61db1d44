"""Who would be reminded when, if an incident opened now and nobody reacted."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from incidents.escalation.plan import Plan, PlannedStep, Target, Urgency, all_rounds, lay_out

Resolve = Callable[[Target, datetime], Iterable[str]]
NextWorking = Callable[[str, datetime], datetime | None]
NextWanted = Callable[[str, datetime], datetime]


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person whom a step would remind, and when; None where they are never at work."""

    person: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class PreviewedStep:
    """One step as it would go.

    `happens_at` is before `planned_at` where the step before it finds nobody. Webhooks go out at
    that time whatever the hour; each recipient has their own time, later than that outside
    working hours.
    """

    round: int
    number: int
    planned_at: datetime
    happens_at: datetime
    urgency: Urgency
    working_hours_only: bool
    recipients: tuple[Recipient, ...]
    webhooks: tuple[str, ...]

    @property
    def finds_nobody(self) -> bool:
        """Whether there is nobody to remind, so that the next step goes at once."""
        return not self.recipients and not self.webhooks


def preview(
    plan: Plan,
    at: datetime,
    resolve: Resolve,
    next_working: NextWorking | None = None,
    next_wanted: NextWanted | None = None,
) -> list[PreviewedStep]:
    """Return every step of every round of a plan, and of those that follow, started at that time.

    `resolve` says whom a target means at a time (it is not asked about webhooks), and
    `next_working` when a person is next at work, and `next_wanted` when they next want to be told
    of such things at all. All see people and rotations as they are
    today; the engine asks again when the time has come.
    """
    previewed: list[PreviewedStep] = []
    for round_number in range(1, all_rounds(plan) + 1):
        before: PreviewedStep | None = None
        for step in lay_out(plan, at, round_number):
            before = _previewed(step, before, resolve, next_working, next_wanted)
            previewed.append(before)
    return previewed


def _previewed(
    step: PlannedStep,
    before: PreviewedStep | None,
    resolve: Resolve,
    next_working: NextWorking | None,
    next_wanted: NextWanted | None,
) -> PreviewedStep:
    # Only the next step of the same round is brought forward: the later ones keep their times,
    # and a policy that finds nobody at all must not use up its rounds in an instant.
    happens_at = before.happens_at if before and before.finds_nobody else step.planned_at
    people = {
        person: None
        for target in step.targets
        if target.kind != "webhook"
        for person in resolve(target, happens_at)
    }
    waits = next_working if step.working_hours_only else None

    def told_at(person: str) -> datetime | None:
        at = waits(person, happens_at) if waits else happens_at
        return next_wanted(person, at) if next_wanted and at else at

    return PreviewedStep(
        round=step.round,
        number=step.number,
        planned_at=step.planned_at,
        happens_at=happens_at,
        urgency=step.urgency,
        working_hours_only=step.working_hours_only,
        recipients=tuple(Recipient(person, told_at(person)) for person in people),
        webhooks=tuple(
            target.id for target in step.targets if target.kind == "webhook" and target.id
        ),
    )
