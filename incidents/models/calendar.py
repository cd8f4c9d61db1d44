from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crisis_api.access.models import Owner, TeamQuerySet, TeamRecord
from incidents.models.rotation import Rotation


class CalendarFeedQuerySet(TeamQuerySet):
    """Calendar feeds."""

    def current(self) -> Self:
        """Those whose address still leads somewhere."""
        return self.filter(revoked_at=None)


class CalendarFeed(TeamRecord):
    """A secret address at which a person's calendar program reads shifts, without a login.

    Of one rotation, or of the person's own shifts in all rotations of the team. It is the person's:
    when they leave the team, it leads nowhere.
    """

    owner = models.ForeignKey(
        Owner, on_delete=models.PROTECT, related_name="+", verbose_name=_("person")
    )
    rotation = models.ForeignKey(
        Rotation,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("rotation"),
        help_text=_("Empty: your own shifts in all rotations of the team."),
    )
    token_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    last_read_at = models.DateTimeField(_("last read"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, editable=False)

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")
        constraints = (
            models.UniqueConstraint(
                fields=["owner", "rotation"],
                condition=Q(revoked_at=None, rotation__isnull=False),
                name="one_current_feed_per_person_and_rotation",
            ),
            models.UniqueConstraint(
                fields=["owner", "team"],
                condition=Q(revoked_at=None, rotation=None),
                name="one_current_feed_of_own_shifts",
            ),
        )

    def __str__(self) -> str:
        return str(self.rotation or self.owner)
