"""The queries of every tick are served by the indexes that were made for them."""

import pytest
from django.db import connection
from django.db.models import Min

from incidents.models import Notification, PendingEvent, Reminder

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _plans_as_for_many_rows():
    """PostgreSQL reads a small table from end to end, or sorts it, whatever indexes there are."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")


def due(clock):
    return Reminder.objects.due(clock.now()).order_by("-critical", "due_at", "id")[:500]


def next_due(_):
    return Reminder.objects.pending().order_by().values("status").annotate(Min("due_at"))


def waiting(clock):
    return Notification.objects.due(clock.now()).order_by("-critical", "due_at", "id")[:100]


def left_behind(clock):
    return Notification.objects.left_behind(clock.now()).order_by("-critical", "due_at", "id")


def without_success(clock):
    return Notification.objects.filter(fallback_at__lte=clock.now()).order_by("fallback_at")


def events(clock):
    rows = PendingEvent.objects.filter(parked_at=None, due_at__lte=clock.now())
    return rows.order_by("due_at", "pk")[:100]


@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (due, "reminders_due"),
        (next_due, "reminders_next_due"),
        (waiting, "notifications_waiting"),
        (left_behind, "notifications_lease_expired"),
        (without_success, "notifications_fallback"),
        (events, "pending_events_due"),
    ],
)
def test_finds_what_is_due_by_its_index(clock, rows, index):
    assert index in rows(clock).explain()
