from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from crisis_api.access.models import Owner, TeamQuerySet, TeamRecord
from crisis_api.access.models.zones import validate_zone


class RotationQuerySet(TeamQuerySet):
    """Rotations."""

    def current(self) -> Self:
        """Those that can be chosen; an archived one still resolves for what already runs."""
        return self.filter(archived_at=None)


class Turns(TeamRecord):
    """How people take turns: from when on, how long, handed over when, and in which hours."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    starts_on = models.DateField(_("starts on"))
    handoff_time = models.TimeField(_("handoff at"), help_text=_("Local time of the zone."))
    handoff_weekday = models.PositiveSmallIntegerField(
        _("handoff on"),
        choices=Weekday.choices,
        null=True,
        blank=True,
        help_text=_("For shifts of whole weeks; empty: counted from the start."),
    )
    shift_days = models.PositiveSmallIntegerField(
        _("days per shift"), default=7, validators=[MinValueValidator(1), MaxValueValidator(366)]
    )
    # Null as long as nothing is said, so that the release before this one can write rows too.
    hours = models.JSONField(
        _("hours"),
        null=True,
        blank=True,
        help_text=_('When it holds, for example {"sat": [["09:00", "18:00"]]}. Empty: always.'),
    )

    class Meta:
        abstract = True


class Rotation(Turns):
    """Who is on call when: participants in order, handed over by day and time in one zone."""

    name = models.CharField(_("name"), max_length=100)
    time_zone = models.CharField(
        _("time zone"), max_length=60, default="UTC", validators=[validate_zone]
    )
    archived_at = models.DateTimeField(_("archived at"), null=True, blank=True, editable=False)

    objects = RotationQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        verbose_name = _("rotation")
        verbose_name_plural = _("rotations")
        constraints = (
            models.UniqueConstraint(
                fields=["team", "name"],
                condition=models.Q(archived_at=None),
                name="one_current_rotation_per_team_and_name",
            ),
        )

    def __str__(self) -> str:
        return self.name


class RotationParticipant(models.Model):
    """One person's place in the order of a rotation."""

    id = models.BigAutoField(primary_key=True)
    rotation = models.ForeignKey(Rotation, on_delete=models.CASCADE, related_name="participants")
    owner = models.ForeignKey(
        Owner, on_delete=models.PROTECT, related_name="+", verbose_name=_("person")
    )
    position = models.PositiveSmallIntegerField(_("position"))

    class Meta:
        ordering = ("position", "id")
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        constraints = (
            models.UniqueConstraint(
                fields=["rotation", "position"], name="one_participant_per_place"
            ),
        )

    def __str__(self) -> str:
        return str(self.owner)


class RotationLayer(Turns):
    """An order of its own that goes before the rotation's, in its hours: nights, or weekends.

    Of several the one with the lowest position goes first. Where no layer holds, the rotation's own
    order does.
    """

    rotation = models.ForeignKey(
        Rotation, on_delete=models.CASCADE, related_name="layers", verbose_name=_("rotation")
    )
    name = models.CharField(_("name"), max_length=100)
    position = models.PositiveSmallIntegerField(
        _("position"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("1 goes before 2, and every layer before the rotation itself."),
    )

    class Meta:
        ordering = ("position",)
        verbose_name = _("layer of a rotation")
        verbose_name_plural = _("layers of rotations")
        constraints = (
            models.UniqueConstraint(
                fields=["rotation", "position"], name="one_layer_per_rotation_and_place"
            ),
        )

    def __str__(self) -> str:
        return self.name


class LayerParticipant(models.Model):
    """One person's place in the order of a layer."""

    id = models.BigAutoField(primary_key=True)
    layer = models.ForeignKey(RotationLayer, on_delete=models.CASCADE, related_name="participants")
    owner = models.ForeignKey(
        Owner, on_delete=models.PROTECT, related_name="+", verbose_name=_("person")
    )
    position = models.PositiveSmallIntegerField(_("position"))

    class Meta:
        ordering = ("position", "id")
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        constraints = (
            models.UniqueConstraint(
                fields=["layer", "position"], name="one_participant_per_place_of_a_layer"
            ),
        )

    def __str__(self) -> str:
        return str(self.owner)


class Override(TeamRecord):
    """An exception to a rotation: this person is on call from then to then."""

    rotation = models.ForeignKey(
        Rotation, on_delete=models.CASCADE, related_name="overrides", verbose_name=_("rotation")
    )
    owner = models.ForeignKey(
        Owner, on_delete=models.PROTECT, related_name="+", verbose_name=_("person")
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))

    class Meta:
        ordering = ("starts_at", "id")
        verbose_name = _("override")
        verbose_name_plural = _("overrides")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="an_override_ends_after_it_starts",
            ),
        )
        indexes = (
            # The overrides that may cover an instant.
            models.Index(fields=["rotation", "ends_at"], name="overrides_of_a_rotation"),
        )

    def __str__(self) -> str:
        return f"{self.owner}: {self.starts_at} – {self.ends_at}"
