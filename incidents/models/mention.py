from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crisis_api.access.models import TeamQuerySet, TeamRecord
from crisis_api.lib import clock
from incidents.models.account import Account, Author, Post
from incidents.models.incident import UNRESOLVED, Category, Incident, Severity


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
    received_at = models.DateTimeField(_("received"), default=clock.now)
    status = models.CharField(_("status"), max_length=8, choices=Status.choices, default=Status.NEW)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(default=clock.now)
    mention_count = models.PositiveIntegerField(_("mentions"), default=0)
    errors = models.JSONField(_("errors"), default=list)

    class Meta:
        ordering = ("-id",)
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        indexes = (
            # What a process that died left unread.
            models.Index(fields=["due_at"], condition=Q(status="new"), name="receipts_unread"),
        )

    def __str__(self) -> str:
        return f"{self.source}, {self.received_at:%Y-%m-%d %H:%M}"


class MentionQuerySet(TeamQuerySet):
    """Mentions."""

    def negative_since(self, since: datetime) -> Self:
        """Those that count towards a storm."""
        return self.filter(is_negative=True, written_at__gte=since)

    def unanswered(self) -> Self:
        """Negative ones that still stand there, of no incident or of one that is not resolved."""
        mine = Q(incident=None) | Q(incident__status__in=UNRESOLVED)
        return self.filter(mine, is_negative=True, deleted_at=None, hidden_at=None)


class Mention(TeamRecord):
    """What somebody wrote: a comment, a reply, a direct message, a mention of the brand."""

    class Kind(models.TextChoices):
        COMMENT = "comment", _("comment")
        REPLY = "reply", _("reply")
        DIRECT_MESSAGE = "direct_message", _("direct message")
        BRAND_MENTION = "brand_mention", _("mention of the brand")
        PRESS_ENQUIRY = "press_enquiry", _("press enquiry")

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="mentions", verbose_name=_("account")
    )
    external_id = models.CharField(_("id on the network"), max_length=255)
    kind = models.CharField(_("kind"), max_length=14, choices=Kind.choices, default=Kind.COMMENT)
    post = models.ForeignKey(
        Post,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="mentions",
        verbose_name=_("post"),
    )
    author = models.ForeignKey(
        Author,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="mentions",
        verbose_name=_("author"),
    )
    incident = models.ForeignKey(
        Incident,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="mentions",
        verbose_name=_("incident"),
    )
    receipt = models.ForeignKey(
        Receipt,
        null=True,
        on_delete=models.PROTECT,
        related_name="mentions",
        verbose_name=_("receipt"),
    )
    parent_external_id = models.CharField(
        _("answers"), max_length=255, blank=True, default="", editable=False
    )
    url = models.URLField(_("link"), max_length=2048, blank=True, default="")
    text = models.TextField(_("text"))
    search_text = models.TextField(editable=False, default="")
    language = models.CharField(_("language"), max_length=5, default="other")
    negativity = models.PositiveSmallIntegerField(_("negativity, 0 to 100"), default=0)
    risk = models.PositiveSmallIntegerField(_("risk, 0 to 100"), default=0)
    is_negative = models.BooleanField(_("negative"), default=False)
    reasons = models.JSONField(_("reasons"), default=list)
    written_at = models.DateTimeField(_("written"))
    received_at = models.DateTimeField(_("received"), default=clock.now)
    scored_at = models.DateTimeField(_("scored"), null=True)
    deleted_at = models.DateTimeField(_("deleted there"), null=True, blank=True)
    hidden_at = models.DateTimeField(_("hidden there"), null=True, blank=True)
    answer_by = models.DateTimeField(_("answer by"), null=True, blank=True)

    objects = MentionQuerySet.as_manager()

    class Meta:
        ordering = ("-written_at", "-id")
        verbose_name = _("mention")
        verbose_name_plural = _("mentions")
        constraints = (
            models.UniqueConstraint(
                fields=["account", "external_id"], name="one_mention_per_account_and_external_id"
            ),
        )
        indexes = (
            # The inbox of a team, newest first.
            models.Index(fields=["team", "-written_at", "-id"], name="mentions_newest_first"),
            # The storm rule: negative ones of an account within a window.
            models.Index(
                fields=["account", "written_at"],
                condition=Q(is_negative=True),
                name="mentions_negative_by_time",
            ),
            # The mentions of an incident, the riskiest first.
            models.Index(fields=["incident", "-risk", "-id"], name="mentions_of_an_incident"),
        )

    def __str__(self) -> str:
        return self.text[:60]


class StormRule(TeamRecord):
    """So many negative mentions in so short a time, against the usual rate, open an incident."""

    name = models.CharField(_("name"), max_length=100)
    account = models.ForeignKey(
        Account,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="storm_rules",
        verbose_name=_("account"),
        help_text=_("Empty: each account of the team by itself."),
    )
    window_seconds = models.PositiveIntegerField(_("window, seconds"), default=600)
    min_negative = models.PositiveIntegerField(_("negative mentions at least"), default=15)
    factor = models.FloatField(_("times the usual rate"), default=3.0)
    baseline_seconds = models.PositiveIntegerField(
        _("usual rate taken from the last, seconds"), default=6 * 3600
    )
    category = models.CharField(
        _("category"),
        max_length=20,
        choices=Category.choices,
        blank=True,
        default="",
        help_text=_("Empty: from the words."),
    )
    severity = models.PositiveSmallIntegerField(
        _("severity"),
        choices=Severity.choices,
        null=True,
        blank=True,
        help_text=_("Empty: from the rate and the injuries."),
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ("name",)
        verbose_name = _("storm rule")
        verbose_name_plural = _("storm rules")
        constraints = (
            models.CheckConstraint(
                condition=Q(min_negative__gte=2, window_seconds__gte=10, factor__gte=1),
                name="a_storm_rule_has_a_sane_threshold",
            ),
        )

    def __str__(self) -> str:
        return self.name
