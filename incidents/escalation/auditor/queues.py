"""The queues that the auditor looks at: what is due, and what a dead sender holds."""

from datetime import datetime, timedelta

from crisis_api.access.models import unless_held
from crisis_api.lib import clock
from incidents.escalation import decide, deliver
from incidents.escalation.auditor.walks import Queue, register_queue
from incidents.models import Notification, Reminder

COUNTED = 1_000
DRIVEN = 50


def reminders_waiting(before: datetime) -> int:
    """Count the reminders that have been due since before that time; none while sending is held."""
    return len(Reminder.objects.due(before).filter(unless_held()).values_list("pk")[:COUNTED])


def messages_waiting(before: datetime) -> int:
    """Count the messages that nobody has claimed since, or whose sender has died before then."""
    return len(Notification.objects.waiting(before).values_list("pk")[:COUNTED])


def register() -> None:
    """Say which queues there are on the incidents' side; called once, at start."""
    register_queue(Queue("reminders_not_fired", reminders_waiting, decide.fire_due))
    register_queue(
        Queue(
            "messages_not_sent",
            messages_waiting,
            lambda: deliver.deliver(deliver.waiting(clock.decisive_now(), limit=DRIVEN)),
            # Ten thousand at once take up to a minute.
            tell_after=timedelta(seconds=90),
        )
    )
