"""What waits of reminders and messages while sending is held."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from crisis_api.access.services.holding import Outgoing, Waiting
from incidents.models import Notification, Reminder

# As long as a first contact point has before the next one is used as well.
ANEW = timedelta(seconds=30)


def _reminders(now: datetime) -> Iterator[Waiting]:
    rows = Reminder.objects.due(now).order_by("planned_at", "id")
    for team, since, kind, reference in rows.values_list(
        "team__slug", "planned_at", "kind", "incident__reference"
    ):
        yield Waiting(team, since, f"{kind} {reference or ''}".strip())


def _messages(now: datetime) -> Iterator[Waiting]:
    rows = Notification.objects.unsent(now).order_by("planned_at", "id")
    for team, since, critical, reference in rows.values_list(
        "team__slug", "planned_at", "critical", "incident__reference"
    ):
        word = "critical" if critical else "normal"
        yield Waiting(team, since, f"{word} {reference or ''}".strip())


def _drop_messages(before: datetime, now: datetime) -> int:
    stale = Notification.objects.unsent(now).filter(planned_at__lt=before)
    return int(
        stale.change(status=Notification.Status.CANCELLED, fallback_at=None, lease_until=None)
    )


def _give_contact_points_their_time(now: datetime) -> None:
    """Else everybody's next contact point would ring together with the first."""
    late = Notification.objects.filter(fallback_at__lte=now)
    late.change(fallback_at=now + ANEW)


REMINDERS = Outgoing("reminders", _reminders)
MESSAGES = Outgoing("messages", _messages, _drop_messages, _give_contact_points_their_time)
