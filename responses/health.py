"""How what follows from events does, for the engine's health."""

from datetime import datetime

from django.db.models import Count, Min

from incidents.escalation.health import Figures
from incidents.models import PendingEvent
from responses.models import SupportTicket, WebhookDelivery


def figures(now: datetime) -> Figures:
    """Count events without their consequences, tickets left to a person, and dead deliveries.

    Deliveries that wait are not counted as overdue: they may wait for a receiver, which says
    nothing of how we do.
    """
    waiting = PendingEvent.objects.filter(parked_at=None, due_at__lte=now)
    drafting = SupportTicket.objects.filter(status="drafting")
    events = waiting.aggregate(number=Count("pk"), oldest=Min("due_at"))
    drafts = drafting.filter(due_at__lte=now).aggregate(number=Count("pk"), oldest=Min("due_at"))
    return Figures(
        overdue=events["number"] + drafts["number"],
        oldest=min(filter(None, (events["oldest"], drafts["oldest"])), default=None),
        parked=drafting.filter(due_at=None).count(),
        dead=WebhookDelivery.objects.dead().count(),
    )
