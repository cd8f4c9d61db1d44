"""What every record carries, and the one way in which a stored row changes."""

from typing import Any, Self

from django.db import models
from django.db.models import F

from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from crisis_api.lib.ids import uuid7


class RecordQuerySet(models.QuerySet[Any]):
    """Rows that know their version."""

    def change(self, **values: Any) -> int:
        """Update the rows, raise their version and stamp the time; return how many there were.

        Conditions go into the filter, so that a change is a compare-and-swap: 0 means that
        somebody else was first.
        """
        values.setdefault("updated_at", clock.now())
        return self.update(version=F("version") + 1, **values)

    def by(self, actor: Actor) -> Self:
        """Rows that the actor made."""
        return self.filter(actor_type=actor.type, actor_id=actor.id)


class Record(models.Model):
    """A row with an id that sorts by time, its times, its version, and who made it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    actor_type = models.CharField(max_length=10, default="system", editable=False)
    actor_id = models.UUIDField(null=True, blank=True, editable=False)

    objects = RecordQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def actor(self) -> Actor:
        """Who made it."""
        return Actor(self.actor_type, self.actor_id)


def made_by(actor: Actor) -> dict[str, Any]:
    """Return the columns that say who made a record, for `create` and `bulk_create`."""
    return {"actor_type": actor.type, "actor_id": actor.id}
