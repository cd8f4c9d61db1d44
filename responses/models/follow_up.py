from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crisis_api.access.models import Owner, TeamQuerySet, TeamRecord
from incidents.models import Incident
from responses.models.statement import Statement


class FollowUpQuerySet(TeamQuerySet):
    """Follow-ups."""

    def unfinished(self) -> Self:
        """Those that somebody still has to do."""
        return self.filter(status__in=("open", "in_progress"))

    def overdue(self, now: datetime) -> Self:
        """Those whose day has passed."""
        return self.unfinished().filter(due_at__lte=now)


class FollowUp(TeamRecord):
    """A follow-up action, or something promised in public (a commitment).

    open → in_progress → done
    open, in_progress → cancelled    with a reason
    """

    class Kind(models.TextChoices):
        ACTION = "action", _("action")
        COMMITMENT = "commitment", _("commitment")

    class Status(models.TextChoices):
        OPEN = "open", pgettext_lazy("follow-up", "open")
        IN_PROGRESS = "in_progress", _("in progress")
        DONE = "done", _("done")
        CANCELLED = "cancelled", _("cancelled")

    incident = models.ForeignKey(
        Incident,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="follow_ups",
        verbose_name=_("incident"),
    )
    statement = models.ForeignKey(
        Statement,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="follow_ups",
        verbose_name=_("promised in"),
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.ACTION)
    status = models.CharField(
        _("status"), max_length=11, choices=Status.choices, default=Status.OPEN, editable=False
    )
    title = models.CharField(
        _("title"), max_length=200, help_text=_("For example: Publish the laboratory's report.")
    )
    description = models.TextField(_("description"), blank=True, default="", max_length=20_000)
    owner = models.ForeignKey(
        Owner, on_delete=models.PROTECT, related_name="follow_ups", verbose_name=_("owner")
    )
    due_at = models.DateTimeField(_("due"))
    remind_before_seconds = models.PositiveIntegerField(
        _("remind before, seconds"), default=24 * 3600
    )
    proof = models.TextField(_("proof of done"), blank=True, default="", editable=False)
    cancel_reason = models.TextField(_("reason"), blank=True, default="", editable=False)
    done_at = models.DateTimeField(_("done"), null=True, editable=False)

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        ordering = ("due_at", "id")
        verbose_name = _("follow-up")
        verbose_name_plural = _("follow-ups")
        constraints = (
            models.CheckConstraint(
                condition=~Q(status="done") | ~Q(proof=""), name="what_is_done_is_proved"
            ),
            models.CheckConstraint(
                condition=~Q(status="cancelled") | ~Q(cancel_reason=""),
                name="what_is_cancelled_says_why",
            ),
        )
        indexes = (
            # The list of a team by due date; what is overdue.
            models.Index(fields=["team", "due_at", "id"], name="follow_ups_by_due_date"),
        )

    def __str__(self) -> str:
        return self.title
