"""Where networks send what happens: set up on connecting, and tried again by the engine."""

import logging
from datetime import timedelta
from typing import Any, Final

from django.conf import settings

from crisis_api.lib import clock
from incidents.channels.errors import NetworkError
from incidents.channels.protocol import Capability
from incidents.channels.values import Credentials
from incidents.models import Account, Connection
from incidents.services import networks, tokens

log = logging.getLogger("crisis.connections")

AGAIN: Final = timedelta(minutes=10)


def address_of(account: Account) -> str:
    """Return where a network sends what happens to an account.

    Where the app subscribes for all its accounts there is one address for them all.
    """
    base = f"{settings.PUBLIC_URL}/api/v1/webhooks/{account.network}/"
    of_the_app = hasattr(networks.channel_of(account), "subscribe")
    return base if of_the_app else f"{base}{account.pk}/"


def subscribe(account: Account) -> bool:
    """Have the network send what happens; return whether it will. The engine tries again.

    Repeatable: it says the same address each time.
    """
    channel = networks.channel_of(account)
    if Capability.SUBSCRIBE not in channel.capabilities:
        return True
    mine = Connection.objects.live().filter(account_id=account.pk)
    now = clock.decisive_now()
    try:
        subscriber: Any = channel
        if not hasattr(channel, "subscribe"):
            subscriber = tokens.client_for(account)
        for topic in channel.topics:
            subscriber.subscribe(topic, address_of(account))
    except NetworkError as error:
        log.warning("no webhooks for account %s: %s", account.pk, error.code)
        mine.change(last_error_code=error.code[:60], last_error_at=now)
        return False
    mine.change(subscribed_at=now)
    return True


def unsubscribe(account: Account, credentials: Credentials) -> None:
    """Have the network send nothing more, where the account has an address of its own."""
    channel = networks.channel_of(account)
    if Capability.SUBSCRIBE in channel.capabilities and not hasattr(channel, "unsubscribe"):
        for topic in channel.topics:
            channel.connect(credentials).unsubscribe(topic)


def sweep(limit: int = 100) -> int:
    """Set up what could not be set up when it was connected; return how many. For the engine."""
    before = clock.decisive_now() - AGAIN
    waiting = Connection.objects.live().filter(subscribed_at=None, updated_at__lte=before)
    rows = list(waiting.select_related("account").order_by("updated_at")[:limit])
    return sum(subscribe(row.account) for row in rows)
