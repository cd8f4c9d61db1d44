from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crisis_api.access.models import TeamQuerySet, TeamRecord, unless_held
from crisis_api.lib.crypto import EncryptedTextField
from incidents.models import Event


class EndpointQuerySet(TeamQuerySet):
    """Webhook endpoints."""

    def without_secrets(self) -> Self:
        """The same rows; a secret that cannot be read harms only whoever needs it."""
        return self.defer("secret", "previous_secret")

    def active(self) -> Self:
        """Those that are not disabled."""
        return self.filter(disabled_at=None)

    def ready(self, now: datetime) -> Self:
        """Those to which something may be sent now: no pause, and their team is not frozen."""
        return self.active().filter(
            Q(paused_until=None) | Q(paused_until__lte=now), team__frozen_at=None
        )


class WebhookEndpoint(TeamRecord):
    """Where events go: signed by Standard Webhooks, thin, retried for three days.

    `failures` counts failed attempts since the last success; after a few the endpoint is paused
    between attempts, so that one that hangs doesn't keep the senders from the others.
    """

    url = models.URLField(_("address"), max_length=1000)
    description = models.CharField(_("description"), max_length=200, blank=True, default="")
    secret = EncryptedTextField(editable=False)
    previous_secret = EncryptedTextField(blank=True, default="", editable=False)
    previous_secret_until = models.DateTimeField(null=True, editable=False)
    event_kinds = models.JSONField(
        _("events"),
        default=list,
        blank=True,
        help_text=_('For example ["incident.*", "statement.published"]. Empty: every event.'),
    )
    disabled_at = models.DateTimeField(_("disabled"), null=True, editable=False)
    disabled_reason = models.CharField(max_length=60, blank=True, default="", editable=False)
    failing_since = models.DateTimeField(_("failing since"), null=True, editable=False)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    paused_until = models.DateTimeField(_("paused until"), null=True, editable=False)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")

    def __str__(self) -> str:
        return self.url


# The event of a test, which a person asks for and whose outcome they see.
PING = "webhook_endpoint.pinged"


class DeliveryQuerySet(TeamQuerySet):
    """Webhook deliveries."""

    def dead(self) -> Self:
        """Those that reached nobody; a test that failed is no loss and is left out."""
        return self.filter(status="dead").exclude(event__kind=PING)

    def waiting(self, now: datetime) -> Self:
        """Those that may be sent now: pending and due, or left behind by a dead sender.

        None while sending is held: whoever claims asks here, in the claim's own statement.
        """
        return self.filter(
            unless_held(),
            Q(status="pending", due_at__lte=now) | Q(status="sending", lease_until__lte=now),
        )


class WebhookDelivery(TeamRecord):
    """One event on its way to one endpoint; at least once, always with the same message id.

    pending → sending → delivered
    sending → pending    it failed and is tried again at `due_at`
    sending → dead       the last attempt failed
    pending → cancelled  its endpoint was disabled
    delivered, dead, cancelled → pending    replayed
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        SENDING = "sending", _("sending")
        DELIVERED = "delivered", _("delivered")
        DEAD = "dead", _("dead")
        CANCELLED = "cancelled", _("cancelled")

    endpoint = models.ForeignKey(
        WebhookEndpoint,
        on_delete=models.CASCADE,
        related_name="deliveries",
        verbose_name=_("endpoint"),
    )
    event = models.ForeignKey(
        Event, on_delete=models.PROTECT, related_name="+", verbose_name=_("event")
    )
    payload = models.TextField(_("payload"))
    status = models.CharField(
        _("status"), max_length=9, choices=Status.choices, default=Status.PENDING
    )
    due_at = models.DateTimeField(_("due"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    lease_until = models.DateTimeField(null=True)
    lease_owner = models.CharField(max_length=80, default="", blank=True)
    fence = models.PositiveIntegerField(default=0)
    last_status = models.PositiveSmallIntegerField(_("last answer"), null=True)
    last_error = models.CharField(_("last error"), max_length=200, blank=True, default="")
    last_attempt_at = models.DateTimeField(_("last attempt"), null=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        constraints = (
            models.UniqueConstraint(
                fields=["endpoint", "event"], name="one_delivery_per_endpoint_and_event"
            ),
        )
        indexes = (
            # Senders: what waits to be sent to an endpoint; one that is slow must not hide others.
            models.Index(
                fields=["endpoint", "due_at", "id"],
                condition=Q(status="pending"),
                name="deliveries_waiting",
            ),
            # Senders: how many are on their way to an endpoint just now.
            models.Index(
                fields=["endpoint"], condition=Q(status="sending"), name="deliveries_under_way"
            ),
            # Senders: what a dead sender left behind.
            models.Index(
                fields=["lease_until"],
                condition=Q(status="sending"),
                name="deliveries_lease_expired",
            ),
            # The list of a team, newest first.
            models.Index(fields=["team", "-id"], name="deliveries_newest_first"),
            # Whether anything else of an endpoint died lately, so that one alarm is enough.
            models.Index(
                fields=["endpoint", "last_attempt_at"],
                condition=Q(status="dead"),
                name="deliveries_dead",
            ),
        )

    def __str__(self) -> str:
        return f"{self.event_id} → {self.endpoint_id}"
