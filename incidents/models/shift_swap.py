from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crisis_api.access.models import Owner, TeamRecord
from incidents.models.rotation import Override, Rotation


class ShiftSwap(TeamRecord):
    """A request to take over somebody's shift, or a part of it.

    pending → accepted    the other person takes it: an override was made
    pending → declined    the other person does not
    pending → withdrawn   whoever asked does not need it any more
    pending → expired     nobody answered in time
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("withdrawn")
        EXPIRED = "expired", _("expired")

    rotation = models.ForeignKey(
        Rotation, on_delete=models.CASCADE, related_name="+", verbose_name=_("rotation")
    )
    asked_by = models.ForeignKey(
        Owner, on_delete=models.PROTECT, related_name="+", verbose_name=_("whose shift")
    )
    asked_of = models.ForeignKey(
        Owner, on_delete=models.PROTECT, related_name="+", verbose_name=_("who is asked")
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))
    expires_at = models.DateTimeField(_("to be answered by"))
    status = models.CharField(
        _("status"), max_length=9, choices=Status.choices, default=Status.PENDING
    )
    ended_at = models.DateTimeField(_("ended"), null=True)
    override = models.ForeignKey(
        Override, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("override")
    )

    class Meta:
        ordering = ("-id",)
        verbose_name = _("shift swap")
        verbose_name_plural = _("shift swaps")
        constraints = (
            models.CheckConstraint(
                condition=~Q(asked_by=F("asked_of")), name="a_swap_is_asked_of_another"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at"), expires_at__lte=F("starts_at")),
                name="a_swap_is_answered_before_its_shift",
            ),
            models.CheckConstraint(
                condition=Q(status="pending", ended_at=None)
                | (~Q(status="pending") & Q(ended_at__isnull=False)),
                name="a_swap_that_is_not_pending_has_ended",
            ),
            models.UniqueConstraint(
                fields=["rotation", "asked_by", "asked_of", "starts_at"],
                condition=Q(status="pending"),
                name="one_pending_swap_per_shift_and_person",
            ),
        )

    def __str__(self) -> str:
        return f"{self.asked_by} → {self.asked_of}"
