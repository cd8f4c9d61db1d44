"""What the auditor checks of runs: that each goes on to its end, and none beyond its time."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Max, Q, QuerySet

from incidents.escalation import reminders, runs
from incidents.escalation.auditor.driving import alarm, last_resort
from incidents.escalation.auditor.walks import Check, register_check, register_walk
from incidents.escalation.firing import Firing
from incidents.escalation.plan import BrokenPlan, Plan, all_rounds
from incidents.models import Escalation, Incident, IncidentStatus, Reminder

RUNS = "runs"


def of_the_past(window: QuerySet[Escalation], now: datetime) -> Iterable[UUID]:
    """Runs that go on although their incident has decided anew what should happen next.

    In two steps: in one, PostgreSQL reads every incident there is for each window of runs.
    """
    found = list(window.values_list("pk", "incident_id", "generation"))
    open_ = Incident.objects.filter(
        pk__in=[incident for _, incident, _ in found],
        status=IncidentStatus.OPEN,
        snoozed_until=None,
    )
    present = dict(open_.values_list("pk", "generation"))
    return [pk for pk, incident, generation in found if present.get(incident) != generation]


@transaction.atomic
def stop_run(pk: UUID, now: datetime) -> bool:
    """End a run that nobody wants; nothing of it was sent, since its incident is asked first."""
    rows = Escalation.objects.filter(pk=pk, status=Escalation.Status.RUNNING)
    incident = _incident_of(rows)
    if incident is None or pk not in set(of_the_past(rows, now)):
        return False
    rows.change(status=Escalation.Status.STOPPED, ended_at=now)
    Reminder.objects.pending().filter(escalation_id=pk).change(status=Reminder.Status.CANCELLED)
    alarm("overlooked", incident, now)
    return True


def incomplete(window: QuerySet[Escalation], now: datetime) -> Iterable[UUID]:
    """Runs with nothing ahead of them, or with a step of their round missing or taken back."""
    round_ = Q(reminders__round=F("round"), reminders__person=None)
    taken_back = Q(reminders__status=Reminder.Status.CANCELLED)
    rows = window.values("pk").annotate(
        ahead=Count("reminders", filter=Q(reminders__status=Reminder.Status.PENDING)),
        laid_out=Count("reminders", filter=round_),
        last=Max("reminders__step", filter=round_ & Q(reminders__is_last_of_round=True)),
        taken_back=Count("reminders", filter=round_ & taken_back),
    )
    wrong = Q(ahead=0) | Q(last=None) | Q(laid_out__lt=F("last")) | Q(taken_back__gt=0)
    return rows.filter(wrong).values_list("pk", flat=True)


@transaction.atomic
def complete(pk: UUID, now: datetime) -> bool:
    """Lay out what is missing of a run's round, at the times of its plan; or go on to the next."""
    rows = Escalation.objects.filter(pk=pk, status=Escalation.Status.RUNNING)
    incident = _incident_of(rows)
    run = rows.first()
    if incident is None or run is None or pk not in set(incomplete(rows, now)):
        return False
    try:
        plan = Plan.from_json(run.plan)
    except BrokenPlan:
        _start_another(run, incident, now)
    else:
        _restore(run, plan, incident, now)
    alarm("overlooked", incident, now)
    return True


def _restore(run: Escalation, plan: Plan, incident: Incident, now: datetime) -> None:
    number = min(run.round, all_rounds(plan))
    planned = runs.round_of(run, plan, incident, number)
    keys = [reminder.dedup_key for reminder in planned]
    there = Reminder.objects.filter(dedup_key__in=keys)
    there.filter(status=Reminder.Status.CANCELLED).change(
        status=Reminder.Status.PENDING, due_at=F("planned_at")
    )
    there.filter(step=len(planned)).change(is_last_of_round=True)
    Reminder.objects.bulk_create(planned, ignore_conflicts=True)
    if not Reminder.objects.pending().filter(escalation=run).exists():
        last = Reminder.objects.get(dedup_key=keys[-1])
        Firing({"incident": {incident.pk: incident}}, now).after_round(run, last)


def _start_another(run: Escalation, incident: Incident, now: datetime) -> None:
    """Its plan cannot be read: end it, and begin with a plan that can."""
    Escalation.objects.filter(pk=run.pk).change(status=Escalation.Status.STOPPED, ended_at=now)
    incident.generation += 1
    Incident.objects.filter(pk=incident.pk).change(generation=incident.generation)
    reminders.cancel_escalation(incident)
    last_resort(incident, now)


def _incident_of(run: QuerySet[Escalation]) -> Incident | None:
    """Lock the incident of a run, under whose lock runs change."""
    mine = Incident.objects.filter(pk__in=run.values("incident_id"))
    row: Incident | None = mine.select_for_update(no_key=True).first()
    return row


def register() -> None:
    """Say what is walked through; called once, at start."""
    # By the incident, on which there is an index of the runs that go on.
    register_walk(
        RUNS,
        lambda now: Escalation.objects.filter(status=Escalation.Status.RUNNING),
        key="incident_id",
    )
    register_check(RUNS, Check("run_of_the_past", of_the_past, stop_run))
    register_check(RUNS, Check("run_incomplete", incomplete, complete))
