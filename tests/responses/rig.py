"""Working everything that is due, here and now, and who was told of what."""

from uuid import UUID

from incidents.escalation import decide
from incidents.models import Notification


def work_all() -> None:
    """Fire what is due, as the engine does."""
    decide.fire_all_due()


def told() -> list[tuple[UUID, str]]:
    """Return the people for whom messages were written, with the kinds, in order."""
    rows = Notification.objects.order_by("planned_at", "id").values_list(
        "owner_id", "reminders__kind"
    )
    return [(owner, kind) for owner, kind in rows]
