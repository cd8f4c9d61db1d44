"""Celery's doors. A task is a hint: ids of rows that are due, which the rows themselves confirm."""

from collections.abc import Sequence
from uuid import UUID

from celery import shared_task

from incidents.escalation import deliver, outbox
from incidents.intake import arrivals, reading


@shared_task(name=outbox.DELIVER, ignore_result=True)
def deliver_notifications(ids: Sequence[str]) -> None:
    """Send notifications that are due."""
    deliver.deliver([UUID(pk) for pk in ids])


@shared_task(name=arrivals.READ, ignore_result=True)
def read_receipts(ids: Sequence[str]) -> None:
    """Read what networks have pushed."""
    reading.read_pushed([UUID(pk) for pk in ids])
