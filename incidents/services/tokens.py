"""The tokens of connected accounts: fresh before they end, refreshed by one at a time.

    client = tokens.client_for(account)                          # for a few calls
    sent = tokens.call(account, lambda client: client.reply(…))  # for one call, whatever happens

Both raise the tree of `incidents.channels.errors` and nothing else: `Reauthorise` where no machine
can go on (the managers are told once), `RetryLater` where somebody else is just refreshing.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from django.db import transaction

from crisis_api.lib import clock, lease
from crisis_api.lib.actors import SYSTEM
from incidents import timeline
from incidents.channels.errors import NetworkError, Reauthorise, RefreshToken, RetryLater
from incidents.channels.values import Credentials
from incidents.escalation import alarms, reminders
from incidents.models import Account, Connection
from incidents.models.escalation import ReminderKind
from incidents.services import networks

log = logging.getLogger("crisis.connections")
T = TypeVar("T")

# A token that ends sooner is not taken to a call.
SOON: Final = timedelta(minutes=5)
# The engine refreshes with this part of the token's life still ahead, so that there is time for
# other tries: of a day, six hours.
AHEAD: Final = 0.25
LEASE: Final = timedelta(seconds=60)
_BEING_REFRESHED: Final = timedelta(seconds=2)
_LONGEST_WAIT: Final = timedelta(minutes=30)


def client_for(account: Account) -> Any:
    """Return the network's client for an account, with a token that is good for minutes.

    Refreshes the token first where it is about to end. What the client can do is in
    `incidents.channels.connection`; the account's network and its capabilities say which of it.
    Every call keeps to the limits that all processes share (`pace.in_the_background` for what can
    wait), and raises RetryLater before it is made where there is no room.
    """
    return networks.channel_of(account).connect(_good(account))


def call(account: Account, act: Callable[[Any], T]) -> T:
    """Make one call for an account, with a new token and once more where the present one is over.

    Safe for what must happen once: where a token is refused nothing was done. Where no machine can
    go on the account is marked, its managers are told, and Reauthorise is raised.
    """
    credentials = _good(account)
    channel = networks.channel_of(account)
    try:
        try:
            return act(channel.connect(credentials))
        except RefreshToken:
            fresh = refresh(account, instead_of=credentials.access_token)
            return act(channel.connect(fresh))
    except RefreshToken as error:
        # Refused with the newest token, too: so it is not its age.
        lost(account, error)
        raise Reauthorise(error.code, trace=error.trace) from error
    except Reauthorise as error:
        lost(account, error)
        raise


def credentials_of(account: Account) -> Credentials:
    """Return what is stored now; Reauthorise where the account is not connected."""
    rows = Connection.objects.live().filter(account_id=account.pk)
    stored = rows.values_list("account__credentials", flat=True).first()
    if not stored:
        raise Reauthorise("not_connected")
    return Credentials.from_json(stored)


def _good(account: Account) -> Credentials:
    credentials = credentials_of(account)
    ends = credentials.access_expires_at
    if ends is None or ends > clock.now() + SOON:
        return credentials
    try:
        return refresh(account, instead_of=credentials.access_token)
    except Reauthorise:
        raise
    except NetworkError:
        # Somebody else is at it, or the network is away: the old one may do for a little longer.
        if ends > clock.now():
            return credentials
        raise


def refresh(account: Account, *, instead_of: str) -> Credentials:
    """Return new credentials, stored before anybody uses them.

    One at a time by a lease in the database, whose fence keeps a late one from overwriting: where
    the token is another than `instead_of` by now, that one is returned and nothing is called; while
    somebody else is at it, RetryLater. Where it fails for good the account is marked.
    """
    now = clock.decisive_now()
    mine = Connection.objects.live().filter(account_id=account.pk)
    fences = lease.claim(mine, owner=lease.owner_name(), lease=LEASE, now=now, limit=1)
    stored = credentials_of(account)
    if stored.access_token != instead_of:
        _release(fences)
        return stored
    if not fences:
        raise RetryLater("being_refreshed", retry_after=_BEING_REFRESHED)
    ((pk, fence),) = fences.items()
    try:
        fresh = networks.channel_of(account).refresh(stored, now=clock.now())
    except Reauthorise as error:
        _release(fences)
        lost(account, error)
        raise
    except NetworkError as error:
        _note_failure(pk, fence, error)
        raise
    if fresh.account_external_id != stored.account_external_id:
        _release(fences)
        other = Reauthorise("other_account")
        lost(account, other)
        raise other
    # Networks that repeat no scopes have changed none.
    fresh = replace(fresh, scopes=fresh.scopes or stored.scopes)
    return _store(account, pk, fence, fresh)


@transaction.atomic
def _store(account: Account, pk: Any, fence: int, fresh: Credentials) -> Credentials:
    now = clock.decisive_now()
    stamped = Connection.objects.live().filter(pk=pk, fence=fence)
    if not stamped.change(
        **terms(fresh, now),
        refreshed_at=now,
        lease_owner="",
        lease_until=None,
        attempts=0,
        last_error_code="",
    ):
        # Disconnected or connected anew meanwhile: what is stored now is what counts.
        return credentials_of(account)
    Account.objects.filter(pk=account.pk).update(credentials=fresh.to_json())
    return fresh


def terms(credentials: Credentials, now: datetime) -> dict[str, Any]:
    """Return the columns of a connection that say how long its credentials are good."""
    ends, due = credentials.access_expires_at, None
    if ends is not None and credentials.refresh_token:
        # Never at once: a token of a minute would be refreshed without end.
        due = max(ends - max((ends - now) * AHEAD, SOON), now + (ends - now) / 2)
    return {
        "scopes": sorted(credentials.scopes),
        "access_expires_at": ends,
        "refresh_expires_at": credentials.refresh_expires_at,
        "refresh_at": due,
    }


def _release(fences: dict[Any, int]) -> None:
    for pk, fence in fences.items():
        Connection.objects.filter(pk=pk, fence=fence).update(lease_owner="", lease_until=None)


def _note_failure(pk: Any, fence: int, error: NetworkError) -> None:
    """Let it be tried again, a little later each time."""
    now = clock.decisive_now()
    mine = Connection.objects.filter(pk=pk, fence=fence)
    attempts = (mine.values_list("attempts", flat=True).first() or 0) + 1
    wait = min(timedelta(seconds=15) * 2 ** min(attempts, 10), _LONGEST_WAIT)
    mine.change(
        lease_owner="",
        lease_until=None,
        attempts=min(attempts, 1000),
        refresh_at=now + max(error.retry_after or wait, wait),
        last_error_code=error.code[:60],
        last_error_at=now,
    )
    log.warning("the token of connection %s was not refreshed: %s", pk, error.code)


@transaction.atomic
def lost(account: Account, error: NetworkError) -> None:
    """Mark an account as one that a person must authorise again, and tell the managers.

    Once: who finds it marked already changes nothing.
    """
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    now = clock.decisive_now()
    mine = Connection.objects.live().filter(account_id=account.pk)
    if not mine.change(
        status=Connection.Status.REAUTHORIZATION_REQUIRED,
        ended_at=now,
        refresh_at=None,
        lease_owner="",
        lease_until=None,
        last_error_code=error.code[:60],
        last_error_at=now,
    ):
        return
    kind = ReminderKind.REAUTHORIZATION_REQUIRED
    timeline.record(f"account.{kind}", account, by=SYSTEM, data={"reason": error.code[:60]})
    remind(account, now)


def remind(account: Account, at: datetime) -> None:
    """Have the managers reminded that an account must be authorised again, if so it still is."""
    kind = ReminderKind.REAUTHORIZATION_REQUIRED
    reminders.schedule(
        kind,
        account,
        due_at=at,
        dedup_key=f"{kind}:{account.pk.hex}:{at.timestamp():.3f}",
        targets=[alarms.MANAGERS],
        urgency="urgent",
    )


def sweep(limit: int = 100) -> int:
    """Refresh the tokens that are due; return how many were. A sweep of the engine.

    One at a time for each account, whoever else does the same; never with a lock over the network.
    """
    now = clock.decisive_now()
    due = Connection.objects.due(now).select_related("account").order_by("refresh_at")
    done = 0
    for connection in due[:limit]:
        try:
            current = credentials_of(connection.account)
            refresh(connection.account, instead_of=current.access_token)
        except NetworkError as error:
            log.info("connection %s: %s", connection.pk, error.code)
        done += 1
    return done
