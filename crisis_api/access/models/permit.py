from uuid import UUID

from django.db import models

from crisis_api.lib.ids import uuid7

NOBODY = UUID(int=0)


class Permit(models.Model):
    """Lets one transaction pass the triggers that keep rows from changing.

    Inserted and deleted in the same transaction by erasure, retention and the tests' flush; no
    other transaction ever sees one. The database holds that: `never` refers to a row that cannot
    exist, which is checked at the commit, so a transaction that leaves a permit behind fails.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    reason = models.CharField(max_length=40)
    never = models.ForeignKey(
        "self", on_delete=models.DO_NOTHING, default=NOBODY, editable=False, related_name="+"
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(never=NOBODY) & ~models.Q(id=NOBODY),
                name="a_permit_is_gone_at_the_commit",
            ),
        )

    def __str__(self) -> str:
        return self.reason
