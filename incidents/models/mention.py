from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crisis_api.access.models import Owner, TeamQuerySet, TeamRecord
from crisis_api.lib import clock
from incidents.models.account import Account, Author, Post
from incidents.models.claim import Claim
from incidents.models.incident import Category, Incident, Severity
from incidents.models.receipt import Receipt

if TYPE_CHECKING:
    from crisis_api.access.callers import Caller


class MentionQuerySet(TeamQuerySet):
    """Mentions."""

    def visible_to(self, caller: "Caller") -> Self:
        """Mentions of the caller's teams; press enquiries where the caller may see those."""
        teams, press = set(caller.team_ids()), set(caller.teams_for("press_enquiries.view"))
        if teams == press:
            return super().visible_to(caller)
        others = Q(team_id__in=teams - press) & ~Q(kind="press_enquiry")
        return self.filter(Q(team_id__in=press) | others if press else others)

    def negative_since(self, since: datetime) -> Self:
        """Those that count towards a storm."""
        return self.filter(is_negative=True, written_at__gte=since)

    def unanswered(self) -> Self:
        """Those that wait for somebody: they call for an answer, and nobody has dealt with them.

        None that is deleted or hidden there, and none of an incident that is over.
        """
        return self.filter(priority__gt=0)

    def leased(self, now: datetime) -> Self:
        """Those that somebody works on at the moment."""
        return self.filter(leased_until__gt=now)


class Mention(TeamRecord):
    """What somebody wrote: a comment, a reply, a direct message, a mention of the brand."""

    class Kind(models.TextChoices):
        COMMENT = "comment", _("comment")
        REPLY = "reply", _("reply")
        DIRECT_MESSAGE = "direct_message", _("direct message")
        BRAND_MENTION = "brand_mention", _("mention of the brand")
        PRESS_ENQUIRY = "press_enquiry", _("press enquiry")

    class Outcome(models.TextChoices):
        """What a person did with it."""

        ANSWERED = "answered", _("answered")
        NO_ANSWER_NEEDED = "no_answer_needed", _("no answer needed")
        HIDDEN = "hidden", _("hidden")
        HANDED_OFF = "handed_off", _("handed off")

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
    claim = models.ForeignKey(
        Claim,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="mentions",
        verbose_name=_("claim"),
        db_index=False,  # The index below begins with it.
    )
    # Where a person said which claim it belongs to, or that it belongs to none, intake obeys.
    claim_set_by_person = models.BooleanField(default=False, db_default=False, editable=False)
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
    visibility_at = models.DateTimeField(null=True, editable=False)
    answer_by = models.DateTimeField(_("answer by"), null=True, blank=True)
    # The place in the queue: 0 for what waits for nobody, -1 until it is worked out.
    priority = models.IntegerField(
        _("priority"),
        default=-1,
        db_default=-1,
        editable=False,
        help_text=_("0: nobody is needed."),
    )
    ages_at = models.DateTimeField(null=True, editable=False)
    is_toxic = models.BooleanField(_("toxic"), default=False, db_default=False, editable=False)
    outcome = models.CharField(
        _("outcome"),
        max_length=16,
        choices=Outcome.choices,
        blank=True,
        default="",
        db_default="",
        editable=False,
    )
    handled_at = models.DateTimeField(_("dealt with"), null=True, editable=False)
    handled_by = models.ForeignKey(
        Owner,
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("dealt with by"),
    )
    leased_by = models.ForeignKey(
        Owner,
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("taken by"),
    )
    leased_until = models.DateTimeField(_("taken until"), null=True, editable=False)

    objects = MentionQuerySet.as_manager()

    class Meta:
        ordering = ("-written_at", "-id")
        verbose_name = _("mention")
        verbose_name_plural = _("mentions")
        constraints = (
            models.UniqueConstraint(
                fields=["account", "external_id"], name="one_mention_per_account_and_external_id"
            ),
            models.CheckConstraint(
                condition=Q(outcome="", handled_at=None)
                | (~Q(outcome="") & Q(handled_at__isnull=False)),
                name="a_mention_with_an_outcome_was_handled",
            ),
            models.CheckConstraint(
                condition=Q(handled_at=None) | Q(priority__lte=0),
                name="a_handled_mention_does_not_wait",
            ),
            models.CheckConstraint(
                condition=Q(leased_by=None, leased_until=None)
                | Q(leased_by__isnull=False, leased_until__isnull=False),
                name="a_lease_is_somebodys_and_ends",
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
            # The queue of a team: what needs somebody soonest, of two alike the older one. With
            # what is counted of it, so that figures are read without touching the rows.
            models.Index(
                fields=[
                    "team",
                    "-priority",
                    "id",
                    "risk",
                    "written_at",
                    "kind",
                    "incident",
                    "language",
                    "is_negative",
                ],
                condition=Q(priority__gt=0),
                name="mentions_in_the_queue",
            ),
            # Whose place in the queue changes by itself.
            models.Index(
                fields=["ages_at"], condition=Q(ages_at__isnull=False), name="mentions_that_age"
            ),
            # Those that have no place yet, the latest first.
            models.Index(fields=["-id"], condition=Q(priority=-1), name="mentions_unplaced"),
            # Press enquiries that wait, and by when each is to be answered.
            models.Index(
                fields=["answer_by"],
                condition=Q(kind="press_enquiry", priority__gt=0),
                name="press_enquiries_waiting",
            ),
            # What people dealt with in a period.
            models.Index(
                fields=["team", "handled_at"],
                condition=Q(handled_at__isnull=False),
                name="mentions_handled",
            ),
            # What is taken at the moment, and by whom.
            models.Index(
                fields=["team", "leased_until"],
                condition=Q(leased_until__isnull=False),
                name="mentions_leased",
            ),
            # The mentions of a claim, newest first, and its volume over time.
            models.Index(fields=["claim", "-written_at", "-id"], name="mentions_of_a_claim"),
        )

    def __str__(self) -> str:
        # Without its words, which may hold personal data.
        return f"{self.get_kind_display()}, {self.written_at:%Y-%m-%d %H:%M}"


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
