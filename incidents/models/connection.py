from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crisis_api.access.models import TeamQuerySet, TeamRecord
from incidents.models.account import Account


class ConnectionQuerySet(TeamQuerySet):
    """Connections."""

    def live(self) -> Self:
        """Those that a network has let us into."""
        return self.filter(status="connected")

    def due(self, now: datetime) -> Self:
        """Those whose token is to be refreshed."""
        return self.live().filter(refresh_at__lte=now)


class Connection(TeamRecord):
    """How an account of the brand is connected to its network. Its tokens are the account's.

    disconnected → connected                     a person let us in
    connected → reauthorization_required         the network lets us in no more
    reauthorization_required → connected         a person let us in again
    connected, reauthorization_required → disconnected   a person ended it

    `fence` and the lease are those of whoever refreshes the token: one at a time, since a refresh
    token may be good once. `writer_external_id` is how the network names the account itself as the
    writer of a comment, by which its own words are known when they come back.
    """

    class Status(models.TextChoices):
        DISCONNECTED = "disconnected", _("not connected")
        CONNECTED = "connected", _("connected")
        REAUTHORIZATION_REQUIRED = "reauthorization_required", _("must be authorised again")

    account = models.OneToOneField(
        Account, on_delete=models.PROTECT, related_name="connection", verbose_name=_("account")
    )
    network = models.CharField(_("network"), max_length=20)
    external_id = models.CharField(_("id on the network"), max_length=255, blank=True, default="")
    status = models.CharField(
        _("status"), max_length=24, choices=Status.choices, default=Status.DISCONNECTED
    )
    scopes = models.JSONField(_("what it lets us do"), default=list)
    missing_scopes = models.JSONField(_("what it does not"), default=list)
    writer_external_id = models.CharField(max_length=255, blank=True, default="")
    access_expires_at = models.DateTimeField(_("token ends"), null=True)
    refresh_expires_at = models.DateTimeField(_("to be authorised again by"), null=True)
    refresh_at = models.DateTimeField(_("next refresh"), null=True)
    refreshed_at = models.DateTimeField(_("last refresh"), null=True)
    connected_at = models.DateTimeField(_("connected"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    subscribed_at = models.DateTimeField(_("webhooks set up"), null=True)
    delivered_at = models.DateTimeField(_("last webhook"), null=True)
    last_error_code = models.CharField(_("last error"), max_length=60, blank=True, default="")
    last_error_at = models.DateTimeField(_("last error at"), null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    lease_owner = models.CharField(max_length=80, default="", blank=True)
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        constraints = (
            models.UniqueConstraint(
                fields=["network", "external_id"],
                condition=~Q(status="disconnected"),
                name="an_account_of_a_network_is_connected_once",
            ),
            models.CheckConstraint(
                condition=Q(status="disconnected") | ~Q(external_id=""),
                name="who_is_connected_is_known",
            ),
        )
        indexes = (
            # The engine: whose token is to be refreshed.
            models.Index(
                fields=["refresh_at"],
                condition=Q(status="connected"),
                name="connections_to_refresh",
            ),
            # The engine: whose webhooks could not be set up.
            models.Index(
                fields=["id"],
                condition=Q(status="connected", subscribed_at=None),
                name="connections_to_subscribe",
            ),
        )

    def __str__(self) -> str:
        return f"{self.account}: {self.get_status_display()}"


class AuthorizationRequest(TeamRecord):
    """A person on the way to the network and back; good once, for ten minutes.

    Its `state` comes back in the browser's address, so only a hash of it is kept.
    """

    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="+", verbose_name=_("account")
    )
    state_sha256 = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(_("good until"))
    used_at = models.DateTimeField(_("used"), null=True)
    outcome = models.CharField(_("what came of it"), max_length=60, blank=True, default="")

    class Meta:
        ordering = ("-id",)
        verbose_name = _("request to authorise")
        verbose_name_plural = _("requests to authorise")
        indexes = (
            # Forgetting those that are over.
            models.Index(fields=["expires_at"], name="authorizations_over"),
        )

    def __str__(self) -> str:
        return f"{self.account}, {self.expires_at:%Y-%m-%d %H:%M}"
