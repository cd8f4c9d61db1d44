"""The judge: compares what a policy means with what a receiver wrote down, and with nothing else.

It is told when each incident opened, what the policy says, and when somebody reacted, and reads the
receiver's journal. It shares no code with the product and looks at none of its rows.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

# Hosts' clocks tick apart from the database's by less than this.
EARLY_SECONDS = 0.25


@dataclass(frozen=True)
class Expected:
    """An incident: when its plan started, after how many seconds each step comes, and to whom.

    `steps` are (seconds after the start, path of the person), in order. `until` is when somebody
    reacted, in seconds since the epoch; steps within `grace` of it may go either way.
    """

    reference: str
    started: float
    steps: Sequence[tuple[float, str]]
    until: float | None = None
    grace: float = 30.0


@dataclass
class Verdict:
    """What the journal shows. `ok` are those without any of the six faults."""

    expected: int = 0
    missing: list[str] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong_person: list[str] = field(default_factory=list)
    wrong_order: list[str] = field(default_factory=list)
    unwanted: list[str] = field(default_factory=list)
    lateness: list[float] = field(default_factory=list)
    repeated_ids: int = 0
    overtaken: int = 0
    together: int = 0

    def late(self, share: float) -> float:
        """Return by how many seconds that share of the reminders was late at most."""
        ordered = sorted(self.lateness) or [0.0]
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]

    @property
    def faults(self) -> dict[str, int]:
        """How many of each fault there are, without those of which there are none."""
        names = ("missing", "early", "doubled", "wrong_person", "wrong_order", "unwanted")
        return {name: len(getattr(self, name)) for name in names if getattr(self, name)}

    def figures(self) -> dict[str, Any]:
        """Return the figures for the table of results."""
        return {
            "expected": self.expected,
            "missing": len(self.missing),
            "early": len(self.early),
            "doubled": len(self.doubled),
            "wrong": len(self.wrong_person) + len(self.wrong_order) + len(self.unwanted),
            "late p50 s": round(self.late(0.5), 2),
            "late p99 s": round(self.late(0.99), 2),
            "late max s": round(self.late(1.0), 2),
            **({"told together": self.together} if self.together else {}),
            **({"overtaken": self.overtaken} if self.overtaken else {}),
        }


def judge(expected: Iterable[Expected], journal: Sequence[Mapping[str, Any]]) -> Verdict:
    """Return what the journal shows of the steps that were expected.

    A message that came twice with one id is a repetition, which a kill may cause and a receiver
    can tell; it is counted apart (`repeated_ids`). A step told by two ids is doubled. Nobody hears
    of their own steps in the wrong order; of two people's, one may be overtaken, where the message
    to the first was with a sender that died (`overtaken`).
    """
    verdict = Verdict()
    heard = _heard(journal, verdict)
    for incident in expected:
        _judge(incident, heard, verdict)
    return verdict


Heard = dict[tuple[str, int], list[tuple[float, str, str, int]]]


def _heard(journal: Sequence[Mapping[str, Any]], verdict: Verdict) -> Heard:
    """Return, by incident and step, when it was heard of, by whom, with which id, in which line."""
    heard: Heard = {}
    ids: Counter[str] = Counter()
    for number, line in enumerate(journal):
        ids[line["id"]] += 1
        for told in json.loads(line["body"])["data"].get("reminders", ()):
            if told["kind"] == "escalation_step":
                key = (told["reference"], _place(told))
                heard.setdefault(key, []).append((line["clock"], line["path"], line["id"], number))
    verdict.repeated_ids = sum(count - 1 for count in ids.values())
    return heard


def _place(told: Mapping[str, Any]) -> int:
    """Return the step's place in the whole plan, rounds of at most 1,000 steps."""
    return ((told["round"] or 1) - 1) * 1000 + told["step"]


def _judge(incident: Expected, heard: Heard, verdict: Verdict) -> None:
    last: dict[str, int] = {}
    for number, (after, path) in enumerate(incident.steps, start=1):
        name = f"{incident.reference}/{number}"
        due = incident.started + after
        told = heard.get((incident.reference, number), [])
        together = not told and _told_with_later(incident, number, heard)
        if together:
            told = together
            verdict.together += 1
        if incident.until is not None and due > incident.until - incident.grace:
            if told and min(at for at, *_ in told) > incident.until + incident.grace:
                verdict.unwanted.append(name)
            continue
        verdict.expected += 1
        if not told:
            verdict.missing.append(name)
            continue
        at, who, _, line = min(told)
        verdict.lateness.append(at - due)
        if at < due - EARLY_SECONDS:
            verdict.early.append(name)
        if any(other != path for _, other, _, _ in told):
            verdict.wrong_person.append(name)
        if len({id_ for _, _, id_, _ in told}) > 1 and not together:
            verdict.doubled.append(name)
        if line < last.get(who, -1):
            verdict.wrong_order.append(name)
        verdict.overtaken += line < max(last.values(), default=-1)
        last[who] = line


def _told_with_later(
    incident: Expected, number: int, heard: Heard
) -> list[tuple[float, str, str, int]]:
    """What is overdue together is told in one message, which names the highest step."""
    path = incident.steps[number - 1][1]
    for later in range(number + 1, len(incident.steps) + 1):
        told = heard.get((incident.reference, later), [])
        if told and incident.steps[later - 1][1] == path:
            return told
    return []


def at(moment: datetime) -> float:
    """Return a moment as the journal counts it."""
    return moment.timestamp()
