"""What the tests of the services begin with."""

from crisis_api.lib.actors import SYSTEM
from incidents.models import Event, Reminder
from incidents.services import lifecycle


def opened(team, **values):
    """Return an incident that was opened through the service."""
    defaults = {"category": "product_safety", "severity": 3, "title": "Burns", "by": SYSTEM}
    return lifecycle.open_incident(team=team, **{**defaults, **values}).incident


def kinds(incident):
    """Return the kinds of the incident's events in their order."""
    events = Event.objects.filter(incident=incident).order_by("sequence")
    return list(events.values_list("kind", flat=True))


def pending(incident, kind):
    """Return the incident's reminders of that kind that are still ahead."""
    return Reminder.objects.pending().filter(incident=incident, kind=kind).order_by("due_at", "id")
