from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crisis_api.access.models import ContactPoint, Owner, TeamQuerySet, TeamRecord
from incidents.models.incident import Incident


class Escalation(TeamRecord):
    """One run of a policy for one incident: its generation, and its plan copied by value."""

    class Status(models.TextChoices):
        RUNNING = "running", _("running")
        STOPPED = "stopped", _("stopped")
        FINISHED = "finished", _("finished")

    incident = models.ForeignKey(
        Incident,
        on_delete=models.PROTECT,
        related_name="escalations",
        verbose_name=_("incident"),
    )
    generation = models.PositiveIntegerField(_("generation"))
    policy = models.ForeignKey(
        "incidents.EscalationPolicy",
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("policy"),
    )
    plan = models.JSONField(_("plan"))
    started_at = models.DateTimeField(_("started"))
    round = models.PositiveSmallIntegerField(_("round"), default=1)
    status = models.CharField(
        _("status"), max_length=8, choices=Status.choices, default=Status.RUNNING
    )
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        ordering = ("generation",)
        verbose_name = _("escalation")
        verbose_name_plural = _("escalations")
        constraints = (
            models.UniqueConstraint(
                fields=["incident", "generation"], name="one_escalation_per_generation"
            ),
            models.UniqueConstraint(
                fields=["incident"],
                condition=Q(status="running"),
                name="one_running_escalation_per_incident",
            ),
        )

    def __str__(self) -> str:
        return str(self.generation)


class ReminderKind(models.TextChoices):
    """What a reminder is of."""

    ESCALATION_STEP = "escalation_step", _("escalation step")
    SNOOZE_END = "snooze_end", _("end of a snooze")
    ACKNOWLEDGEMENT_EXPIRY = "acknowledgement_expiry", _("end of an acknowledgement")
    NO_OWNER = "no_owner", _("nobody is responsible")
    ASSIGNED = "assigned", _("assignment")
    MILESTONE_MISSED = "milestone_missed", _("missed milestone")
    APPROVAL_NEEDED = "approval_needed", _("approval")
    FOLLOW_UP_DUE_SOON = "follow_up_due_soon", _("follow-up due soon")
    FOLLOW_UP_OVERDUE = "follow_up_overdue", _("overdue follow-up")
    FOLLOW_UP_IGNORED = "follow_up_ignored", _("ignored follow-up")
    PROMISED_UPDATE = "promised_update", _("promised update")
    SHIFT_SWAP_ASKED = "shift_swap_asked", _("request to swap a shift")
    SHIFT_SWAP_ANSWERED = "shift_swap_answered", _("answer to a request to swap")
    SHIFT_SWAP_EXPIRED = "shift_swap_expired", _("request to swap without an answer")
    MORNING_DIGEST = "morning_digest", _("morning digest")
    REAUTHORIZATION_REQUIRED = "reauthorization_required", _("account to be authorised again")
    POSTED_OUTSIDE = "posted_outside", _("something posted past the process")
    PRESS_ENQUIRY = "press_enquiry", _("press enquiry")
    HAND_OFF = "hand_off", _("hand-off")
    MENTIONS_WAITING = "mentions_waiting", _("unanswered mentions")
    ALARM = "alarm", _("alarm")


class ReminderQuerySet(TeamQuerySet):
    """Reminders."""

    def due(self, now: datetime) -> Self:
        """Those whose time has come and that nobody has taken."""
        return self.filter(status="pending", due_at__lte=now)

    def pending(self) -> Self:
        """Those still ahead."""
        return self.filter(status="pending")


