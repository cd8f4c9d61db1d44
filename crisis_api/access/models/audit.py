from typing import TYPE_CHECKING, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from crisis_api.access.models.team import Team
from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from crisis_api.lib.ids import uuid7

if TYPE_CHECKING:
    from crisis_api.access.callers import Caller


class AuditQuerySet(models.QuerySet["AuditEvent"]):
    """Lines of the audit."""

    def visible_to(self, caller: "Caller") -> Self:
        """Lines of the caller's teams."""
        return self.filter(team_id__in=caller.team_ids())


class AuditEvent(models.Model):
    """One line of the append-only audit of access and configuration: who changed what, when.

    `data` names the changed fields, with ids, enums and numbers only: no secrets, no texts.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey(
        Team, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("team")
    )
    action = models.CharField(_("action"), max_length=60)
    object_type = models.CharField(_("object type"), max_length=40)
    object_id = models.UUIDField(_("object"), null=True)
    data = models.JSONField(_("data"), default=dict)
    actor_type = models.CharField(_("actor type"), max_length=10)
    actor_id = models.UUIDField(_("actor"), null=True)
    created_at = models.DateTimeField(_("at"), default=clock.now)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        indexes = (
            # The audit of a team, newest first.
            models.Index(fields=["team", "-id"], name="audit_of_a_team"),
        )

    def __str__(self) -> str:
        return self.action

    @property
    def actor(self) -> Actor:
        """Who did it."""
        return Actor(self.actor_type, self.actor_id)
