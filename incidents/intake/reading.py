"""From what arrived to mentions: small requests in one transaction, files kept first, then read.

    receipt, received = take(account, parsed, source="api", …)      # kept and read, or neither
    receipt = receipts.keep(account, source="upload", …)            # kept
    reading = read(receipt, now=…)                                  # read, by us or by the engine

What a process that died has left unread is read by the engine: `sweep`.
"""

import logging
import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import OperationalError, transaction

from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from incidents.channels import registry
from incidents.channels.manual import Defaults, ManualChannel
from incidents.channels.protocol import ParsedMention, ParseError, ParseOutcome
from incidents.intake import receive
from incidents.intake.receive import Received
from incidents.intake.told import sort_out
from incidents.models import Account, Receipt
from incidents.services import receipts

log = logging.getLogger("crisis.intake")

# What people and programs bring, whatever network the account is on.
BROUGHT = frozenset({"api", "batch", "upload", "replay"})
AT_ONCE: Final = 200
LONGEST: Final = 3.0  # seconds


@dataclass(frozen=True, slots=True)
class Reading:
    """What a receipt came to."""

    received: Received
    errors: tuple[ParseError, ...]
    warnings: tuple[ParseError, ...]


def take(
    account: Account,
    parsed: Sequence[ParsedMention],
    *,
    source: str,
    content_type: str,
    body: bytes,
    by: Actor,
    errors: Sequence[ParseError] = (),
) -> tuple[Receipt, Received]:
    """Keep what a request brought and store its mentions (at most 500), in one transaction."""
    now = clock.now()
    scores = receive.judge(account, parsed)
    told = [as_json(error) for error in errors]
    with transaction.atomic():
        receipt = receipts.keep(
            account,
            source=source,
            content_type=content_type,
            body=body,
            by=by,
            now=now,
            **receipts.finished(mention_count=len(parsed), errors=told),
        )
        received = receive.store(account, parsed, scores, receipt=receipt, now=now)
    return receipt, received


def read(receipt: Receipt, *, now: datetime) -> Reading:
    """Parse a receipt and store what it says, 500 mentions at a time.

    Safe to repeat after any interruption.
    """
    account = receipt.account
    outcome = _parsed(receipt)
    (told,) = sort_out(account, [outcome], now)
    received = receive.receive(account, told.mentions, receipt=receipt, now=now)
    errors = [as_json(error) for error in told.errors]
    receipts.finish(receipt, mention_count=len(told.mentions), errors=errors)
    return Reading(received, told.errors, outcome.warnings)


def _parsed(receipt: Receipt) -> ParseOutcome:
    account = receipt.account
    body = bytes(receipt.body)
    if receipt.source not in BROUGHT:
        return registry.get(account.network).parse(body, receipt.content_type)
    defaults = Defaults(account=account.handle)
    outcome = ManualChannel().parse(body, receipt.content_type, defaults)
    return only_of(account, outcome)


def only_of(account: Account, outcome: ParseOutcome) -> ParseOutcome:
    """Leave out what names another account, and say so."""
    mine = tuple(each for each in outcome.mentions if is_of(account, each.account_handle))
    if len(mine) == len(outcome.mentions):
        return outcome
    others = Counter(
        each.account_handle for each in outcome.mentions if not is_of(account, each.account_handle)
    )
    errors = tuple(
        ParseError(0, "/account", "other_account", {"account": handle[:100], "count": count})
        for handle, count in others.most_common(20)
    )
    return replace(outcome, mentions=mine, errors=(*outcome.errors, *errors))


def is_of(account: Account, handle: str) -> bool:
    """Whether a handle, with or without its @, or an id on the network, means this account."""
    named = handle.removeprefix("@").casefold()
    return named in (account.handle.removeprefix("@").casefold(), account.external_id.casefold())


def as_json(error: ParseError) -> dict[str, Any]:
    """Return an error as it is stored: codes and parameters, no texts."""
    return {**asdict(error), "params": dict(error.params), "line": error.line or None}


def sweep(limit: int = 100) -> int:
    """Read what others have kept and not read; return how many receipts that were.

    A sweep of the engine. An attempt is counted before the work, so that a receipt that kills its
    process is given up, too: after five attempts it is kept as unparsed and shown.
    """
    done = read_pushed()
    now = clock.decisive_now()
    while done < limit and (mine := receipts.claim(now, limit=1, pushed=False)):
        _work(mine[0], now)
        done += 1
    return done


def read_pushed(only: Collection[UUID] = ()) -> int:
    """Read what networks have pushed, in sets, until nothing waits or three seconds have passed.

    `only` names receipts, as a hint does; what waits besides is taken along. A set that fails is
    read again one by one, and so is what failed before.
    """
    began, done = time.monotonic(), 0
    now = clock.decisive_now()
    mine = receipts.claim(now, limit=AT_ONCE, pushed=True, only=only)
    while mine:
        _work_together(mine, now)
        done += len(mine)
        if time.monotonic() - began > LONGEST:
            break
        now = clock.decisive_now()
        mine = receipts.claim(now, limit=AT_ONCE, pushed=True)
    return done


def _work_together(mine: Sequence[Receipt], now: datetime) -> None:
    by_account: dict[UUID, list[Receipt]] = {}
    for receipt in mine:
        by_account.setdefault(receipt.account_id, []).append(receipt)
    for group in by_account.values():
        alone = [receipt for receipt in group if receipt.attempts > 1]
        together = [receipt for receipt in group if receipt.attempts <= 1]
        try:
            if together:
                _read_together(together, now)
        except Exception:  # noqa: BLE001  whatever it is, one of them alone is at fault
            log.warning("a set of %d receipts failed; reading each by itself", len(together))
            alone += together
        for receipt in alone:
            _work(receipt, now)


@transaction.atomic
def _read_together(mine: Sequence[Receipt], now: datetime) -> None:
    """Read receipts of one account and store what they say, all in one transaction."""
    account = mine[0].account
    told = sort_out(account, [_parsed(receipt) for receipt in mine], now)
    brought = [
        (each, receipt) for receipt, one in zip(mine, told, strict=True) for each in one.mentions
    ]
    for start in range(0, len(brought), receive.AT_ONCE):
        batch = brought[start : start + receive.AT_ONCE]
        parsed, by = [each for each, _ in batch], [receipt for _, receipt in batch]
        scores = receive.judge(account, parsed)
        receive.store(account, parsed, scores, receipt=by[0], now=now, brought_by=by)
    receipts.finish_all(
        [
            (receipt, len(one.mentions), [as_json(error) for error in one.errors])
            for receipt, one in zip(mine, told, strict=True)
        ]
    )


def _work(receipt: Receipt, now: datetime) -> None:
    if receipt.attempts > receipts.ATTEMPTS:
        receipts.give_up(receipt, reason="interrupted")
        return
    try:
        read(receipt, now=now)
    except OperationalError:
        # The database is away or busy: nothing is wrong with the receipt.
        log.warning("receipt %s was put off", receipt.pk, exc_info=True)
        receipts.put_off(receipt, now=now, counted=False)
    except Exception as error:
        log.exception("receipt %s could not be read", receipt.pk)
        if receipt.attempts >= receipts.ATTEMPTS:
            receipts.give_up(receipt, reason=type(error).__name__)
        else:
            receipts.put_off(receipt, now=now, counted=True)
