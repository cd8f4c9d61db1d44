from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from crisis_api.access.models.owner import Owner
from crisis_api.access.models.team import Team
from crisis_api.lib.crypto import EncryptedTextField
from crisis_api.lib.records import Record, RecordQuerySet


class ContactPointQuerySet(RecordQuerySet):
    """Ways to reach somebody."""

    def usable(self) -> Self:
        """Those that no receiver has refused for good."""
        return self.filter(disabled_at=None)


class ContactPoint(Record):
    """One way to reach a person, in order, in one of two chains; or a team's own webhook.

    A chain is tried from its lowest position on. Where the urgent chain is empty the normal one
    serves, and the other way round, so that a person with one contact point is always reached.
    """

    class Kind(models.TextChoices):
        EMAIL = "email", _("e-mail")
        APPRISE = "apprise", _("messenger or SMS (Apprise URL)")
        WEBHOOK = "webhook", _("signed webhook")
        CONSOLE = "console", _("console (development)")

    class Urgency(models.TextChoices):
        NORMAL = "normal", _("normal")
        URGENT = "urgent", _("urgent")

    class FromSeverity(models.IntegerChoices):
        """The severities of incidents, which this layer does not know."""

        LOW = 1, _("everything")
        MEDIUM = 2, _("medium")
        HIGH = 3, _("high")
        CRITICAL = 4, _("critical")

    owner = models.ForeignKey(
        Owner,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="contact_points",
        verbose_name=_("person"),
    )
    team = models.ForeignKey(
        Team,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="contact_points",
        verbose_name=_("team"),
        help_text=_("For a webhook of the team that escalation steps can name."),
    )
    urgency = models.CharField(
        _("chain"), max_length=6, choices=Urgency.choices, default=Urgency.NORMAL
    )
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    from_severity = models.PositiveSmallIntegerField(
        _("from severity"),
        choices=FromSeverity.choices,
        default=FromSeverity.LOW,
        # Written by the database too, so that the release before this one can add rows.
        db_default=FromSeverity.LOW,
        help_text=_("What is less grave does not go here. What is critical always may."),
    )
    hours = models.JSONField(
        _("hours"),
        null=True,
        blank=True,
        help_text=_("When it is used, on the person's clock. Empty: always."),
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    label = models.CharField(_("label"), max_length=60, blank=True)
    address = EncryptedTextField(
        _("address"),
        help_text=_(
            "An e-mail address, an Apprise URL such as tgram://TOKEN/CHAT, or an https address."
        ),
    )
    address_index = models.CharField(max_length=64, editable=False, default="", db_index=True)
    secret = EncryptedTextField(_("signing secret"), blank=True, default="")
    disabled_at = models.DateTimeField(_("disabled at"), null=True, blank=True, editable=False)
    disabled_reason = models.CharField(max_length=60, blank=True, default="", editable=False)
    last_success_at = models.DateTimeField(_("last success"), null=True, blank=True, editable=False)
    last_failure_at = models.DateTimeField(_("last failure"), null=True, blank=True, editable=False)

    objects = ContactPointQuerySet.as_manager()

    class Meta:
        ordering = ("urgency", "position", "id")
        verbose_name = _("contact point")
        verbose_name_plural = _("contact points")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(owner=None) ^ models.Q(team=None),
                name="contact_point_is_a_persons_or_a_teams",
            ),
            models.CheckConstraint(
                condition=models.Q(team=None) | models.Q(kind="webhook"),
                name="a_team_is_reached_by_webhook",
            ),
            models.CheckConstraint(
                condition=models.Q(from_severity__gte=1, from_severity__lte=4),
                name="a_contact_point_is_for_a_known_severity",
            ),
            models.CheckConstraint(
                condition=models.Q(team=None) | models.Q(from_severity=1, hours__isnull=True),
                name="preferences_are_a_persons",
            ),
        )
        indexes = (
            # The chain of the people whom an engine tick reminds.
            models.Index(fields=["owner", "urgency", "position"], name="contact_point_chain"),
        )

    def __str__(self) -> str:
        return self.label or f"{self.get_kind_display()} {self.position}"
