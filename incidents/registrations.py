"""What the incidents' side tells the engine, and those below it, of at start."""

from datetime import timedelta

from crisis_api.access.services import (
    holding,
    idempotency,
    logins,
    memberships,
    working_hours,
)
from incidents.escalation import engine, health, held, incident_rules
from incidents.escalation.auditor import checks, message_checks, queues, run_checks
from incidents.escalation.auditor.walks import Queue, register_queue
from incidents.escalation.hours import hours_flaws
from incidents.intake import claim_tallies, reading
from incidents.services import (
    account_rules,
    assignment,
    digests,
    flaws,
    hand_offs,
    milestones,
    networks,
    overlooked,
    press_enquiries,
    queue,
    shift_swaps,
    subscribing,
    tokens,
    waiting,
)


def register() -> None:
    """Register subjects of reminders and sweeps; called once the models are loaded."""
    incident_rules.register_rules()
    milestones.register()
    shift_swaps.register_rules()
    digests.register_rules()
    press_enquiries.register_rules()
    waiting.register_rules()
    hand_offs.register_rules()
    working_hours.register(_check_hours)
    account_rules.register_rules()
    networks.register()
    holding.register(held.REMINDERS)
    holding.register(held.MESSAGES)
    engine.register_sweep(
        "owners_who_left", assignment.release_those_who_left, every=timedelta(minutes=1)
    )
    engine.register_sweep(
        "memberships_that_ended", memberships.end_expired, every=timedelta(seconds=5)
    )
    engine.register_sweep("digests", digests.lay_out, every=timedelta(minutes=5))
    engine.register_sweep("press_enquiries", press_enquiries.lay_out, every=timedelta(seconds=5))
    engine.register_sweep("waiting_mentions", waiting.lay_out, every=timedelta(seconds=30))
    engine.register_sweep("queue", queue.sweep, every=timedelta(seconds=2))
    engine.register_sweep("receipts", reading.sweep, every=timedelta(seconds=2))
    engine.register_sweep("tokens", tokens.sweep, every=timedelta(seconds=15))
    engine.register_sweep("subscriptions", subscribing.sweep, every=timedelta(minutes=1))
    engine.register_sweep("claims", claim_tallies.sweep, every=timedelta(seconds=2))
    engine.register_sweep("login_attempts", logins.forget_old, every=timedelta(minutes=15))
    engine.register_sweep("kept_answers", idempotency.forget_expired, every=timedelta(minutes=1))
    engine.register_sweep("watchdog", health.ping_watchdog, every=health.HEARTBEAT_EVERY)
    _register_with_the_auditor()


def _register_with_the_auditor() -> None:
    for part in (checks, run_checks, message_checks, queues):
        part.register()
    overlooked.register()
    register_queue(
        Queue(
            "receipts_not_read",
            overlooked.receipts_waiting,
            reading.sweep,
            # A file of a hundred thousand lines is read for a while.
            tell_after=timedelta(minutes=5),
        )
    )


def _check_hours(document: object, below: str) -> None:
    flaws.refuse(hours_flaws(document), below=below)
