"""The figures of claims, counted a few seconds after they changed, by the engine.

How many mentions and authors, what signs they carry, how much it looks like a raid, and to which
incident most of them belong.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Max, Min, Q

from crisis_api.lib import clock
from incidents.intake.claims import signature
from incidents.intake.raid import MAX_LOOKED_AT, Said, raid_score
from incidents.models import Claim, Mention

AT_ONCE: Final = 10
_MOSTLY: Final = 0.5
_AGAIN: Final = timedelta(minutes=1)


def sweep(limit: int = AT_ONCE) -> int:
    """Count the claims whose figures are behind; return how many there were.

    Safe to repeat and to be done by several at once: each counts what is there.
    """
    now = clock.decisive_now()
    due = Claim.objects.filter(tally_due_at__lte=now).order_by("tally_due_at")
    ids = list(due.values_list("pk", flat=True)[: min(limit, AT_ONCE)])
    for pk in ids:
        tally(pk, now=now)
    return len(ids)


def tally(claim_id: UUID, *, now: datetime) -> None:
    """Count one claim. What comes in meanwhile is counted the next time."""
    mine = Claim.objects.filter(pk=claim_id)
    # Due again should this process die. What comes in meanwhile makes it due earlier than that.
    again = now + _AGAIN
    if not mine.filter(tally_due_at__lte=now).update(tally_due_at=again):
        return
    claim = mine.get()
    mentions = Mention.objects.filter(claim=claim_id).order_by()
    counted = mentions.aggregate(
        mention_count=Count("pk"),
        negative_count=Count("pk", Q(is_negative=True)),
        author_count=Count("author", distinct=True),
        first=Min("written_at"),
        last=Max("written_at"),
    )
    first, last = counted.pop("first"), counted.pop("last")
    mine.change(
        **counted,
        **_looked_at(claim),
        first_seen_at=first or claim.first_seen_at,
        last_seen_at=last or claim.last_seen_at,
    )
    incident = _incident_of(claim_id, counted["mention_count"])
    mine.filter(incident_set_by_person=False).update(incident_id=incident)
    mine.filter(tally_due_at=again).update(tally_due_at=None)


def _looked_at(claim: Claim) -> dict[str, Any]:
    """Return what the latest mentions tell: their signs, and whether they look like a raid."""
    latest = (
        Mention.objects.filter(claim=claim.pk)
        .order_by("-written_at", "-pk")
        .values_list("author_id", "author__created_at", "written_at", "text", "reasons")
    )
    rows = list(latest[:MAX_LOOKED_AT])
    signs: Counter[str] = Counter()
    said = []
    for author, known_since, written_at, text, reasons in rows:
        signs.update({each["code"] for each in reasons if isinstance(each, dict)})
        known = known_since is not None and known_since < claim.first_seen_at
        said.append(Said(str(author), written_at, signature(text), known))
    raid = raid_score(said)
    return {
        "signs": dict(signs.most_common()),
        "raid_score": raid.score,
        "raid_reasons": [
            {"code": each.code, "share": round(each.share, 3), "points": each.points}
            for each in raid.reasons
        ],
    }


def _incident_of(claim_id: UUID, mentions: int) -> UUID | None:
    """Return the incident that most of its mentions belong to."""
    rows = (
        Mention.objects.filter(claim=claim_id, incident__isnull=False)
        .order_by()
        .values("incident_id")
        .annotate(number=Count("pk"))
        .order_by("-number", "incident_id")
    )
    first = rows.first()
    if first is None or first["number"] <= mentions * _MOSTLY:
        return None
    found: UUID = first["incident_id"]
    return found
