from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from crisis_api.access.models import Owner, TeamQuerySet, TeamRecord


class Category(models.TextChoices):
    """What kind of crisis it is."""

    NEGATIVE_COMMENTS = "negative_comments", _("negative comments")
    SPAM = "spam", _("spam")
    PERSONAL_DATA_LEAK = "personal_data_leak", _("leak of personal data")
    IMPERSONATION = "impersonation", _("impersonation")
    MISINFORMATION = "misinformation", _("misinformation")
    HARASSMENT = "harassment", _("harassment")
    PRODUCT_SAFETY = "product_safety", _("product safety")
    EMPLOYEE_CONDUCT = "employee_conduct", _("employee conduct")
    PLATFORM_ACTION = "platform_action", _("action by the platform")
    OTHER = "other", _("other")


class Severity(models.IntegerChoices):
    """How grave it is: stored as a number so that it sorts, served as a word."""

    LOW = 1, _("low")
    MEDIUM = 2, _("medium")
    HIGH = 3, _("high")
    CRITICAL = 4, _("critical")

    @property
    def word(self) -> str:
        """The word that the API uses."""
        return self.name.lower()

    @classmethod
    def words(cls) -> dict[str, int]:
        """Return the word of each severity with its number."""
        return {severity.word: severity.value for severity in cls}


class Mode(models.TextChoices):
    """Whether it is real. A drill reminds its people, labelled, and sends nothing else outside."""

    STANDARD = "standard", _("standard")
    DRILL = "drill", _("drill")


class IncidentStatus(models.TextChoices):
    """Where an incident stands."""

    OPEN = "open", _("open")
    ACKNOWLEDGED = "acknowledged", _("acknowledged")
    CONTAINED = "contained", _("contained")
    RESOLVED = "resolved", _("resolved")
    CLOSED = "closed", _("closed")
    MERGED = "merged", _("merged")


UNRESOLVED = (IncidentStatus.OPEN, IncidentStatus.ACKNOWLEDGED, IncidentStatus.CONTAINED)


class IncidentQuerySet(TeamQuerySet):
    """Incidents."""

    def unresolved(self) -> Self:
        """Those that somebody still has to end."""
        return self.filter(status__in=UNRESOLVED)

    def without_owner(self) -> Self:
        """Those for which nobody is responsible."""
        return self.filter(owner=None)


