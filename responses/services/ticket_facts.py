"""What is known of an incident that the platform's support needs, read from the rows."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, Max, Min, Q, QuerySet
from django.db.models.functions import TruncMinute

from incidents.models import Event, Incident, Mention
from responses.models import DeskSettings, SupportTicket
from responses.tickets.facts import (
    Contact,
    OffendingMention,
    PriorReport,
    TicketFacts,
    TimelineLine,
)

MOST_MENTIONS: Final = 200
# Looked through, the riskiest first, for those that the ticket is about.
LOOKED_THROUGH: Final = 2_000

LONGEST_OUTCOME: Final = 500

# What makes a mention an offence that a ticket of the category complains of. A ticket must not name
# the customers who were hurt: criticism breaks no rule of the platform.
_OFFENCES: Final = {
    "personal_data_leak": frozenset({"personal_data"}),
    "spam": frozenset({"spam"}),
    "harassment": frozenset({"insult", "profanity", "threat"}),
    "misinformation": frozenset({"accusation"}),
}
# Of any other category: what breaks a rule whatever the incident is about.
_OFFENCES_OF_ANY: Final = frozenset({"personal_data", "spam", "insult", "threat"})
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
    mentions = Mention.objects.filter(incident=incident)
    figures = mentions.aggregate(
        total=Count("pk"),
        negative=Count("pk", filter=Q(is_negative=True)),
        authors=Count("author", distinct=True),
        since=Min("written_at"),
    )
    return TicketFacts(
        category=ticket.category,
        reference=incident.reference,
        brand=desk.brand_name or ticket.team.name,
        account_handle=account.handle if account else "",
        account_url=account.url if account else "",
        as_of=as_of,
        since=figures["since"] or incident.detected_at,
        total=figures["total"],
        negative=figures["negative"],
        authors=figures["authors"],
        peak_per_minute=_peak(mentions),
        mentions=tuple(_offending(mentions, ticket)),
        timeline=tuple(_timeline(incident)),
        contact=_contact(desk, ticket),
        prior_reports=tuple(_prior(ticket)),
    )


def _peak(mentions: QuerySet[Mention]) -> int:
    by_minute = (
        mentions.order_by()
        .annotate(minute=TruncMinute("written_at"))
        .values("minute")
        .annotate(number=Count("pk"))
    )
    return by_minute.aggregate(most=Max("number"))["most"] or 0


def _offending(mentions: QuerySet[Mention], ticket: SupportTicket) -> list[OffendingMention]:
    """Return up to 200 that the ticket complains of, the riskiest first.

    Where none is known to be of that kind, a person has attached them for a reason of their own;
    unless a storm has swept them in, and then nobody is named.
    """
    risky = mentions.filter(Q(is_negative=True) | Q(risk__gt=0), deleted_at=None)
    riskiest = list(
        risky.select_related("author", "post").order_by("-risk", "-id")[:LOOKED_THROUGH]
    )
    offences = _OFFENCES.get(ticket.category, _OFFENCES_OF_ANY)
    named = [mention for mention in riskiest if offences.intersection(_reasons(mention))]
    if not named and ticket.incident.storm_key is None:
        named = riskiest
    return [_mention(mention) for mention in named[:MOST_MENTIONS]]


def _reasons(mention: Mention) -> tuple[str, ...]:
    found: Iterable[Any] = mention.reasons
    codes = (each.get("code", "") if isinstance(each, dict) else str(each) for each in found)
    return tuple(dict.fromkeys(codes))


def _mention(mention: Mention) -> OffendingMention:
    author, post = mention.author, mention.post
    return OffendingMention(
        id=mention.external_id,
        author=str(author) if author else "",
        text=mention.text,
        written_at=mention.written_at,
        url=mention.url,
        post_url=post.url if post else "",
        reasons=_reasons(mention),
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
    """Return the tickets about the same incident that the platform has got already."""
    earlier = SupportTicket.objects.filter(
        incident=ticket.incident, platform=ticket.platform, submitted_at__isnull=False
    ).exclude(pk=ticket.pk)
    return [
        PriorReport(
            reference=row.platform_ref,
            made_at=row.submitted_at,
            outcome=row.answer[:LONGEST_OUTCOME],
        )
        for row in earlier.order_by("submitted_at")[:20]
    ]
