"""Drafting support tickets: rows in status `drafting` whose time has come.

Celery is hinted at them, the engine finds them by itself, and both call `draft_waiting`.
"""

import logging
import time
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import OperationalError, transaction
from django.db.models import F

from crisis_api.lib import clock
from crisis_api.lib.actors import SYSTEM
from incidents import timeline
from incidents.escalation import alarms
from responses.models import SupportTicket
from responses.services import desk, ticket_facts, ticket_gaps
from responses.tickets import draft as drafts
from responses.tickets import rendering

log = logging.getLogger("crisis.tickets")

ATTEMPTS = 5
LEASE = timedelta(seconds=30)
CLAIM_NONE_AFTER = 3.0
AGAIN_AFTER = timedelta(minutes=1)
AT_ONCE = 100
DRAFTING, DRAFT = SupportTicket.Status.DRAFTING, SupportTicket.Status.DRAFT


def draft_waiting(limit: int = 100, only: Collection[UUID] | None = None) -> int:
    """Draft up to `limit` tickets that wait for it; return how many were drafted.

    Each is claimed just before its own work, its attempt counted; none after 3 seconds. One that
    fails is put off, and left to a person with an alarm after five attempts.
    """
    started = time.monotonic()
    if only is None:
        _draft_grown_again(clock.decisive_now())
    rows = SupportTicket.objects.filter(status=DRAFTING, due_at__lte=clock.decisive_now())
    if only is not None:
        rows = rows.filter(pk__in=list(only))
    done = 0
    for pk in list(rows.order_by("due_at", "pk").values_list("pk", flat=True)[:limit]):
        if time.monotonic() - started > CLAIM_NONE_AFTER:
            break
        done += _draft_one(pk)
    return done


def _draft_one(pk: UUID) -> bool:
    now = clock.decisive_now()
    # The end of the lease is the fence: whoever finds another one here was too late.
    lease = now + LEASE
    waiting = SupportTicket.objects.filter(pk=pk, status=DRAFTING, due_at__lte=now)
    if waiting.filter(attempts__gte=ATTEMPTS).exists():
        _leave_to_a_person(pk, now, "died")  # each attempt has killed its process
        return False
    if not waiting.update(due_at=lease, attempts=F("attempts") + 1):
        return False
    try:
        return _write(pk, lease, now)
    except OperationalError:
        # The database is away or busy: nothing is wrong with the ticket.
        log.warning("ticket %s was put off", pk, exc_info=True)
        SupportTicket.objects.filter(pk=pk, due_at=lease).update(
            due_at=now + timedelta(seconds=5), attempts=F("attempts") - 1
        )
    except Exception as error:
        log.exception("ticket %s could not be drafted", pk)
        _put_off(pk, lease, now, type(error).__name__)
    return False


def _write(pk: UUID, lease: datetime, now: datetime) -> bool:
    """Read, draft and store; what people wrote meanwhile is kept."""
    ticket = SupportTicket.objects.select_related("team", "incident__account").get(pk=pk)
    facts = ticket_facts.gather(ticket, desk.settings_of(ticket.team), as_of=now)
    drafted = drafts.draft(facts)
    fresh = rendering.render(drafted, "ru" if ticket.language == "ru" else "en")
    with transaction.atomic():
        mine = SupportTicket.objects.filter(pk=pk, status=DRAFTING, due_at=lease)
        row = mine.select_for_update(no_key=True).first()
        if row is None:
            return False
        missing = ticket_gaps.without_answered(
            ticket_gaps.lacking_of(drafted.missing, fresh["missing"]),
            sections=drafts.merge(row.sections, row.edited_sections, fresh),
            edited=row.edited_sections,
            settled=row.settled or (),
        )
        mine.change(
            status=DRAFT,
            drafted_at=now,
            drafted_of=ticket.incident.mention_count,
            due_at=None,
            attempts=0,
            last_error="",
            **missing,
        )
        if _is_no_news(row, fresh):
            return True
        timeline.record(
            "support_ticket.drafted",
            row,
            incident=ticket.incident,
            by=SYSTEM,
            data={
                "category": ticket.category,
                "platform": ticket.platform,
                "mentions": len(facts.mentions),
                "missing": missing["missing"],
            },
        )
    return True


def _is_no_news(row: SupportTicket, fresh: Mapping[str, str]) -> bool:
    """Whether it was drafted again by itself and lists what it listed: no line on the timeline."""
    return row.drafted_of is not None and row.sections.get("mentions") == fresh["mentions"]


def _draft_grown_again(now: datetime) -> None:
    """Let drafts that nobody has touched be drafted again as their incidents get mentions.

    The draft of a storm is asked for when the storm opens, before most of what it complains of is
    there. What a person had drafted, wrote into or ticked off is theirs, and waits for them.
    """
    waiting = SupportTicket.objects.by(SYSTEM).filter(
        status=DRAFT, edited_sections=[], settled__isnull=True, drafted_at__lte=now - AGAIN_AFTER
    )
    grown = waiting.exclude(drafted_of=None).exclude(drafted_of=F("incident__mention_count"))
    for pk in list(grown.order_by("drafted_at", "pk").values_list("pk", flat=True)[:AT_ONCE]):
        # What a person writes from here on is kept by `_write`.
        same = waiting.filter(pk=pk)
        same.change(status=DRAFTING, due_at=now, attempts=0)


def _put_off(pk: UUID, lease: datetime, now: datetime, said: str) -> None:
    mine = SupportTicket.objects.filter(pk=pk, status=DRAFTING, due_at=lease)
    attempts = mine.values_list("attempts", flat=True).first()
    if attempts is None:
        return
    if attempts >= ATTEMPTS:
        _leave_to_a_person(pk, now, said)
        return
    mine.change(due_at=now + timedelta(seconds=5 * 2**attempts), last_error=said)


@transaction.atomic
def _leave_to_a_person(pk: UUID, now: datetime, said: str) -> None:
    mine = SupportTicket.objects.filter(pk=pk, status=DRAFTING, attempts__gte=ATTEMPTS)
    if mine.exclude(due_at=None).change(due_at=None, last_error=said):
        ticket = SupportTicket.objects.select_related("incident").get(pk=pk)
        alarms.raise_alarm("ticket_not_drafted", ticket, incident=ticket.incident)
