from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crisis_api.access.models import (
    ContactPoint,
    Owner,
    TeamQuerySet,
    TeamRecord,
    unless_held,
)
from incidents.models.escalation import Reminder
from incidents.models.incident import Incident


class NotificationQuerySet(TeamQuerySet):
    """Notifications."""

    def waiting(self, now: datetime) -> Self:
        """Those that may be sent now: pending and due, or left behind by a dead sender.

        None while sending is held: whoever claims asks here, in the claim's own statement.
        """
        return self.unsent(now).filter(unless_held())

    def due(self, now: datetime) -> Self:
        """Of those, the ones that are pending and due: by an index, which an OR would not use."""
        return self.filter(unless_held(), status="pending", due_at__lte=now)

    def left_behind(self, now: datetime) -> Self:
        """Of those, the ones whose sender died: by an index of their own."""
        return self.filter(unless_held(), status="sending", lease_until__lte=now)

    def unsent(self, now: datetime) -> Self:
        """Those whose time has come, whether or not sending is held."""
        return self.filter(
            Q(status="pending", due_at__lte=now) | Q(status="sending", lease_until__lte=now)
        )


class Notification(TeamRecord):
    """One message to one contact point of one person, covering one or more reminders: the outbox.

    pending → sending → sent
    sending → pending      it failed and is tried again at `due_at`
    sending → failed       this contact point refused for good, or the next one took over
    pending → cancelled    no reminder that it covers is wanted any more
    pending, sending → dead    nobody got it, and there is no other contact point
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        SENDING = "sending", _("sending")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")
        DEAD = "dead", _("dead")

    owner = models.ForeignKey(
        Owner,
        null=True,
        on_delete=models.PROTECT,
        related_name="notifications",
        verbose_name=_("person"),
    )
    contact_point = models.ForeignKey(
        ContactPoint,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("contact point"),
    )
    incident = models.ForeignKey(
        Incident,
        null=True,
        on_delete=models.PROTECT,
        related_name="notifications",
        verbose_name=_("incident"),
    )
    reminders = models.ManyToManyField(
        Reminder,
        through="NotificationReminder",
        related_name="notifications",
        verbose_name=_("reminders"),
    )
    urgency = models.CharField(
        _("urgency"), max_length=6, choices=ContactPoint.Urgency.choices, default="normal"
    )
    critical = models.BooleanField(_("critical"), default=False)
    status = models.CharField(
        _("status"), max_length=9, choices=Status.choices, default=Status.PENDING
    )
    chain_position = models.PositiveSmallIntegerField(_("place in the chain"), default=0)
    planned_at = models.DateTimeField(_("planned"))
    due_at = models.DateTimeField(_("due"))
    fallback_at = models.DateTimeField(_("next contact point at"), null=True)
    sending_at = models.DateTimeField(_("sending since"), null=True)
    sent_at = models.DateTimeField(_("sent"), null=True)
    lease_until = models.DateTimeField(null=True)
    lease_owner = models.CharField(max_length=80, default="", blank=True)
    fence = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    last_error = models.CharField(_("last error"), max_length=200, blank=True, default="")
    provider_ref = models.CharField(
        _("number at the provider"), max_length=200, blank=True, default=""
    )
    dedup_key = models.CharField(max_length=160, unique=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        constraints = (
            # One message a minute: while it waits, what else there is to say joins it.
            models.UniqueConstraint(
                fields=["team", "owner", "urgency"],
                condition=Q(
                    status="pending",
                    critical=False,
                    attempts=0,
                    chain_position=0,
                    owner__isnull=False,
                ),
                name="one_waiting_bundle_per_person",
            ),
        )
        indexes = (
            # Senders: what waits to be sent, the critical ones first.
            models.Index(
                fields=["-critical", "due_at", "id"],
                condition=Q(status="pending"),
                name="notifications_waiting",
            ),
            # Senders: what a dead sender left behind.
            models.Index(
                fields=["lease_until"],
                condition=Q(status="sending"),
                name="notifications_lease_expired",
            ),
            # The engine: whose 30 seconds without success are over.
            models.Index(
                fields=["fallback_at"],
                condition=Q(fallback_at__isnull=False),
                name="notifications_fallback",
            ),
            # When this person last got a message; the person's own list.
            models.Index(fields=["owner", "-sending_at"], name="notifications_of_a_person"),
            # Cancelling those of an incident that was acknowledged; its admin page.
            models.Index(fields=["incident", "status"], name="notifications_of_an_incident"),
            # Dead letters, for health and for the person who looks after them.
            models.Index(
                fields=["team", "-id"], condition=Q(status="dead"), name="notifications_dead"
            ),
        )

    def __str__(self) -> str:
        return f"{self.owner or self.contact_point}: {self.get_status_display()}"


class NotificationReminder(models.Model):
    """A reminder that a notification covers."""

    id = models.BigAutoField(primary_key=True)
    notification = models.ForeignKey(Notification, on_delete=models.CASCADE, related_name="covered")
    reminder = models.ForeignKey(Reminder, on_delete=models.CASCADE, related_name="covered_by")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["notification", "reminder"], name="a_notification_covers_a_reminder_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.notification_id} {self.reminder_id}"