class Reminder(TeamRecord):
    """One dated thing to be reminded of, naming its subject.

    pending → fired       the engine took it: it wrote notifications, or acted
    pending → cancelled   its subject no longer wants it
    pending → parked      it failed five times; an alarm was raised
    parked → pending      a person asked for another try

    `planned_at` never changes; `due_at` moves when it is postponed or tried again.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        FIRED = "fired", _("fired")
        CANCELLED = "cancelled", _("cancelled")
        PARKED = "parked", _("parked")

    class Outcome(models.TextChoices):
        NOTIFIED = "notified", _("somebody is being told")
        POSTPONED = "postponed", _("postponed to working hours")
        NOBODY = "nobody", _("nobody to tell")
        ACTED = "acted", _("done")
        NONE = "", _("none yet")

    kind = models.CharField(_("kind"), max_length=24, choices=ReminderKind.choices)
    subject_type = models.CharField(_("subject type"), max_length=20)
    subject_id = models.UUIDField(_("subject"))
    incident = models.ForeignKey(
        Incident,
        null=True,
        on_delete=models.PROTECT,
        related_name="reminders",
        verbose_name=_("incident"),
    )
    escalation = models.ForeignKey(
        Escalation, null=True, on_delete=models.PROTECT, related_name="reminders"
    )
    generation = models.PositiveIntegerField(_("generation"), default=0)
    round = models.PositiveSmallIntegerField(_("round"), default=0)
    step = models.PositiveSmallIntegerField(_("step"), default=0)
    is_last_of_round = models.BooleanField(default=False)
    targets = models.JSONField(_("targets"), default=list)
    person = models.ForeignKey(
        Owner,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("postponed for"),
    )
    urgency = models.CharField(
        _("urgency"), max_length=6, choices=ContactPoint.Urgency.choices, default="normal"
    )
    critical = models.BooleanField(_("critical"), default=False)
    working_hours_only = models.BooleanField(_("working hours only"), default=False)
    planned_at = models.DateTimeField(_("planned"))
    due_at = models.DateTimeField(_("due"))
    status = models.CharField(
        _("status"), max_length=9, choices=Status.choices, default=Status.PENDING
    )
    outcome = models.CharField(
        _("outcome"), max_length=9, choices=Outcome.choices, default=Outcome.NONE, blank=True
    )
    fired_at = models.DateTimeField(_("fired"), null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    last_error = models.CharField(_("last error"), max_length=200, blank=True, default="")
    dedup_key = models.CharField(max_length=160, unique=True)

    objects = ReminderQuerySet.as_manager()

    class Meta:
        ordering = ("due_at", "id")
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        indexes = (
            # The engine's tick: what is due, the critical ones first.
            models.Index(
                fields=["-critical", "due_at", "id"],
                condition=Q(status="pending"),
                name="reminders_due",
            ),
            # When the engine may sleep until: the earliest due time.
            models.Index(
                fields=["due_at"], condition=Q(status="pending"), name="reminders_next_due"
            ),
            # Cancelling what a subject no longer wants; the reminders of one subject.
            models.Index(fields=["subject_id", "status"], name="reminders_of_a_subject"),
            # Parked rows, for health and for the person who mends them.
            models.Index(
                fields=["team", "due_at"], condition=Q(status="parked"), name="reminders_parked"
            ),
            # The auditor: what was fired lately and ought to have become a message.
            models.Index(
                fields=["fired_at"],
                condition=Q(status="fired", outcome__in=("notified", "")),
                name="reminders_fired",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.planned_at:%Y-%m-%d %H:%M}"


class EngineHeartbeat(models.Model):
    """What one engine process said of itself at its last tick."""

    name = models.CharField(_("process"), primary_key=True, max_length=80)
    started_at = models.DateTimeField(_("started"))
    ticked_at = models.DateTimeField(_("last tick"))
    ticks = models.PositiveBigIntegerField(_("ticks"), default=0)
    version = models.CharField(_("version"), max_length=20)

    class Meta:
        ordering = ("-ticked_at",)
        verbose_name = _("engine")
        verbose_name_plural = _("engines")

    def __str__(self) -> str:
        return self.name


class AuditorState(models.Model):
    """The one row that says whose turn it is to compare plan and rows, and what came of the last.

    `cursors` hold how far each walk has got: what is too much for one turn goes on in the next.
    """

    name = models.CharField(primary_key=True, max_length=20)
    lease_owner = models.CharField(max_length=80, default="", blank=True)
    lease_until = models.DateTimeField(null=True)
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    found_at = models.DateTimeField(null=True)
    findings = models.JSONField(default=dict)
    cursors = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("auditor")
        verbose_name_plural = _("auditor")

    def __str__(self) -> str:
        return self.name
