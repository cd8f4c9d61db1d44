from typing import Any, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from crisis_api.access.models import ContactPoint, Owner, TeamQuerySet, TeamRecord
from incidents.models.incident import Category, Severity

A_YEAR = 365 * 24 * 3600


class PolicyQuerySet(TeamQuerySet):
    """Escalation policies."""

    def current(self) -> Self:
        """Those that new incidents can use."""
        return self.filter(archived_at=None)


class EscalationPolicy(TeamRecord):
    """What should happen when nobody reacts. A running escalation keeps its own copy."""

    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), blank=True, max_length=2000)
    rounds = models.PositiveSmallIntegerField(
        _("rounds"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
        help_text=_("How many times the steps are gone through while nobody reacts, 20 at most."),
    )
    round_pause_seconds = models.PositiveIntegerField(
        _("pause between rounds, seconds"), default=300, validators=[MaxValueValidator(A_YEAR)]
    )
    fallback = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="falls_back_here",
        verbose_name=_("then"),
        help_text=_("The policy that goes on when nobody has reacted to the last round."),
    )
    archived_at = models.DateTimeField(_("archived at"), null=True, blank=True, editable=False)

    objects = PolicyQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        verbose_name = _("escalation policy")
        verbose_name_plural = _("escalation policies")
        constraints = (
            models.UniqueConstraint(
                fields=["team", "name"],
                condition=models.Q(archived_at=None),
                name="one_current_policy_per_team_and_name",
            ),
            models.CheckConstraint(
                condition=models.Q(rounds__gte=1, rounds__lte=20),
                name="a_policy_has_one_to_twenty_rounds",
            ),
            models.CheckConstraint(
                condition=models.Q(fallback=None) | ~models.Q(fallback=models.F("id")),
                name="a_policy_does_not_fall_back_on_itself",
            ),
        )

    def __str__(self) -> str:
        return self.name


class EscalationStep(models.Model):
    """One step of a policy: whom to remind, how long after the step before it."""

    class Urgency(models.TextChoices):
        NORMAL = "normal", _("normal")
        URGENT = "urgent", _("urgent")

    id = models.BigAutoField(primary_key=True)
    policy = models.ForeignKey(EscalationPolicy, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveSmallIntegerField(_("number"), validators=[MinValueValidator(1)])
    delay_seconds = models.PositiveIntegerField(
        _("delay, seconds"),
        default=0,
        validators=[MaxValueValidator(A_YEAR)],
        help_text=_("After the step before it; for the first one after the opening."),
    )
    urgency = models.CharField(
        _("urgency"), max_length=6, choices=Urgency.choices, default=Urgency.URGENT
    )
    working_hours_only = models.BooleanField(_("working hours only"), default=False)
    notify_owner = models.BooleanField(_("the incident's owner"), default=False)
    people: Any = models.ManyToManyField(
        Owner, blank=True, related_name="+", verbose_name=_("people")
    )
    rotations: Any = models.ManyToManyField(
        "incidents.Rotation", blank=True, related_name="+", verbose_name=_("who is on call in")
    )
    roles = models.JSONField(
        _("everybody with the role"),
        default=list,
        blank=True,
        help_text=_('For example ["manager"].'),
    )
    webhooks: Any = models.ManyToManyField(
        ContactPoint, blank=True, related_name="+", verbose_name=_("webhooks of the team")
    )

    class Meta:
        ordering = ("number",)
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        constraints = (
            models.UniqueConstraint(
                fields=["policy", "number"], name="one_step_per_policy_and_number"
            ),
        )

    def __str__(self) -> str:
        return str(self.number)


class AssignmentRule(TeamRecord):
    """Who answers for a new incident, and by which policy. The first rule that fits decides."""

    position = models.PositiveSmallIntegerField(_("position"), default=100)
    category = models.CharField(
        _("category"), max_length=20, choices=Category.choices, blank=True, default=""
    )
    min_severity = models.PositiveSmallIntegerField(
        _("from severity"), choices=Severity.choices, default=Severity.LOW
    )
    owner = models.ForeignKey(
        Owner,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("person"),
    )
    rotation = models.ForeignKey(
        "incidents.Rotation",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("who is on call in"),
    )
    policy = models.ForeignKey(
        EscalationPolicy,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("escalation policy"),
    )

    class Meta:
        ordering = ("position", "id")
        verbose_name = _("assignment rule")
        verbose_name_plural = _("assignment rules")
        constraints = (
            models.CheckConstraint(
                condition=~(models.Q(owner__isnull=False) & models.Q(rotation__isnull=False)),
                name="a_rule_names_a_person_or_a_rotation",
            ),
        )

    def __str__(self) -> str:
        return f"{self.position}: {self.get_category_display() or '*'}"
