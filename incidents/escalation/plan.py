"""What should happen when nobody reacts: a plan, and the exact times that follow from it.

A plan is the copy of a policy that an escalation keeps, so that editing or deleting the policy
changes nothing that runs. Every time is counted from the time planned before it and never from
when something was done, so nothing drifts however late it runs:

    first step of a round   = start of the round + its delay
    step n                  = planned time of step n - 1 + its delay
    start of the next round = planned time of the last step + the pause between rounds

A plan may hand over to another, which goes on where the first one's next round would begin. Rounds
are counted on through all of them.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, Self, cast, get_args

from incidents.escalation.flaws import Flaw
from incidents.escalation.stored import BrokenPlan as BrokenPlan
from incidents.escalation.stored import name_in, part, wait_in
from incidents.escalation.wall_clock import in_utc

Urgency = Literal["normal", "urgent"]
TargetKind = Literal["owner", "person", "rotation", "role", "webhook"]
URGENCIES: tuple[str, ...] = get_args(Urgency)
ROLES = ("viewer", "moderator", "responder", "approver", "legal", "manager")
# What each kind of target names besides itself.
NAMED_BY: dict[str, Literal["id", "role"] | None] = {
    "owner": None,
    "person": "id",
    "rotation": "id",
    "role": "role",
    "webhook": "id",
}

MAX_STEPS = 50
MAX_TARGETS = 50
MAX_ROUNDS = 20
# How many plans may follow one, each handed over to by the one before it.
MAX_FALLBACKS = 5
MAX_WAIT = timedelta(days=365)

# What a policy should not be saved with, yet can be followed all the same once it runs.
_UNTIDY = {"too_many_targets", "named_twice"}

_FORMAT = 1
_SECOND = timedelta(seconds=1)
_NO_TIME = timedelta(0)


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a step reminds: the incident's owner, a person, who is on call, a role, a webhook."""

    kind: TargetKind
    id: str | None = None
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a plan. `delay` is the wait since the step before it, in whole seconds."""

    number: int
    delay: timedelta
    targets: tuple[Target, ...]
    urgency: Urgency = "normal"
    working_hours_only: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A policy by value: its steps, how many rounds of them, and the pause between two rounds.

    `then` is the plan that goes on when nobody has reacted to the last round.
    """

    policy_id: str | None
    policy_name: str
    steps: tuple[Step, ...]
    rounds: int = 1
    round_pause: timedelta = _NO_TIME
    then: "Plan | None" = None

    def to_json(self) -> dict[str, Any]:
        """Return the form in which an escalation stores its plan."""
        then = {"then": self.then.to_json()} if self.then else {}
        return {
            **then,
            "format": _FORMAT,
            "policy_id": self.policy_id,
            "policy_name": self.policy_name,
            "rounds": self.rounds,
            "round_pause_seconds": _seconds(self.round_pause),
            "steps": [
                {
                    "number": step.number,
                    "delay_seconds": _seconds(step.delay),
                    "urgency": step.urgency,
                    "working_hours_only": step.working_hours_only,
                    "targets": [
                        {"kind": target.kind, "id": target.id, "role": target.role}
                        for target in step.targets
                    ],
                }
                for step in self.steps
            ],
        }

    @classmethod
    def from_json(cls, document: object) -> Self:
        """Read a stored plan; raises BrokenPlan where it is damaged.

        Keys it does not know are passed over: a plan written by a newer release must still
        remind somebody after that release is rolled back.
        """
        if part(document, "", "format", int) != _FORMAT:
            raise BrokenPlan("/format", "unknown_format")
        listed = part(document, "", "steps", list)
        plan = cls(
            policy_id=name_in(document, "", "policy_id"),
            policy_name=part(document, "", "policy_name", str),
            steps=tuple(_read_step(step, f"/steps/{i}") for i, step in enumerate(listed)),
            rounds=part(document, "", "rounds", int),
            round_pause=wait_in(document, "", "round_pause_seconds"),
            then=cls._read_then(document),
        )
        for flaw in validate(plan.steps, rounds=plan.rounds, round_pause=plan.round_pause):
            if flaw.code not in _UNTIDY:
                raise BrokenPlan(flaw.pointer, flaw.code)
        return plan

    @classmethod
    def _read_then(cls, document: object) -> Self | None:
        """Read the plan that follows, if there is one."""
        if not isinstance(document, dict) or not document.get("then"):
            return None
        try:
            return cls.from_json(document["then"])
        except BrokenPlan as broken:
            raise BrokenPlan(f"/then{broken.pointer}", broken.code) from None

    @property
    def plan_hash(self) -> str:
        """A SHA-256 that is the same for plans that say the same."""
        canonical = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step of a round with its exact time, in UTC: what a reminder row is made from."""

    round: int
    number: int
    planned_at: datetime
    targets: tuple[Target, ...]
    urgency: Urgency
    working_hours_only: bool
    is_last_of_round: bool


def lay_out(plan: Plan, started_at: datetime, round_number: int) -> list[PlannedStep]:
    """Return the steps of one round with their times.

    `started_at` is when the whole run started, whichever round is asked for; rounds count from 1
    through this plan and those that follow it.
    """
    if plan.then and round_number > plan.rounds:
        later = in_utc(started_at) + plan.rounds * round_length(plan)
        following = lay_out(plan.then, later, round_number - plan.rounds)
        return [replace(step, round=step.round + plan.rounds) for step in following]
    if not 1 <= round_number <= plan.rounds:
        raise ValueError(f"round {round_number} of a plan of {plan.rounds}")
    planned_at = in_utc(started_at) + (round_number - 1) * round_length(plan)
    planned = []
    for step in plan.steps:
        planned_at += step.delay
        planned.append(
            PlannedStep(
                round=round_number,
                number=step.number,
                planned_at=planned_at,
                targets=step.targets,
                urgency=step.urgency,
                working_hours_only=step.working_hours_only,
                is_last_of_round=step is plan.steps[-1],
            )
        )
    return planned


def next_round_start(plan: Plan, started_at: datetime, round_number: int) -> datetime | None:
    """Return when the round after this one starts, in UTC; None where this is the last."""
    if round_number >= all_rounds(plan):
        return None
    if plan.then and round_number > plan.rounds:
        later = in_utc(started_at) + plan.rounds * round_length(plan)
        return next_round_start(plan.then, later, round_number - plan.rounds)
    return in_utc(started_at) + round_number * round_length(plan)


def stages(plan: Plan) -> list[Plan]:
    """Return the plan and those that follow it, in order."""
    return [plan, *(stages(plan.then) if plan.then else ())]


def all_rounds(plan: Plan) -> int:
    """Return how many rounds there are in the plan and those that follow it."""
    return sum(stage.rounds for stage in stages(plan))


def stage_of(plan: Plan, round_number: int) -> Plan:
    """Return which of them a round belongs to."""
    if plan.then and round_number > plan.rounds:
        return stage_of(plan.then, round_number - plan.rounds)
    return plan


def round_length(plan: Plan) -> timedelta:
    """Return the time from the start of one round to the start of the next."""
    return sum((step.delay for step in plan.steps), plan.round_pause)


def validate(
    steps: Sequence[Step],
    *,
    rounds: int = 1,
    round_pause: timedelta = _NO_TIME,
    hands_over: bool = False,
) -> list[Flaw]:
    """Say what is wrong with a policy, field by field; an empty list means nothing."""
    flaws: list[Flaw] = []
    if not steps:
        flaws.append(Flaw("/steps", "no_steps"))
    if len(steps) > MAX_STEPS:
        flaws.append(Flaw("/steps", "too_many_steps", {"max": MAX_STEPS}))
    for index, step in enumerate(steps):
        flaws += _step_flaws(step, index, f"/steps/{index}")
    if not 1 <= rounds <= MAX_ROUNDS:
        flaws.append(Flaw("/rounds", "rounds_out_of_range", {"min": 1, "max": MAX_ROUNDS}))
    pause_flaws = _wait_flaws(round_pause, "/round_pause_seconds")
    flaws += pause_flaws
    length = sum((step.delay for step in steps), round_pause)
    repeats = rounds > 1 or hands_over
    if repeats and steps and not pause_flaws and length <= _NO_TIME:
        flaws.append(Flaw("/round_pause_seconds", "round_takes_no_time"))
    return flaws


def _step_flaws(step: Step, index: int, pointer: str) -> list[Flaw]:
    flaws = _wait_flaws(step.delay, f"{pointer}/delay_seconds")
    if step.number != index + 1:
        flaws.append(Flaw(f"{pointer}/number", "wrong_number", {"expected": index + 1}))
    if step.urgency not in URGENCIES:
        flaws.append(Flaw(f"{pointer}/urgency", "unknown_urgency"))
    if not step.targets:
        flaws.append(Flaw(f"{pointer}/targets", "no_targets"))
    if len(step.targets) > MAX_TARGETS:
        flaws.append(Flaw(f"{pointer}/targets", "too_many_targets", {"max": MAX_TARGETS}))
    for place, target in enumerate(step.targets):
        flaws += _target_flaws(target, f"{pointer}/targets/{place}")
        if target in step.targets[:place]:
            flaws.append(Flaw(f"{pointer}/targets/{place}", "named_twice"))
    return flaws


def _target_flaws(target: Target, pointer: str) -> list[Flaw]:
    if target.kind not in NAMED_BY:
        return [Flaw(f"{pointer}/kind", "unknown_kind")]
    flaws = []
    for field, value in (("id", target.id), ("role", target.role)):
        if NAMED_BY[target.kind] == field and not value:
            flaws.append(Flaw(f"{pointer}/{field}", f"{field}_required"))
        if NAMED_BY[target.kind] != field and value is not None:
            flaws.append(Flaw(f"{pointer}/{field}", f"{field}_not_allowed"))
    if target.kind == "role" and target.role and target.role not in ROLES:
        flaws.append(Flaw(f"{pointer}/role", "unknown_role"))
    return flaws


def _wait_flaws(wait: timedelta, pointer: str) -> list[Flaw]:
    if not _NO_TIME <= wait <= MAX_WAIT:
        limits: dict[str, int | str] = {"min": 0, "max": _seconds(MAX_WAIT)}
        return [Flaw(pointer, "wait_out_of_range", limits)]
    if wait % _SECOND:
        return [Flaw(pointer, "not_whole_seconds")]
    return []


def _seconds(wait: timedelta) -> int:
    if wait % _SECOND:
        raise ValueError(f"{wait} is not a whole number of seconds")
    return wait // _SECOND


def _read_step(document: object, pointer: str) -> Step:
    listed = part(document, pointer, "targets", list)
    return Step(
        number=part(document, pointer, "number", int),
        delay=wait_in(document, pointer, "delay_seconds"),
        targets=tuple(_read_target(t, f"{pointer}/targets/{i}") for i, t in enumerate(listed)),
        # What these words may be is checked by `validate`, together with everything else.
        urgency=cast(Urgency, part(document, pointer, "urgency", str)),
        working_hours_only=part(document, pointer, "working_hours_only", bool),
    )


def _read_target(document: object, pointer: str) -> Target:
    return Target(
        kind=cast(TargetKind, part(document, pointer, "kind", str)),
        id=name_in(document, pointer, "id"),
        role=name_in(document, pointer, "role"),
    )
