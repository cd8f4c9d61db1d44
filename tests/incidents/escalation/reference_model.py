"""What an escalation should do, written a second time and as plainly as possible.

The engine is compared with this, so it shares no code with it: it holds what lies ahead in a list,
and looks through it. Time is anything that can be added to (datetimes and timedeltas, or numbers).

    >>> model = Model(Plan(delays=[0, 5], rounds=2, pause=10), opened=100)
    >>> [model.look(at) for at in (100, 105, 130)]
    >>> [(f.round, f.step, f.fired) for f in model.fired]
    [(1, 1, 100), (1, 2, 105), (2, 1, 130), (2, 2, 130)]
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

STEP, SNOOZE, EXPIRY = "escalation_step", "snooze_end", "acknowledgement_expiry"


@dataclass(frozen=True)
class Plan:
    """What a policy says: the wait before each step, and how often they are gone through.

    `hours` are the steps that wait until their person is at work.
    """

    delays: list[Any]
    rounds: int
    pause: Any
    hours: frozenset[int] = frozenset()
    unreachable: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Ahead:
    """Something that will go out at its time. `again` is a step that waited for working hours."""

    due: Any  # before `planned` where somebody asked for it, or the step before found nobody
    planned: Any
    kind: str = STEP
    round: int = 0
    step: int = 0
    waits: bool = False
    again: bool = False


@dataclass(frozen=True)
class Fired:
    """What went out, when the engine looked."""

    fired: Any
    planned: Any
    kind: str
    round: int
    step: int
    reached: bool


def at_once(due: Any) -> Any:
    return due


@dataclass
class Model:
    """One incident: what lies ahead of it, and what went out.

    Nothing happens by itself: whoever tells its story says when the engine looks, by its clock.
    `absent(step)` says whether nobody can be found for that step now.
    """

    plan: Plan
    opened: Any
    absent: Callable[[int], bool] = lambda step: False
    at_work: Callable[[Any], Any] = at_once
    ahead: list[Ahead] = field(default_factory=list)
    fired: list[Fired] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start(self.opened)

    def start(self, at: Any) -> None:
        """Begin with the first round; whatever lay ahead does not any more."""
        self.started = at
        self.ahead = self.steps_of(1)

    def steps_of(self, number: int) -> list[Ahead]:
        """Return the steps of one round; all times are counted from the start of the first."""
        planned = self.started
        for round_number in range(1, number + 1):
            steps = []
            for step, delay in enumerate(self.plan.delays, start=1):
                planned = planned + delay
                waits = step in self.plan.hours
                steps.append(Ahead(planned, planned, STEP, round_number, step, waits))
            planned = planned + self.plan.pause
        return steps

    def next_due(self) -> Any:
        return min((each.due for each in self.ahead), default=None)

    def to_the_end(self) -> list[Fired]:
        """Look whenever something is due until nothing lies ahead; return what went out."""
        while (due := self.next_due()) is not None:
            self.look(due)
        return self.fired

    def look(self, at: Any) -> None:
        """Let go out what is due by now, and what follows from that at once."""
        while due := [each for each in self.ahead if each.due <= at]:
            first = min(due, key=lambda each: (each.planned, each.round, each.step))
            self.ahead.remove(first)
            if first.kind == STEP:
                self._step(first, at)
            else:
                self._note(first, at, reached=True)
                self.start(first.planned)

    def _step(self, each: Ahead, at: Any) -> None:
        reached = not self.absent(each.step)
        self._note(each, at, reached=reached)
        if not reached:
            self._hurry(each.round, each.step + 1, at)
        elif each.waits and self.at_work(at) > at:
            later = replace(each, due=self.at_work(at), waits=False, again=True)
            self.ahead.append(later)
        is_last = each.step == len(self.plan.delays)
        if is_last and not each.again and each.round < self.plan.rounds:
            self.ahead += self.steps_of(each.round + 1)

    def _note(self, each: Ahead, at: Any, *, reached: bool) -> None:
        self.fired.append(Fired(at, each.planned, each.kind, each.round, each.step, reached))

    def _hurry(self, round_number: int, step: int, at: Any, *, waits: bool = True) -> None:
        """Bring one step forward; those after it keep their times."""
        self.ahead = [
            replace(each, due=min(each.due, at), waits=each.waits and waits)
            if (each.kind, each.round, each.step) == (STEP, round_number, step)
            else each
            for each in self.ahead
        ]

    def stop(self) -> None:
        """Contained, resolved, merged or closed; or acknowledged, with no end."""
        self.ahead = []

    def acknowledge(self, until: Any = None) -> None:
        self.ahead = [] if until is None else [Ahead(until, until, EXPIRY)]

    def snooze(self, until: Any) -> None:
        self.ahead = [Ahead(until, until, SNOOZE)]

    def restart(self, at: Any, plan: Plan | None) -> None:
        """A reopening, or another severity or policy: the policy as it is then.

        None where it is gone, and the stored plan is all there is.
        """
        self.plan = plan or self.plan
        self.start(at)

    def escalate(self, at: Any) -> None:
        """Escalate now: what waits first goes at once, by night too; else all begins anew."""
        waiting = [(each.round, each.step) for each in self.ahead if each.kind == STEP]
        if waiting:
            self._hurry(*min(waiting), at, waits=False)
        else:
            self.start(at)
