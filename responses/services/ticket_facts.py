"""What is known of an incident that the platform's support needs, read from the rows."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, Final

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from incidents.masking import Mask
from incidents.models import Event, Incident, Mention
from responses.models import DeskSettings, SupportTicket
from responses.tickets import offences
from responses.tickets.facts import (
    CATEGORIES,
    Contact,
    OffendingMention,
    PriorReport,
    TicketFacts,
    TimelineLine,
)

MOST_MENTIONS: Final = 200
# Looked through, the riskiest first. Where there are as many, they are not counted.
LOOKED_THROUGH: Final = 2_000

LONGEST_OUTCOME: Final = 500

_TOLD: Final = (
    "incident.opened",
    "incident.acknowledged",
    "incident.escalated",
    "incident.contained",
    "incident.resolved",
    "incident.reopened",
)


def gather(ticket: SupportTicket, desk: DeskSettings, *, as_of: datetime) -> TicketFacts:
    """Read what there is to say about the ticket's incident."""
    incident = ticket.incident
    account = incident.account
    mask = Mask()
    named = _offending(Mention.objects.filter(incident=incident, deleted_at=None), ticket)
    return TicketFacts(
        category=ticket.category,
        reference=incident.reference,
        brand=desk.brand_name or ticket.team.name,
        account_handle=account.handle if account else "",
        account_url=account.url if account else "",
        as_of=as_of,
        mentions=tuple(_mention(each, ticket.category, mask) for each in named[:MOST_MENTIONS]),
        timeline=tuple(_timeline(incident)),
        contact=_contact(desk, ticket),
        prior_reports=tuple(_prior(ticket)),
        **_figures(named),
    )


def _figures(named: Sequence[Mention]) -> dict[str, Any]:
    """Count what the ticket complains of, and nothing else of the incident.

    What cannot be counted in full is left out: a figure that is too low misleads as well.
    """
    if not named or len(named) >= LOOKED_THROUGH:
        return {}
    minutes = Counter(mention.written_at.replace(second=0, microsecond=0) for mention in named)
    authors = {mention.author_id for mention in named}
    return {
        "since": min(mention.written_at for mention in named),
        "total": len(named),
        "authors": 0 if None in authors else len(authors),
        "peak_per_minute": max(minutes.values()),
    }


def _offending(mentions: QuerySet[Mention], ticket: SupportTicket) -> list[Mention]:
    """Return those that the ticket complains of, the riskiest first.

    Where none is known to be of that kind, a person has attached them to an incident of that kind
    for a reason of their own; unless a storm has swept them in, and then nobody is named.
    """
    codes = offences.codes_for(ticket.category)
    signs = reduce(or_, (Q(told__contains=f'"{code}"') for code in sorted(codes)))
    suspects = mentions.annotate(told=Cast("reasons", TextField())).filter(signs)
    named = [
        mention
        for mention in _riskiest(suspects)
        if offences.offences_in(mention.reasons, ticket.category)
    ]
    by_hand = ticket.incident.storm_key is None and ticket.category == ticket.incident.category
    if not named and by_hand and ticket.category in CATEGORIES:
        return _riskiest(mentions.filter(Q(is_negative=True) | Q(risk__gt=0)))
    return named


def _riskiest(mentions: QuerySet[Mention]) -> list[Mention]:
    ordered = mentions.select_related("author", "post").order_by("-risk", "-id")
    return list(ordered[:LOOKED_THROUGH])


def _mention(mention: Mention, category: str, mask: Mask) -> OffendingMention:
    author, post = mention.author, mention.post
    return OffendingMention(
        id=mention.external_id,
        author=str(author) if author else "",
        text=mask(mention.text, mention.team_id),
        written_at=mention.written_at,
        url=mention.url,
        post_url=post.url if post else "",
        reasons=offences.offences_in(mention.reasons, category),
    )


def _timeline(incident: Incident) -> list[TimelineLine]:
    """Return what the platform may know of our handling; of many escalations only the first."""
    lines: dict[object, TimelineLine] = {}
    rows = Event.objects.filter(incident=incident, kind__in=_TOLD).order_by("sequence")
    for number, (kind, at) in enumerate(rows.values_list("kind", "occurred_at")[:200]):
        key = kind if kind == "incident.escalated" else number
        lines.setdefault(key, TimelineLine(at=at, type=kind))
    return list(lines.values())


def _contact(desk: DeskSettings, ticket: SupportTicket) -> Contact | None:
    if not desk.contact_name:
        return None
    company = desk.brand_name or ticket.team.name
    return Contact(name=desk.contact_name, email=desk.contact_email, company=company)


def _prior(ticket: SupportTicket) -> list[PriorReport]:
    """Return the tickets about the same thing that the platform has got under a number already."""
    earlier = SupportTicket.objects.filter(
        incident=ticket.incident,
        platform=ticket.platform,
        category=ticket.category,
        submitted_at__isnull=False,
    ).exclude(Q(pk=ticket.pk) | Q(platform_ref=""))
    return [
        PriorReport(
            reference=row.platform_ref,
            made_at=row.submitted_at,
            outcome=row.answer[:LONGEST_OUTCOME],
        )
        for row in earlier.order_by("submitted_at")[:20]
    ]
