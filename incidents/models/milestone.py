from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from crisis_api.access.models import TeamQuerySet, TeamRecord
from incidents.models.incident import Incident


class MilestoneQuerySet(TeamQuerySet):
    """Milestones."""

    def ahead(self) -> Self:
        """Those that are not reached yet."""
        return self.filter(reached_at=None)


class Milestone(TeamRecord):
    """One thing an incident should reach, by when, and when it did."""

    class Name(models.TextChoices):
        ACKNOWLEDGED = "acknowledged", _("acknowledged")
        FIRST_PUBLIC_RESPONSE = "first_public_response", _("first public response")
        CONTAINED = "contained", _("contained")
        RESOLVED = "resolved", _("resolved")
        CLOSED = "closed", _("closed")

    incident = models.ForeignKey(
        Incident, on_delete=models.PROTECT, related_name="milestones", verbose_name=_("incident")
    )
    name = models.CharField(_("name"), max_length=30, choices=Name.choices)
    target_at = models.DateTimeField(_("target"), null=True)
    reached_at = models.DateTimeField(_("reached"), null=True)

    objects = MilestoneQuerySet.as_manager()

    class Meta:
        ordering = ("target_at", "id")
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")
        constraints = (
            models.UniqueConstraint(
                fields=["incident", "name"], name="one_milestone_per_incident_and_name"
            ),
        )

    def __str__(self) -> str:
        return self.get_name_display()