class Incident(TeamRecord):
    """The crisis.

    open → acknowledged → contained → resolved → closed
    open, acknowledged → resolved    a false alarm
    acknowledged → open              the acknowledgement expired, or the severity rose
    contained, resolved, closed → open    reopen
    any but merged → merged          final; what comes later follows `merged_into`

    `generation` counts the times at which what should happen next was decided anew. Reminders carry
    the generation that they belong to, so raising it silences all earlier ones.
    """

    reference = models.CharField(_("reference"), max_length=20, editable=False)
    category = models.CharField(_("category"), max_length=20, choices=Category.choices)
    severity = models.PositiveSmallIntegerField(_("severity"), choices=Severity.choices)
    mode = models.CharField(_("mode"), max_length=8, choices=Mode.choices, default=Mode.STANDARD)
    status = models.CharField(
        _("status"),
        max_length=12,
        choices=IncidentStatus.choices,
        default=IncidentStatus.OPEN,
        editable=False,
    )
    title = models.CharField(
        _("title"), max_length=200, help_text=_("For example: Burns after batch 0427 of the cream.")
    )
    summary = models.TextField(_("summary"), blank=True, max_length=20_000)
    search_text = models.TextField(editable=False, default="")
    links = models.JSONField(_("links"), default=list, blank=True)
    owner = models.ForeignKey(
        Owner,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="incidents",
        verbose_name=_("owner"),
    )
    policy = models.ForeignKey(
        "incidents.EscalationPolicy",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("escalation policy"),
    )
    account = models.ForeignKey(
        "incidents.Account",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="incidents",
        verbose_name=_("account"),
    )
    dedup_key = models.CharField(_("deduplication key"), max_length=200, null=True, blank=True)
    storm_key = models.CharField(max_length=200, null=True, editable=False)

    generation = models.PositiveIntegerField(default=1, editable=False)
    last_sequence = models.PositiveIntegerField(default=0, editable=False)
    signal_count = models.PositiveIntegerField(_("signals"), default=1, editable=False)
    mention_count = models.PositiveIntegerField(_("mentions"), default=0, editable=False)
    negative_count = models.PositiveIntegerField(_("negative mentions"), default=0, editable=False)

    acknowledged_by = models.ForeignKey(
        Owner,
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("acknowledged by"),
    )
    acknowledged_until = models.DateTimeField(_("acknowledged until"), null=True, editable=False)
    snoozed_until = models.DateTimeField(_("snoozed until"), null=True, editable=False)
    resolution_note = models.TextField(_("resolution"), blank=True, default="", editable=False)
    merged_into = models.ForeignKey(
        "self",
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="merged_incidents",
        verbose_name=_("merged into"),
    )

    detected_at = models.DateTimeField(_("detected"), editable=False)
    opened_at = models.DateTimeField(_("opened"), editable=False)
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True, editable=False)
    first_public_response_at = models.DateTimeField(
        _("first public response"), null=True, editable=False
    )
    contained_at = models.DateTimeField(_("contained"), null=True, editable=False)
    resolved_at = models.DateTimeField(_("resolved"), null=True, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        ordering = ("-opened_at", "-id")
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        constraints = (
            models.UniqueConstraint(
                fields=["team", "reference"], name="one_incident_per_team_and_reference"
            ),
            models.UniqueConstraint(
                fields=["team", "dedup_key", "mode"],
                condition=models.Q(status__in=UNRESOLVED) & models.Q(dedup_key__isnull=False),
                name="one_unresolved_incident_per_dedup_key",
            ),
            models.UniqueConstraint(
                fields=["team", "storm_key", "mode"],
                condition=models.Q(status__in=UNRESOLVED) & models.Q(storm_key__isnull=False),
                name="one_unresolved_incident_per_storm",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=IncidentStatus.values),
                name="incident_status_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(severity__in=Severity.values), name="incident_severity_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(category__in=Category.values), name="incident_category_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(status="merged") ^ models.Q(merged_into=None),
                name="a_merged_incident_names_its_target",
            ),
        )
        indexes = (
            # The list of a team in its usual order, whatever the status.
            models.Index(fields=["team", "-opened_at", "-id"], name="incidents_newest_first"),
            # The list of what is open, gravest first.
            models.Index(
                fields=["team", "-severity", "-opened_at", "-id"],
                condition=models.Q(status__in=UNRESOLVED),
                name="incidents_by_gravity",
            ),
            # The auditor's walk through what somebody still has to end.
            models.Index(
                fields=["id"],
                condition=models.Q(status__in=UNRESOLVED),
                name="incidents_unresolved",
            ),
            # Polling a team for what has changed.
            models.Index(fields=["team", "-updated_at", "-id"], name="incidents_by_change"),
            # Where the signals of a merged incident's key go.
            models.Index(
                fields=["team", "dedup_key"],
                condition=models.Q(status="merged", dedup_key__isnull=False),
                name="incidents_merged_by_dedup_key",
            ),
            models.Index(
                fields=["team", "storm_key"],
                condition=models.Q(status="merged", storm_key__isnull=False),
                name="incidents_merged_by_storm",
            ),
        )

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"


class ReferenceCounter(models.Model):
    """The last number given to an incident of a team in a year, for references."""

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey("access.Team", on_delete=models.CASCADE, related_name="+")
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["team", "year"], name="one_reference_counter_per_team_and_year"
            ),
        )

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"


class IncidentRelation(TeamRecord):
    """Two incidents of one team that have to do with each other."""

    first = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("relation")
        verbose_name_plural = _("relations")
        constraints = (
            models.UniqueConstraint(
                fields=["first", "second"], name="two_incidents_are_related_once"
            ),
            # Ids rise with time, so each pair has one way to be written.
            models.CheckConstraint(
                condition=models.Q(first__lt=models.F("second")), name="a_relation_is_ordered"
            ),
        )

    def __str__(self) -> str:
        return f"{self.first_id} – {self.second_id}"


class Note(TeamRecord):
    """What somebody wrote down about an incident; the timeline says that it was written."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="notes")
    text = models.TextField(_("text"), max_length=20_000)

    class Meta:
        ordering = ("id",)
        verbose_name = _("note")
        verbose_name_plural = _("notes")

    def __str__(self) -> str:
        return self.text[:60]
