from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from crisis_api.access.models import Team, TeamRecord
from responses.models.statement import Publication


class StatusPage(TeamRecord):
    """The public page of a team, `/status/<team>/`, off until a manager turns it on."""

    team: Any = models.OneToOneField(
        Team, on_delete=models.CASCADE, related_name="status_page", verbose_name=_("team")
    )
    is_enabled = models.BooleanField(_("turned on"), default=False)
    title_en = models.CharField(_("title in English"), max_length=150, blank=True, default="")
    title_ru = models.CharField(_("title in Russian"), max_length=150, blank=True, default="")
    intro_en = models.TextField(_("introduction in English"), blank=True, default="")
    intro_ru = models.TextField(_("introduction in Russian"), blank=True, default="")
    contact = models.CharField(
        _("public contact"), max_length=200, blank=True, default="", help_text=_("A published one.")
    )
    last_number = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("public page")
        verbose_name_plural = _("public pages")

    def __str__(self) -> str:
        return str(self.team)


class FeedEntry(models.Model):
    """The number under which a publication or its retraction appeared in a team's feed.

    Numbered under the lock of the page's row, so that numbers rise in the order of commits, which
    neither times nor ids do.
    """

    id = models.BigAutoField(primary_key=True)
    page = models.ForeignKey(StatusPage, on_delete=models.CASCADE, related_name="entries")
    number = models.PositiveIntegerField()
    publication = models.ForeignKey(
        Publication, on_delete=models.PROTECT, related_name="feed_entries"
    )
    kind = models.CharField(
        max_length=10, choices=[("published", _("published")), ("retracted", _("retracted"))]
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(
                fields=["page", "number"], name="one_feed_entry_per_page_and_number"
            ),
            models.UniqueConstraint(
                fields=["publication", "kind"], name="a_publication_appears_and_is_withdrawn_once"
            ),
        )

    def __str__(self) -> str:
        return str(self.number)
