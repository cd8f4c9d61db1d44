"""Answers kept for requests that are sent again."""

from crisis_api.access.models import IdempotencyRecord
from crisis_api.lib import clock

AT_ONCE = 1000


def forget_expired(limit: int = AT_ONCE) -> int:
    """Delete up to `limit` kept answers that are good no longer; return how many.

    A sweep of the engine. Safe at any time: whoever sends an expired key again is new anyway.
    """
    now = clock.decisive_now()
    old = IdempotencyRecord.objects.filter(expires_at__lte=now).order_by("expires_at")
    ids = list(old.values_list("pk", flat=True)[: max(limit, AT_ONCE)])
    if ids:
        IdempotencyRecord.objects.filter(pk__in=ids, expires_at__lte=now).delete()
    return len(ids)
