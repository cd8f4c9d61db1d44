"""Accounts that a network has let us into: `a_connected_account(team, fake_tiktok)`."""

from datetime import timedelta
from itertools import count
from typing import Any

from crisis_api.access.models import Team
from crisis_api.lib import clock
from incidents.channels.values import Credentials
from incidents.models import Account, Connection
from incidents.services import tokens
from tests.platforms import OPEN_ID, FakeTikTok

_number = count(1)
DAY = timedelta(days=1)


def an_account_with(team: Team, credentials: Credentials, **values: Any) -> Account:
    """Return an account of the team that is connected with these credentials."""
    network = values.pop("network", "tiktok")
    account: Account = Account.objects.create(
        team=team,
        network=network,
        handle=values.pop("handle", "@lumelle"),
        external_id=credentials.account_external_id,
        credentials=credentials.to_json(),
        **values,
    )
    now = clock.now()
    Connection.objects.create(
        team=team,
        account=account,
        network=network,
        external_id=account.external_id,
        status=Connection.Status.CONNECTED,
        connected_at=now,
        subscribed_at=now,
        **tokens.terms(credentials, now),
    )
    return account


def a_connected_account(team: Team, fake: FakeTikTok | None = None, **values: Any) -> Account:
    """Return a connected TikTok account; with a fake, one whose token is good there."""
    now = clock.now()
    told: dict[str, Any] = fake.tell("tokens", issue=True) if fake else {}
    access = str(told.get("access_token", f"act.{next(_number)}"))
    credentials = Credentials(
        account_external_id=values.pop("external_id", OPEN_ID),
        access_token=access,
        refresh_token=str(told.get("refresh_token", f"rft.{next(_number)}")),
        access_expires_at=now + DAY,
        refresh_expires_at=now + 365 * DAY,
        scopes=frozenset({"comment.list", "comment.list.manage", "video.list"}),
    )
    return an_account_with(team, credentials, **values)
