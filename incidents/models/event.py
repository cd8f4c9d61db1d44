from django.db import models
from django.utils.translation import gettext_lazy as _

from crisis_api.access.models import Team, TeamQuerySet
from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from crisis_api.lib.ids import uuid7
from incidents.models.incident import Incident


class Event(models.Model):
    """One line of the append-only timeline, written by `incidents.timeline` alone.

    `data` holds ids, enums, numbers and hashes, never texts: everything outward is derived from it.
    `sequence` counts the events of one incident, in the order in which they were committed.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, related_name="+", verbose_name=_("team")
    )
    incident = models.ForeignKey(
        Incident,
        null=True,
        on_delete=models.PROTECT,
        related_name="events",
        verbose_name=_("incident"),
    )
    sequence = models.PositiveIntegerField(_("sequence"), null=True)
    kind = models.CharField(_("event"), max_length=60)
    subject_type = models.CharField(_("subject type"), max_length=40)
    subject_id = models.UUIDField(_("subject"))
    data = models.JSONField(_("data"), default=dict)
    occurred_at = models.DateTimeField(_("at"), default=clock.now)
    actor_type = models.CharField(_("actor type"), max_length=10)
    actor_id = models.UUIDField(_("actor"), null=True)

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = (
            models.UniqueConstraint(
                fields=["incident", "sequence"], name="one_event_per_incident_and_sequence"
            ),
            models.CheckConstraint(
                condition=models.Q(incident=None) ^ models.Q(sequence__isnull=False),
                name="an_incidents_event_is_numbered",
            ),
        )
        indexes = (
            # What happened in a team, newest first, filtered by kind.
            models.Index(fields=["team", "kind", "-id"], name="events_by_kind"),
        )

    def __str__(self) -> str:
        return self.kind

    @property
    def actor(self) -> Actor:
        """Who did it."""
        return Actor(self.actor_type, self.actor_id)


class PendingEvent(models.Model):
    """An event whose consequences are not drawn yet; deleted together with what it creates."""

    event = models.OneToOneField(
        Event,
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="pending",
        verbose_name=_("event"),
    )
    due_at = models.DateTimeField(default=clock.now)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    parked_at = models.DateTimeField(_("parked"), null=True)
    last_error = models.CharField(_("last error"), max_length=200, default="")

    class Meta:
        verbose_name = _("parked event")
        verbose_name_plural = _("parked events")
        indexes = (
            # The next events to react to.
            models.Index(
                fields=["due_at"],
                condition=models.Q(parked_at=None),
                name="pending_events_due",
            ),
        )

    def __str__(self) -> str:
        return str(self.event_id)
