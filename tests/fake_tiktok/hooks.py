"""Where webhooks go: set by the app itself, one address for each kind of event."""

from typing import Any

from tests.fake_tiktok.calls import Call, app_of, endpoint
from tests.fake_tiktok.errors import ApiError
from tests.fake_tiktok.events import TYPES
from tests.fake_tiktok.world import App, Callback


def _told(app: App, event_type: str) -> dict[str, Any]:
    found: dict[str, Any] = {"app_id": app.app_id, "event_type": event_type}
    callback = app.callbacks.get(event_type)
    if callback is not None:
        found["callback_url"] = callback.url
        if callback.items:
            found["item_list"] = list(callback.items)
    return found


def _items(call: Call, event_type: str) -> list[str]:
    items = call.array("item_list", most=100)
    if items and event_type != "COMMENT":
        raise ApiError(40002, "item_list: Only for COMMENT.")
    return items


@endpoint("POST", "business/webhook/update/", needs_token=False)
def update(call: Call) -> dict[str, Any]:
    """Set where one kind of event goes; videos named once stay named."""
    app = app_of(call)
    event_type = call.choice("event_type", TYPES)
    url = call.text("callback_url")
    allowed = ("https://", "http://") if call.world.modes.allow_http else ("https://",)
    if not url.startswith(allowed):
        raise ApiError(40002, "callback_url: Must be https.")
    before = app.callbacks.get(event_type)
    items = list(before.items) if before else []
    items += [each for each in _items(call, event_type) if each not in items]
    app.callbacks[event_type] = Callback(url, items)
    return _told(app, event_type)


@endpoint("GET", "business/webhook/list/", needs_token=False)
def listing(call: Call) -> dict[str, Any]:
    """Say where one kind of event goes."""
    return _told(app_of(call), call.choice("event_type", TYPES))


@endpoint("POST", "business/webhook/delete/", needs_token=False)
def delete(call: Call) -> dict[str, Any]:
    """Send one kind of event nowhere, or no longer for some videos."""
    app = app_of(call)
    event_type = call.choice("event_type", TYPES)
    items = _items(call, event_type)
    callback = app.callbacks.get(event_type)
    if callback is not None and items:
        callback.items = [each for each in callback.items if each not in items]
    elif callback is not None:
        del app.callbacks[event_type]
    return _told(app, event_type)
