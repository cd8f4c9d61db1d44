"""What is read of mentions beyond their rows."""

from collections import Counter, defaultdict
from datetime import datetime
from statistics import median
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, CharField, Count, Min, Q, QuerySet, Value, When
from django.db.models.functions import TruncHour

from incidents import priority
from incidents.models import Mention

MOST_INCIDENTS: Final = 100
# From which risk on a mention is called so; the colours of the admin.
BANDS: Final = {"high": 70, "medium": 40, "low": 0}
MOST_HOURS: Final = 31 * 24


def counts(mentions: QuerySet[Mention]) -> dict[str, Any]:
    """Count mentions by kind, language and incident, and what of them waits for somebody.

    Two or three queries. What waits is counted from an index alone, however many others there are.
    """
    rows = (
        mentions.order_by()
        .values_list("incident_id", "kind", "language")
        .annotate(total=Count("pk"), negative=Count("pk", filter=Q(is_negative=True)))
    )
    total: Counter[UUID | None] = Counter()
    negative: Counter[UUID | None] = Counter()
    by_kind: Counter[str] = Counter()
    by_language: Counter[str] = Counter()
    for incident, kind, language, number, bad in rows:
        total[incident] += number
        negative[incident] += bad
        by_kind[kind] += number
        by_language[language] += number
    without = total.pop(None, 0)
    return {
        "total": without + sum(total.values()),
        "negative": sum(negative.values()),
        "without_incident": without,
        "by_kind": dict(by_kind.most_common()),
        "by_language": dict(by_language.most_common()),
        "by_incident": [
            {"incident": incident, "total": number, "negative": negative[incident]}
            for incident, number in total.most_common(MOST_INCIDENTS)
        ],
        **waiting(mentions),
    }


def waiting(mentions: QuerySet[Mention]) -> dict[str, Any]:
    """Count what waits for somebody, by what it could cost, and say since when the oldest does."""
    by_risk = dict.fromkeys(BANDS, 0)
    oldest: list[datetime] = []
    for band, number, since in in_bands(mentions):
        by_risk[band] += number
        oldest.append(since)
    injuries = mentions.filter(priority__gte=priority.INJURY).order_by()
    return {
        "unanswered": sum(by_risk.values()),
        "unanswered_by_risk": by_risk,
        "unanswered_injuries": injuries.count(),
        "oldest_unanswered_at": min(oldest, default=None),
    }


def in_bands(mentions: QuerySet[Mention]) -> QuerySet[Any]:
    """Return each band of risk with how many wait in it and since when the oldest does."""
    band = Case(
        *(When(risk__gte=from_, then=Value(name)) for name, from_ in BANDS.items()),
        output_field=CharField(),
    )
    rows = mentions.filter(priority__gt=0).order_by().annotate(band=band)
    return rows.values_list("band").annotate(Count("risk"), Min("written_at"))


def handled(mentions: QuerySet[Mention]) -> list[dict[str, Any]]:
    """Return what each person dealt with: how many, how, and how long those had waited.

    The middle of what is sorted is no SQL that both databases know.
    """
    rows = mentions.filter(handled_at__isnull=False, handled_by__isnull=False).order_by()
    found: dict[tuple[UUID, UUID], list[tuple[str, bool, float]]] = defaultdict(list)
    columns = ("team_id", "handled_by_id", "outcome", "is_toxic", "written_at", "handled_at")
    for team, person, outcome, toxic, written_at, handled_at in rows.values_list(*columns):
        waited = max((handled_at - written_at).total_seconds(), 0)
        found[team, person].append((outcome, toxic, waited))
    return [
        {
            "team": team,
            "owner": person,
            "handled": len(lines),
            "toxic": sum(toxic for _outcome, toxic, _waited in lines),
            "by_outcome": dict(Counter(outcome for outcome, _toxic, _waited in lines)),
            "median_seconds": round(median(waited for _outcome, _toxic, waited in lines)),
        }
        for (team, person), lines in sorted(found.items(), key=lambda each: -len(each[1]))
    ]


def volume(mentions: QuerySet[Mention]) -> dict[str, Any]:
    """Count mentions and their authors by the hour, in one query; the latest hours of very many."""
    rows = (
        mentions.order_by()
        .annotate(hour=TruncHour("written_at"))
        .values("hour")
        .annotate(
            mentions=Count("pk"),
            negative=Count("pk", filter=Q(is_negative=True)),
            authors=Count("author", distinct=True),
        )
        .order_by("-hour")
    )
    return {"hours": list(reversed(rows[:MOST_HOURS]))}
