"""What an escalation should do, written a second time and as plainly as possible.

The engine is compared with this, so it shares no code with it: a plan is given as its delays,
and time is anything that can be added to (datetimes and timedeltas, or plain numbers).

    >>> model = Model(delays=[0, 5], rounds=2, pause=10)
    >>> [(f.round, f.step, f.due) for f in model.run(100, [], until=200)]
    [(1, 1, 100), (1, 2, 105), (2, 1, 115), (2, 2, 120)]
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Fired:
    """A reminder that goes out. `step` is None for the end of a snooze or an expiry."""

    generation: int
    kind: str  # "escalation_step", "snooze_end" or "acknowledgement_expiry"
    round: int | None
    step: int | None
    planned: Any
    due: Any  # before `planned` where the step before it found nobody
    reached: bool


def at_once(due: Any) -> Any:
    return due


@dataclass(frozen=True)
class Model:
    """A plan, and the world in which it runs.

    `absent(step, due)` says whether nobody can be found for that step at that time. `hours` are the
    steps that wait until their person is at work, at `at_work(due)`. `seen(due)` is when the engine
    looks: later than `due` where its machine slept, or its clock was set ahead.
    """

    delays: list[Any]
    rounds: int
    pause: Any
    absent: Callable[[int, Any], bool] = lambda step, due: False
    hours: frozenset[int] = frozenset()
    at_work: Callable[[Any], Any] = at_once
    seen: Callable[[Any], Any] = at_once

    def run(self, opened: Any, actions: Iterable[tuple], until: Any) -> list[Fired]:
        """Return what goes out from the opening until a time, in order.

        `actions` are (time, verb, argument) in order of time: ("acknowledge", when it expires or
        None), ("snooze", when it ends), ("stop", None) for contain, resolve, merge and close, and
        ("restart", Model or None) for a reopening or a change of severity or policy, with the
        policy as it is then; None where it is gone, and the stored plan is all there is. Each
        begins a new generation. A reminder due at the very time of an action goes out first.
        """
        fired: list[Fired] = []
        plan, generation, started, wake = self, 1, opened, None
        for at, verb, argument in [*actions, (until, "until", None)]:
            if wake is not None and wake[0] <= at:
                due, kind = wake
                fired.append(Fired(generation, kind, None, None, due, self.seen(due), True))
                generation, started, wake = generation + 1, due, None
            if started is not None:
                fired += [f for f in plan.steps_from(started, generation) if f.due <= at]
            if verb == "until":
                break
            generation, started, wake = generation + 1, None, None
            if verb == "acknowledge" and argument is not None:
                wake = (argument, "acknowledgement_expiry")
            if verb == "snooze":
                wake = (argument, "snooze_end")
            if verb == "restart":
                plan, started = argument or plan, at
        return fired

    def steps_from(self, started: Any, generation: int) -> Iterator[Fired]:
        """Yield every step of every round, were nobody ever to react.

        A step that waits for working hours comes twice: when its time has come, and at work.
        """
        planned = started
        for round_number in range(1, self.rounds + 1):
            brought_forward = None
            for step, delay in enumerate(self.delays, start=1):
                planned = planned + delay
                due = planned if brought_forward is None else min(planned, brought_forward)
                # What fires late was planned, and never fires before the run was started.
                fires = self.seen(due)
                reached = not self.absent(step, fires)
                brought_forward = None if reached else fires
                place = (generation, "escalation_step", round_number, step, planned)
                yield Fired(*place, fires, reached)
                if reached and step in self.hours:
                    at_work = self.at_work(fires)
                    if at_work > fires:
                        yield Fired(*place, self.seen(at_work), True)
            planned = planned + self.pause
