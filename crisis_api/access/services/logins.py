"""Guessing passwords at the admin's door: ten wrong ones, and it stays shut for a while."""

import logging
import math
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from crisis_api.access.models import LoginAttempts
from crisis_api.lib import clock, crypto
from crisis_api.lib.errors import Throttled

MOST = 10
WINDOW = timedelta(minutes=15)

log = logging.getLogger("crisis.logins")


@transaction.atomic
def begin(username: str, address: str) -> None:
    """Count an attempt before its password is looked at; raise Throttled after too many.

    Counted first, so that fifty at once are no more than ten. Only who comes from the same address
    is refused, with the right password too: whoever is meant can sign in from elsewhere, and
    whoever is signed in stays so.
    """
    now = clock.now()
    named = {"account": _hashed(username), "address": address}
    LoginAttempts.objects.bulk_create([LoginAttempts(**named, since=now)], ignore_conflicts=True)
    rows = LoginAttempts.objects.filter(**named)
    # None where the sweep was faster: then it is the first attempt in a long time.
    row = rows.select_for_update().first()
    if row is not None and row.since <= now - WINDOW:
        rows.update(since=now, count=1)
    elif row is not None and row.count >= MOST:
        log.warning("sign-in refused after %s attempts", row.count)
        wait = math.ceil((row.since + WINDOW - now).total_seconds())
        detail = _("Too many attempts to sign in. Try again in %s minutes.") % math.ceil(wait / 60)
        raise Throttled(
            detail,
            code="too_many_attempts",
            headers={"Retry-After": str(wait)},
            retry_after_seconds=wait,
        )
    else:
        rows.update(count=F("count") + 1)


def succeeded(username: str, address: str) -> None:
    """Forget the wrong attempts before a right one."""
    LoginAttempts.objects.filter(account=_hashed(username), address=address).update(count=0)


def forget_old(limit: int = 1000) -> int:
    """Delete up to `limit` counts that are over; return how many. A sweep of the engine."""
    old = LoginAttempts.objects.filter(since__lte=clock.now() - WINDOW).order_by("since")
    ids = list(old.values_list("pk", flat=True)[:limit])
    return old.filter(pk__in=ids).delete()[0] if ids else 0


def _hashed(username: str) -> str:
    return crypto.blind_index("login", username)
