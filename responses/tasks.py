"""Celery's doors. A task is a hint: ids of rows that are due, which the rows themselves confirm."""

from collections.abc import Sequence
from uuid import UUID

from celery import shared_task

from incidents import timeline
from responses import reactions
from responses.services import ticket_drafting, tickets
from responses.webhooks import fan_out, sender


@shared_task(name=timeline.REACT, ignore_result=True)
def react(ids: Sequence[str]) -> None:
    """Draw the consequences of events, where nobody has yet."""
    reactions.react(only=[UUID(pk) for pk in ids])


@shared_task(name=tickets.DRAFT, ignore_result=True)
def draft_tickets(ids: Sequence[str]) -> None:
    """Draft support tickets, where nobody has yet."""
    ticket_drafting.draft_waiting(only=[UUID(pk) for pk in ids])


@shared_task(name=fan_out.DELIVER, ignore_result=True)
def deliver_webhooks(ids: Sequence[str]) -> None:
    """Send webhook deliveries, where nobody has yet."""
    sender.deliver([UUID(pk) for pk in ids])
