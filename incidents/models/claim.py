from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crisis_api.access.models import Team, TeamQuerySet, TeamRecord
from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from crisis_api.lib.ids import uuid7
from incidents.models.incident import Incident


class ClaimQuerySet(TeamQuerySet):
    """Claims."""

    def standing(self) -> Self:
        """Those that were not merged into another one."""
        return self.filter(merged_into=None)


class Claim(TeamRecord):
    """What many mentions say.

    Nobody need name one: without a title it is known by the signs that its mentions carry. Its
    counts follow within seconds; `tally_due_at` says when they are counted next.
    """

    class Truth(models.TextChoices):
        UNVERIFIED = "unverified", _("unverified")
        CONFIRMED = "confirmed", _("confirmed")
        PARTLY_CONFIRMED = "partly_confirmed", _("partly confirmed")
        REFUTED = "refuted", _("refuted")

    title = models.CharField(
        _("title"),
        max_length=200,
        blank=True,
        default="",
        help_text=_("For example: The cream of batch 0427 burns."),
    )
    truth = models.CharField(
        _("truth"),
        max_length=16,
        choices=Truth.choices,
        default=Truth.UNVERIFIED,
        editable=False,
    )
    evidence_note = models.TextField(_("evidence"), blank=True, default="", editable=False)
    evidence_links = models.JSONField(_("links"), default=list, blank=True, editable=False)
    truth_set_at = models.DateTimeField(_("truth set"), null=True, editable=False)
    truth_set_by_type = models.CharField(max_length=10, default="", editable=False)
    truth_set_by_id = models.UUIDField(null=True, editable=False)
    incident = models.ForeignKey(
        Incident,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="claims",
        verbose_name=_("incident"),
    )
    # Where a person said which incident it belongs to, or to none, counting obeys.
    incident_set_by_person = models.BooleanField(default=False, editable=False)
    merged_into = models.ForeignKey(
        "self",
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="merged_claims",
        verbose_name=_("merged into"),
    )
    first_seen_at = models.DateTimeField(_("first seen"), editable=False)
    last_seen_at = models.DateTimeField(_("last seen"), editable=False)
    mention_count = models.PositiveIntegerField(_("mentions"), default=0, editable=False)
    negative_count = models.PositiveIntegerField(_("negative mentions"), default=0, editable=False)
    author_count = models.PositiveIntegerField(_("authors"), default=0, editable=False)
    signs = models.JSONField(_("signs"), default=dict, editable=False)
    raid_score = models.PositiveSmallIntegerField(_("raid, 0 to 100"), default=0, editable=False)
    raid_reasons = models.JSONField(default=list, editable=False)
    tally_due_at = models.DateTimeField(null=True, editable=False)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        ordering = ("-last_seen_at", "-id")
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        constraints = (
            models.CheckConstraint(
                condition=Q(truth__in=["unverified", "confirmed", "partly_confirmed", "refuted"]),
                name="claim_truth_is_known",
            ),
        )
        indexes = (
            # The list of a team in its usual order.
            models.Index(
                fields=["team", "-last_seen_at", "-id"],
                condition=Q(merged_into=None),
                name="claims_latest_first",
            ),
            # Those whose counts are behind.
            models.Index(
                fields=["tally_due_at"],
                condition=Q(tally_due_at__isnull=False),
                name="claims_to_be_tallied",
            ),
        )

    def __str__(self) -> str:
        return self.title or str(self.pk)

    @property
    def truth_set_by(self) -> Actor | None:
        """Who said last whether it is true."""
        return Actor(self.truth_set_by_type, self.truth_set_by_id) if self.truth_set_at else None


class ClaimBook(models.Model):
    """What a team has heard so far; its row is locked while mentions are grouped.

    `revision` rises with each change of any part, so that a process that remembers the parts reads
    only what has changed since.
    """

    team: Any = models.OneToOneField(
        Team, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    revision = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.revision)


class ClaimRarity(models.Model):
    """In how many of a team's mentions each word stood: rare ones tell more.

    Apart from the book, which is written with every batch, since this one is large.
    """

    team: Any = models.OneToOneField(
        Team, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    counts = models.JSONField(default=dict)
    total = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.total)


class ClaimPart(models.Model):
    """One thing that is said, as mentions are compared with it; a merged claim has several.

    Without a claim it is a beginning: something that was said too seldom to be called one. Then
    `waiting` names the mentions that said it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team: Any = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+", db_index=False)
    claim = models.ForeignKey(Claim, null=True, on_delete=models.CASCADE, related_name="parts")
    words = models.JSONField(default=dict)
    mentions = models.PositiveIntegerField(default=1)
    bins = models.JSONField(default=list)
    refused = models.JSONField(default=list)
    waiting = models.JSONField(default=list)
    heard_at = models.DateTimeField(default=clock.now)
    revision = models.PositiveBigIntegerField(default=0)

    class Meta:
        indexes = (
            # What has changed since a process looked last.
            models.Index(fields=["team", "revision"], name="claim_parts_by_change"),
        )

    def __str__(self) -> str:
        return str(self.pk)
