from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from crisis_api.access.models import Team, TeamRecord


def default_ticket_categories() -> list[str]:
    """Return the categories of incidents on which a platform's support acts."""
    return ["personal_data_leak", "impersonation", "spam", "harassment", "misinformation"]


class DeskSettings(TeamRecord):
    """How a team answers: for which incidents a ticket is drafted, and who is its contact."""

    team: Any = models.OneToOneField(
        Team, on_delete=models.CASCADE, related_name="desk_settings", verbose_name=_("team")
    )
    ticket_categories = models.JSONField(
        _("draft a support ticket for"), default=default_ticket_categories, blank=True
    )
    ticket_language = models.CharField(
        _("language of tickets"),
        max_length=2,
        choices=[("en", "English"), ("ru", "Русский")],
        default="en",
    )
    brand_name = models.CharField(_("brand"), max_length=100, blank=True, default="")
    contact_name = models.CharField(_("contact's name"), max_length=100, blank=True, default="")
    contact_email = models.EmailField(_("contact's e-mail"), blank=True, default="")

    class Meta:
        verbose_name = _("response desk settings")
        verbose_name_plural = _("response desk settings")

    def __str__(self) -> str:
        return str(self.team)
