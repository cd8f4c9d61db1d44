from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from crisis_api.access.models import Team, TeamRecord


def default_milestone_targets() -> dict[str, dict[str, int]]:
    """Return the minutes from the opening within which each milestone should be reached."""
    return {
        "low": {
            "acknowledged": 240,
            "first_public_response": 1440,
            "contained": 2880,
            "resolved": 10080,
        },
        "medium": {
            "acknowledged": 60,
            "first_public_response": 240,
            "contained": 1440,
            "resolved": 4320,
        },
        "high": {
            "acknowledged": 15,
            "first_public_response": 60,
            "contained": 480,
            "resolved": 2880,
        },
        "critical": {
            "acknowledged": 5,
            "first_public_response": 30,
            "contained": 240,
            "resolved": 1440,
        },
    }


class IncidentSettings(TeamRecord):
    """How a team handles its incidents."""

    team: Any = models.OneToOneField(
        Team,
        on_delete=models.CASCADE,
        related_name="incident_settings",
        verbose_name=_("team"),
    )
    default_policy = models.ForeignKey(
        "incidents.EscalationPolicy",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("escalation policy where no rule names one"),
    )
    milestone_targets = models.JSONField(
        _("milestone targets, minutes by severity"), default=default_milestone_targets
    )

    class Meta:
        verbose_name = _("incident settings")
        verbose_name_plural = _("incident settings")

    def __str__(self) -> str:
        return str(self.team)
