"""What is read of mentions beyond their rows."""

from collections import Counter
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from incidents.models import Mention

MOST_INCIDENTS = 100


def counts(mentions: QuerySet[Mention]) -> dict[str, Any]:
    """Count mentions by kind, language and incident, in one query."""
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
    }
