from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crisis_api.access.models import TeamRecord
from crisis_api.lib import clock
from incidents.models.account import Account


class Receipt(TeamRecord):
    """The raw thing that arrived, committed before it is answered and parsed afterwards.

    new → parsed      its good lines are mentions now; `errors` names the others
    new → unparsed    nothing in it could be read; kept and shown
    """

    class Status(models.TextChoices):
        NEW = "new", _("new")
        PARSED = "parsed", _("parsed")
        UNPARSED = "unparsed", _("unparsed")

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="receipts", verbose_name=_("account")
    )
    source = models.CharField(_("source"), max_length=20)
    content_type = models.CharField(_("content type"), max_length=60)
    body = models.BinaryField()
    body_sha256 = models.CharField(_("SHA-256"), max_length=64)
    # The same again for what a network pushed, and for nothing else: people may bring it twice.
    pushed_sha256 = models.CharField(max_length=64, null=True, editable=False)
    received_at = models.DateTimeField(_("received"), default=clock.now)
    status = models.CharField(_("status"), max_length=8, choices=Status.choices, default=Status.NEW)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    copies = models.PositiveIntegerField(_("copies"), default=0, db_default=0)
    due_at = models.DateTimeField(default=clock.now)
    mention_count = models.PositiveIntegerField(_("mentions"), default=0)
    errors = models.JSONField(_("errors"), default=list)

    class Meta:
        ordering = ("-id",)
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        constraints = (
            # However often a network delivers the same.
            models.UniqueConstraint(
                fields=["account", "pushed_sha256"], name="one_receipt_per_account_and_pushed_body"
            ),
        )
        indexes = (
            # What a process that died left unread.
            models.Index(fields=["due_at"], condition=Q(status="new"), name="receipts_unread"),
        )

    def __str__(self) -> str:
        return f"{self.source}, {self.received_at:%Y-%m-%d %H:%M}"
