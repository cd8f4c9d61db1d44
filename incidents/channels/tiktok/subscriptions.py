"""Where TikTok sends webhooks: one address for each kind of event, for the whole app."""

from typing import Final

from incidents.channels.errors import Effect, GiveUp, Reason
from incidents.channels.tiktok.client import Client, Result
from incidents.channels.values import Subscription

TOPICS: Final = ("COMMENT", "BRAND_MENTION", "DIRECT_MESSAGE", "VIDEO")


def subscribe(client: Client, topic: str, url: str) -> Subscription:
    """Have one kind of event sent to an address, for every account that let the app in.

    Never narrowed to some posts: such a list only grows, and outlives the next call.
    """
    given = {**_signed(client, topic), "callback_url": url}
    return _read(client.post("business/webhook/update/", given, Effect.REPEATABLE), topic)


def unsubscribe(client: Client, topic: str) -> None:
    """Have one kind of event sent nowhere, which also ends any narrowing to some posts."""
    client.post("business/webhook/delete/", _signed(client, topic), Effect.REPEATABLE)


def subscription(client: Client, topic: str) -> Subscription:
    """Return where one kind of event goes now."""
    return _read(client.get("business/webhook/list/", _signed(client, topic)), topic)


def _signed(client: Client, topic: str) -> dict[str, str]:
    if topic not in TOPICS:
        raise ValueError(f"no topic {topic!r}; there are {', '.join(TOPICS)}")
    options = client.options
    if not options.app_id or not options.app_secret:
        raise GiveUp("app_not_set", reason=Reason.MISCONFIGURED)
    return {"app_id": options.app_id, "secret": options.app_secret, "event_type": topic}


def _read(result: Result, topic: str) -> Subscription:
    only = tuple(str(each) for each in result.data.items("item_list"))
    return Subscription(topic, result.data.url("callback_url") or None, only)
