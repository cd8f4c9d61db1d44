"""One set of due reminders, under the locks of their subjects: acts, finds people, writes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from crisis_api.access.models import ContactPoint, Owner
from incidents import timeline
from incidents.escalation import alarms, outbox, preferences, runs, subjects
from incidents.escalation.people import Directory, Question, directory
from incidents.escalation.plan import BrokenPlan, Plan, Target, next_round_start, stage_of
from incidents.escalation.reminders import targets_json
from incidents.models import Escalation, Incident, Reminder

Outcome = Reminder.Outcome
# An alarm of an alarm would go on for ever, and a digest that nobody gets harms nobody.
TOLD_IN_VAIN = ("alarm", "morning_digest")


@dataclass(slots=True)
class Firing:
    """What one set has found out so far; `fire` does it all in the order of the plan."""

    rows: Mapping[str, subjects.Rows]
    now: datetime
    people: Directory = field(default_factory=Directory)
    messages: dict[object, outbox.Message] = field(default_factory=dict)
    outcomes: dict[str, list[Reminder]] = field(default_factory=dict)
    told: dict[UUID, list[UUID]] = field(default_factory=dict)
    postponed: list[Reminder] = field(default_factory=list)
    # Which runs go on with which round, and what is told of those that do not, or not alone.
    rounds: dict[int, list[UUID]] = field(default_factory=dict)
    finished: list[UUID] = field(default_factory=list)
    entries: list[timeline.Entry] = field(default_factory=list)

    def fire(self, reminders: Sequence[Reminder]) -> None:
        """Fire reminders, in the order given, whose subjects are locked and want them.

        A round that is overdue, too, goes out with the one before it, in the same messages.
        """
        due = reminders
        while due:
            telling = [reminder for reminder in due if self._acted(reminder)]
            questions = {r.pk: self._questions(r) for r in telling}
            self.people = directory([q for asked in questions.values() for q in asked], self.now)
            for reminder in telling:
                self._tell(reminder, questions[reminder.pk])
            due = self._next_rounds(telling)
        self._save()
        self._go_on()

    def _acted(self, reminder: Reminder) -> bool:
        """Let the subject do what falls due; return whether anybody is to be told."""
        act = subjects.rules_of(reminder.subject_type).act
        row = self.rows[reminder.subject_type][reminder.subject_id]
        if act is None or act(row, reminder, self.now):
            return True
        self._note(reminder, Outcome.ACTED)
        return False

    def _questions(self, reminder: Reminder) -> list[Question]:
        row = self.rows[reminder.subject_type][reminder.subject_id]
        targets = [Target(t["kind"], t["id"], t["role"]) for t in reminder.targets]
        ask = subjects.rules_of(reminder.subject_type).targets
        if not targets and ask is not None:
            targets = ask(row, reminder)
        if reminder.person_id is not None:
            targets = [Target("person", id=str(reminder.person_id))]
        incident = self.rows["incident"].get(reminder.incident_id or UUID(int=0))
        owner_id = getattr(incident, "owner_id", None)
        return [Question(reminder.team_id, target, owner_id) for target in targets]

    def _tell(self, reminder: Reminder, questions: Iterable[Question]) -> None:
        people: dict[UUID, Owner] = {}
        points: list[ContactPoint] = []
        for question in questions:
            people |= {p.pk: p for p in self.people.people(question)}
            hook = self.people.webhook(question) if question.target.kind == "webhook" else None
            points += [hook] if hook else []
        later = self._later(reminder, people.values())
        told = [p for p in people.values() if p.pk not in later and self._message(reminder, p)]
        for point in points:
            self._add(reminder, None, point)
        self.told[reminder.pk] = [person.pk for person in told]
        if told or points:
            self._note(reminder, Outcome.NOTIFIED)
        elif later:
            self._note(reminder, Outcome.POSTPONED)
        else:
            self._note(reminder, Outcome.NOBODY)

    def _later(self, reminder: Reminder, people: Iterable[Owner]) -> set[UUID]:
        """Postpone it for those who are told of such things at another hour; return who they are.

        A step may wait for working hours, and a person's contact points for hours of their own.
        """
        later: set[UUID] = set()
        severity = self._severity(reminder)
        for person in people:
            waits = reminder.working_hours_only
            at = (waits and self.people.next_working(person, self.now)) or self.now
            at = self.people.next_wanted(person, severity=severity, at=at) or at
            if at > self.now:
                later.add(person.pk)
                self.postponed.append(_postponed(reminder, person, at))
        return later

    def _severity(self, reminder: Reminder) -> int:
        """How grave it is to whoever has preferences; an alarm is as grave as can be."""
        if reminder.critical or reminder.kind == "alarm":
            return preferences.CRITICAL
        incident = self.rows["incident"].get(reminder.incident_id or UUID(int=0))
        return incident.severity if incident else preferences.LOW

    def _message(self, reminder: Reminder, person: Owner) -> bool:
        severity = self._severity(reminder)
        chain = self.people.chain(person, reminder.urgency, severity=severity, at=self.now)
        if chain:
            self._add(reminder, person, chain[0])
        return bool(chain)

    def _add(self, reminder: Reminder, person: Owner | None, point: ContactPoint) -> None:
        key: object = (reminder.team_id, person.pk if person else None, reminder.urgency)
        if reminder.critical or person is None:
            key = (key, reminder.incident_id, point.pk)
        message = self.messages.setdefault(
            key,
            outbox.Message(reminder.team_id, point, person, reminder.urgency, reminder.critical),
        )
        message.point = outbox.louder(message.point, point)
        message.reminders.append(reminder)

    def _note(self, reminder: Reminder, outcome: str) -> None:
        self.outcomes.setdefault(outcome, []).append(reminder)

    def _save(self) -> None:
        Reminder.objects.bulk_create(self.postponed, ignore_conflicts=True)
        for outcome, reminders in self.outcomes.items():
            Reminder.objects.filter(pk__in=[r.pk for r in reminders]).change(
                status=Reminder.Status.FIRED, outcome=outcome, fired_at=self.now
            )
        self._fold()
        outbox.write(list(self.messages.values()), self.now)
        timeline.record_many(
            [
                self._entry(reminder, outcome)
                for outcome, reminders in self.outcomes.items()
                for reminder in reminders
                if outcome != Outcome.ACTED
            ]
        )

    def _fold(self) -> None:
        """Let what else a person is told of an incident travel in its critical message.

        It would go out in the same second as a message of its own.
        """
        critical: dict[object, outbox.Message] = {}
        for message in self.messages.values():
            if message.critical and message.owner is not None:
                critical[message.owner.pk, message.incident_id] = message
        for key, message in list(self.messages.items()):
            if message.critical or message.owner is None:
                continue
            left: list[Reminder] = []
            for reminder in message.reminders:
                other = critical.get((message.owner.pk, reminder.incident_id))
                (left if other is None else other.reminders).append(reminder)
            message.reminders = left
            if not left:
                del self.messages[key]

    def _entry(self, reminder: Reminder, outcome: str) -> timeline.Entry:
        step = reminder.kind == "escalation_step"
        data: dict[str, Any] = {
            "reminder": str(reminder.pk),
            "outcome": outcome,
            "late_seconds": int((self.now - reminder.planned_at).total_seconds()),
            "people": [str(pk) for pk in self.told.get(reminder.pk, ())],
        }
        data |= {"round": reminder.round, "step": reminder.step} if step else {"of": reminder.kind}
        return timeline.Entry(
            kind="incident.escalated" if step else "reminder.fired",
            team_id=reminder.team_id,
            subject_type=reminder.subject_type,
            subject_id=reminder.subject_id,
            incident_id=reminder.incident_id,
            data=data,
            at=self.now,
        )

    def _go_on(self) -> None:
        """Hurry what follows a step that found nobody, and say which runs are over."""
        for reminder in self.outcomes.get(Outcome.NOBODY, ()):
            nobody_reached(reminder, self.now)
        # In order: a run may have come through several at once.
        for number, ids in sorted(self.rounds.items()):
            Escalation.objects.filter(pk__in=ids).change(round=number)
        if self.finished:
            Escalation.objects.filter(pk__in=self.finished).change(
                status=Escalation.Status.FINISHED, ended_at=self.now
            )
        timeline.record_many(self.entries)

    def _next_rounds(self, told: Sequence[Reminder]) -> list[Reminder]:
        """Lay out the rounds that follow, and return what of them is due already, in order."""
        last = {
            reminder.escalation_id: reminder
            for reminder in told
            if reminder.escalation_id and reminder.is_last_of_round and not reminder.person_id
        }
        fresh: list[Reminder] = []
        if last:
            running = Escalation.objects.filter(pk__in=last, status=Escalation.Status.RUNNING)
            for escalation in running:
                fresh += self._next_round(escalation, last[escalation.pk])
        Reminder.objects.bulk_create(fresh, ignore_conflicts=True)
        if all(reminder.due_at > self.now for reminder in fresh):
            return []
        laid_out = Reminder.objects.due(self.now).filter(pk__in=[r.pk for r in fresh])
        return list(laid_out.order_by("planned_at", "round", "step", "id"))

    def _next_round(self, escalation: Escalation, last: Reminder) -> list[Reminder]:
        incident = self.rows["incident"][escalation.incident_id]
        try:
            plan = Plan.from_json(escalation.plan)
        except BrokenPlan as broken:
            alarms.raise_alarm("plan_broken", incident, data={"flaw": broken.code})
            return []
        if next_round_start(plan, escalation.started_at, last.round) is None:
            self.finished.append(escalation.pk)
            self._say("incident.escalation_finished", incident, {"rounds": last.round})
            return []
        self.rounds.setdefault(last.round + 1, []).append(escalation.pk)
        before, after = stage_of(plan, last.round), stage_of(plan, last.round + 1)
        if before is not after:
            data = {"from": before.policy_id, "to": after.policy_id, "round": last.round + 1}
            self._say("incident.escalation_handed_over", incident, data)
        return runs.round_of(escalation, plan, incident, last.round + 1)

    def _say(self, kind: str, incident: Incident, data: Mapping[str, Any]) -> None:
        self.entries.append(
            timeline.Entry(
                kind=kind,
                team_id=incident.team_id,
                subject_type="incident",
                subject_id=incident.pk,
                incident_id=incident.pk,
                data=data,
            )
        )

    def after_round(self, escalation: Escalation, last: Reminder) -> None:
        """Go on after a round of which nothing is left to fire; the auditor found it standing."""
        Reminder.objects.bulk_create(self._next_round(escalation, last), ignore_conflicts=True)
        self._go_on()


def _postponed(reminder: Reminder, person: Owner, at: datetime) -> Reminder:
    """The same reminder for one person at a later time; what was planned stays written."""
    return Reminder(
        team_id=reminder.team_id,
        kind=reminder.kind,
        subject_type=reminder.subject_type,
        subject_id=reminder.subject_id,
        incident_id=reminder.incident_id,
        escalation_id=reminder.escalation_id,
        generation=reminder.generation,
        round=reminder.round,
        step=reminder.step,
        targets=[targets_json(Target("person", id=str(person.pk)))],
        person_id=person.pk,
        urgency=reminder.urgency,
        critical=reminder.critical,
        planned_at=reminder.planned_at,
        due_at=at,
        dedup_key=f"{reminder.pk.hex}:{person.pk.hex}",
    )


def nobody_reached(reminder: Reminder, now: datetime) -> None:
    """Raise the alarm, and bring the next step of the round forward to now.

    The steps after it keep their times. Called under the subject's lock.
    """
    subject = reminder.incident if reminder.incident_id else reminder
    if reminder.kind == "escalation_step":
        # The very next one: where that went out in the same tick, those after it keep their times.
        Reminder.objects.pending().filter(
            escalation_id=reminder.escalation_id,
            round=reminder.round,
            step=reminder.step + 1,
            person=None,
            due_at__gt=now,
        ).change(due_at=now)
    if reminder.kind not in TOLD_IN_VAIN and subject is not None:
        alarms.raise_alarm(
            "nobody_reached",
            subject,
            incident=reminder.incident,
            data={"of": reminder.kind, "round": reminder.round, "step": reminder.step},
        )
