from django.db import models
from django.utils.translation import gettext_lazy as _

from crisis_api.access.models.team import TeamRecord


class ExternalRef(TeamRecord):
    """What a thing of ours is called in another system, such as a ticket number in Jira."""

    subject_type = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    system = models.CharField(_("system"), max_length=40)
    external_id = models.CharField(_("id there"), max_length=200)
    url = models.URLField(_("link"), max_length=1000, blank=True, default="")

    class Meta:
        verbose_name = _("external reference")
        verbose_name_plural = _("external references")
        constraints = (
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "system", "external_id"],
                name="one_external_ref_per_subject_system_and_id",
            ),
        )
        indexes = (
            # Filtering a list by the id that another system uses.
            models.Index(
                fields=["team", "subject_type", "system", "external_id"], name="external_ref_lookup"
            ),
        )

    def __str__(self) -> str:
        return f"{self.system} {self.external_id}"
