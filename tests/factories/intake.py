"""What comes in, for tests: `said(text="It burns")`, `a_receipt(account)`, `a_storm_rule(team)`."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import count
from typing import Any

from crisis_api.access.models import Team
from crisis_api.lib import clock
from crisis_api.lib.actors import SYSTEM
from incidents.channels.protocol import AuthorKind, MentionKind, ParsedMention
from incidents.intake.receive import Received, receive
from incidents.models import Account, Receipt, StormRule
from incidents.services import receipts

ANGRY = "This cream burned my face, terrible, I want my money back!"
CALM = "Where can I buy the small one?"

_number = count(1)


def said(text: str = ANGRY, **values: Any) -> ParsedMention:
    """Return something that somebody wrote just now, as a parser hands it over."""
    n = next(_number)
    defaults: dict[str, Any] = {
        "external_id": f"said-{n}",
        "kind": MentionKind.COMMENT,
        "text": text,
        "author_external_id": f"author-{n}",
        "author_name": f"@author{n}",
        "author_kind": AuthorKind.UNKNOWN,
        "author_followers": None,
        "post_external_id": None,
        "post_url": "",
        "url": "",
        "language": None,
        "written_at": clock.now(),
        "parent_external_id": None,
        "account_handle": "",
    }
    return ParsedMention(**{**defaults, **values})


def a_receipt(account: Account, **values: Any) -> Receipt:
    """Return a kept receipt of the account."""
    defaults: dict[str, Any] = {
        "source": "api",
        "content_type": "application/json",
        "body": b"{}",
        "by": SYSTEM,
        "now": clock.now(),
    }
    return receipts.keep(account, **{**defaults, **values})


def received(account: Account, parsed: Iterable[ParsedMention]) -> Received:
    """Receive what was parsed with a receipt of its own."""
    return receive(account, list(parsed), receipt=a_receipt(account), now=clock.now())


def a_storm_rule(team: Team, **values: Any) -> StormRule:
    """Return a rule that fires at five negative mentions within ten minutes."""
    n = next(_number)
    return StormRule.objects.create(
        **{"team": team, "name": f"Rule {n}", "min_negative": 5, "window_seconds": 600, **values}
    )


def a_burst(number: int, *, within: timedelta = timedelta(minutes=5), **values: Any) -> list[Any]:
    """Return so many negative mentions, the last of them written now."""
    now = clock.now()
    step = within / max(number, 1)
    return [said(written_at=now - step * n, **values) for n in reversed(range(number))]
