from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crisis_api.access.models import Owner, Team, TeamRecord
from incidents.models.mention import Mention


class InboxSettings(TeamRecord):
    """How a team works through what people write to it."""

    team: Any = models.OneToOneField(
        Team, on_delete=models.CASCADE, related_name="inbox_settings", verbose_name=_("team")
    )
    lease_seconds = models.PositiveIntegerField(
        _("a mention is taken for, seconds"),
        default=600,
        validators=[MinValueValidator(30), MaxValueValidator(86_400)],
        help_text=_("Whoever takes a mention keeps others off it for so long."),
    )
    toxic_per_hour = models.PositiveSmallIntegerField(
        _("toxic mentions an hour and person"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_(
            "Whoever has dealt with so many within an hour gets no more insults and threats "
            "until the hour is over. Empty: no limit."
        ),
    )

    own_contacts = models.JSONField(
        _("our own contacts"),
        default=list,
        blank=True,
        help_text=_("Published telephone numbers and addresses, which are never masked."),
    )
    press_answer_minutes = models.PositiveIntegerField(
        _("a press enquiry is answered within, minutes"),
        default=240,
        validators=[MinValueValidator(5), MaxValueValidator(43_200)],
        help_text=_("Where the enquiry itself says nothing."),
    )

    remind_risk = models.PositiveSmallIntegerField(
        _("reminded of mentions from this risk on"),
        default=60,
        validators=[MaxValueValidator(100)],
    )
    remind_after_minutes = models.PositiveIntegerField(
        _("reminded when one has waited for, minutes"),
        null=True,
        blank=True,
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(43_200)],
        help_text=_("Of those that belong to no incident. Empty: nobody is reminded."),
    )
    hand_off_remind_minutes = models.PositiveIntegerField(
        _("reminded of an open hand-off every, minutes"),
        default=240,
        validators=[MinValueValidator(5), MaxValueValidator(43_200)],
    )

    class Meta:
        verbose_name = _("inbox settings")
        verbose_name_plural = _("inbox settings")
        constraints = (
            models.CheckConstraint(
                condition=Q(lease_seconds__gte=30, lease_seconds__lte=86_400),
                name="a_lease_lasts_from_half_a_minute_to_a_day",
            ),
        )

    def __str__(self) -> str:
        return str(self.team)


class HandOff(TeamRecord):
    """A mention that somebody else looks after: an injury, at customer care.

    open → closed    it is taken care of; until then its people are reminded
    """

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")

    mention = models.ForeignKey(
        Mention, on_delete=models.PROTECT, related_name="hand_offs", verbose_name=_("mention")
    )
    owner = models.ForeignKey(
        Owner,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("to whom"),
    )
    desk = models.CharField(
        _("to which desk"),
        max_length=200,
        blank=True,
        default="",
        help_text=_("Where it is nobody of the team: customer care, say."),
    )
    reason = models.CharField(_("reason"), max_length=500)
    status = models.CharField(
        _("status"), max_length=6, choices=Status.choices, default=Status.OPEN
    )
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)
    closed_by = models.ForeignKey(
        Owner,
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("closed by"),
    )

    class Meta:
        ordering = ("-id",)
        verbose_name = _("hand-off")
        verbose_name_plural = _("hand-offs")
        constraints = (
            models.CheckConstraint(
                condition=Q(owner__isnull=False) | ~Q(desk=""),
                name="a_hand_off_is_to_somebody",
            ),
            models.CheckConstraint(
                condition=Q(status="open", closed_at=None)
                | Q(status="closed", closed_at__isnull=False),
                name="a_closed_hand_off_says_when",
            ),
            models.UniqueConstraint(
                fields=["mention"],
                condition=Q(status="open"),
                name="one_open_hand_off_per_mention",
            ),
        )

    def __str__(self) -> str:
        return str(self.owner or self.desk)


class Unmasking(TeamRecord):
    """Who looked at personal data in a mention, and why. Never changed."""

    mention = models.ForeignKey(
        Mention, on_delete=models.PROTECT, related_name="unmaskings", verbose_name=_("mention")
    )
    owner = models.ForeignKey(
        Owner, on_delete=models.PROTECT, related_name="+", verbose_name=_("person")
    )
    reason = models.CharField(_("reason"), max_length=500)

    class Meta:
        ordering = ("-id",)
        verbose_name = _("look at personal data")
        verbose_name_plural = _("looks at personal data")

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M}"


class HandoverNote(TeamRecord):
    """What whoever ends a shift tells whoever begins the next. Never changed."""

    author = models.ForeignKey(
        Owner,
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("author"),
    )
    text = models.TextField(_("text"), max_length=4_000)

    class Meta:
        ordering = ("-id",)
        verbose_name = _("hand-over note")
        verbose_name_plural = _("hand-over notes")
        indexes = (
            # What is shown above the inbox: the latest of a team.
            models.Index(fields=["team", "-id"], name="handover_notes_latest"),
        )

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M}"
