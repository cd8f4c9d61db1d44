from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crisis_api.access.models.zones import validate_zone
from crisis_api.lib.records import Record, RecordQuerySet

if TYPE_CHECKING:
    from crisis_api.access.callers import Caller


class OwnerQuerySet(RecordQuerySet):
    """People."""

    def visible_to(self, caller: "Caller") -> Self:
        """People who share a team with the caller."""
        return self.filter(memberships__team_id__in=caller.team_ids()).distinct()

    def active(self) -> Self:
        """People who can still be reminded."""
        return self.filter(deactivated_at=None)

    def of_team(self, team_id: object) -> Self:
        """Active members of a team."""
        return self.active().filter(memberships__team_id=team_id)


class Owner(Record):
    """The person who can be responsible, one to one with a User. Never deleted: deactivated."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="owner",
        verbose_name=_("user"),
    )
    name = models.CharField(pgettext_lazy("of a person", "name"), max_length=100)
    language = models.CharField(
        _("language"), max_length=2, choices=[("en", "English"), ("ru", "Русский")], default="en"
    )
    time_zone = models.CharField(
        _("time zone"), max_length=60, default="UTC", validators=[validate_zone]
    )
    working_hours = models.JSONField(
        _("working hours"),
        default=dict,
        blank=True,
        help_text=_('For example {"mon": [["09:00", "18:00"]]}. Empty: always at work.'),
    )
    wants_digest = models.BooleanField(
        _("morning digest"),
        default=True,
        # Written by the database too, so that the release before this one can add people.
        db_default=True,
        help_text=_("Each working morning: unanswered mentions and what is still to be done."),
    )
    deactivated_at = models.DateTimeField(
        _("deactivated at"), null=True, blank=True, editable=False
    )

    objects = OwnerQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        return self.name
