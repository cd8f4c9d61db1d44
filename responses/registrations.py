"""What the layers below learn from this app: subjects of reminders, sweeps, guards of verbs."""

from datetime import timedelta

from crisis_api.access.services import holding
from incidents.escalation import engine, subjects
from incidents.escalation import health as engine_health
from incidents.services import digests, lifecycle
from responses import health, reactions
from responses.services import (
    follow_up_reminders,
    follow_ups,
    overlooked,
    statement_reminders,
    ticket_drafting,
)
from responses.webhooks import held, sender

ONE_SECOND = timedelta(seconds=1)


def register() -> None:
    """Register everything; called once, when the models are loaded."""
    subjects.register("follow_up", follow_up_reminders.RULES)
    subjects.register("statement", statement_reminders.RULES)
    digests.register_counter(
        "open_follow_ups", follow_ups.count_unfinished, "/admin/responses/followup/"
    )
    lifecycle.register_guard("close", follow_ups.refuse_open_commitments)
    engine_health.register(health.figures)
    holding.register(held.DELIVERIES)
    # Only the last of them waits for anybody else, so what follows from events never waits for it.
    engine.register_sweep("reactions", reactions.react_to_all, every=ONE_SECOND, urgent=True)
    engine.register_sweep("ticket_drafts", ticket_drafting.draft_waiting, every=ONE_SECOND)
    engine.register_sweep("webhook_deliveries", sender.deliver_waiting, every=ONE_SECOND)
    overlooked.register(reactions.react, sender.deliver_waiting)
