from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from crisis_api.access.models.zones import validate_zone
from crisis_api.lib.records import Record, RecordQuerySet

if TYPE_CHECKING:
    from crisis_api.access.callers import Caller


class Role(models.TextChoices):
    """What a member of a team is there for. `crisis_api.access.permissions` says what each may."""

    VIEWER = "viewer", _("viewer")
    MODERATOR = "moderator", _("moderator")
    RESPONDER = "responder", _("responder")
    APPROVER = "approver", _("approver")
    LEGAL = "legal", _("legal")
    MANAGER = "manager", _("manager")


class TeamTableQuerySet(RecordQuerySet):
    """Teams."""

    def visible_to(self, caller: "Caller") -> Self:
        """Teams that the caller is a member of, or the one its key is bound to."""
        return self.filter(pk__in=caller.team_ids())


class Team(Record):
    """The boundary of access: a brand or a market. Nothing of one team is visible to another."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    slug = models.SlugField(
        _("address"),
        max_length=60,
        unique=True,
        help_text=_("Part of the public page's address, for example: lumelle."),
    )
    language = models.CharField(
        _("language"), max_length=2, choices=[("en", "English"), ("ru", "Русский")], default="en"
    )
    time_zone = models.CharField(
        _("time zone"), max_length=60, default="UTC", validators=[validate_zone]
    )
    frozen_at = models.DateTimeField(
        _("frozen since"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("While a team is frozen nothing goes out but reminders."),
    )
    personal_keys_may_approve = models.BooleanField(
        _("personal keys may approve"),
        default=False,
        help_text=_("Lets a person approve statements with an API key of their own."),
    )

    objects = TeamTableQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    def __str__(self) -> str:
        return self.name


class TeamQuerySet(RecordQuerySet):
    """Rows of a team."""

    def visible_to(self, caller: "Caller") -> Self:
        """Rows of the caller's teams; all others do not exist for the caller."""
        return self.filter(team_id__in=caller.team_ids())


class TeamRecord(Record):
    """A record that belongs to one team."""

    team: Any = models.ForeignKey(
        Team, on_delete=models.PROTECT, related_name="+", verbose_name=_("team")
    )

    objects = TeamQuerySet.as_manager()

    class Meta:
        abstract = True


class Membership(TeamRecord):
    """An Owner's role in a Team."""

    owner = models.ForeignKey(
        "access.Owner",
        on_delete=models.PROTECT,
        related_name="memberships",
        verbose_name=_("person"),
    )
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    expires_at = models.DateTimeField(
        _("ends"),
        null=True,
        blank=True,
        help_text=_("For guests, such as moderators from outside. Empty: it does not end."),
    )

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = (
            models.UniqueConstraint(fields=["team", "owner"], name="one_role_per_person_and_team"),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="membership_role_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(expires_at=None) | ~models.Q(role=Role.MANAGER),
                name="a_managers_membership_does_not_end",
            ),
        )
        indexes = (
            # Who holds a role of a team: targets of escalation steps, approvers to remind.
            models.Index(fields=["team", "role"], name="membership_by_role"),
            # Those that have ended.
            models.Index(
                fields=["expires_at"],
                condition=models.Q(expires_at__isnull=False),
                name="memberships_that_end",
            ),
        )

    def __str__(self) -> str:
        return f"{self.owner}: {self.get_role_display()}, {self.team}"
