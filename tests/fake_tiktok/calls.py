"""One call of the API: its parameters, its errors, and the table of what can be called."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fake_tiktok.errors import ApiError
from tests.fake_tiktok.events import Events
from tests.fake_tiktok.limits import Limits
from tests.fake_tiktok.world import Account, App, Token, Video, World

PREFIX = "/open_api/v1.3/"


@dataclass
class Call:
    """Who calls, and with what. Whatever is wrong with a parameter is an `ApiError` 40002."""

    world: World
    events: Events
    limits: Limits
    path: str
    values: dict[str, Any]
    now: float
    broken: bool = False
    token: Token | None = None
    account: Account = field(default_factory=Account)
    app: App = field(default_factory=App)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    def text(self, name: str, default: str | None = None, most: int = 0) -> str:
        """Return a text; without a default it must be there."""
        value = self.values.get(name)
        if value is None or value == "":
            if default is None:
                raise ApiError(40002, f"{name}: Missing data for required field.")
            return default
        if not isinstance(value, str):
            raise ApiError(40002, f"{name}: Not a valid string.")
        if most and len(value) > most:
            raise ApiError(40002, f"{name}: Longer than maximum length {most}.")
        return value

    def integer(self, name: str, default: int, low: int = 0, high: int = 10**15) -> int:
        """Return a whole number between two."""
        value = self.values.get(name, default)
        if isinstance(value, str) and value.lstrip("-").isdigit():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ApiError(40002, f"{name}: Not a valid integer.")
        if not low <= value <= high:
            raise ApiError(
                40002, f"{name}: Must be greater than or equal to {low} and less than {high}."
            )
        return value

    def choice(self, name: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        """Return one of some words."""
        value = self.text(name, default)
        if value not in allowed:
            raise ApiError(40002, f"{name}: Must be one of: {', '.join(allowed)}.")
        return value

    def array(self, name: str, default: list[str] | None = None, most: int = 100) -> list[str]:
        """Return a list of texts; in a GET it is one value of JSON."""
        value = self._json(name, default or [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise ApiError(40002, f"{name}: Not a valid list.")
        if len(value) > most:
            raise ApiError(40002, f"{name}: Longer than maximum length {most}.")
        return value

    def mapping(self, name: str) -> dict[str, Any]:
        """Return an object."""
        value = self._json(name, {})
        if not isinstance(value, dict):
            raise ApiError(40002, f"{name}: Not a valid object.")
        return value

    def flag(self, name: str) -> bool:
        """Return yes or no."""
        value = self.values.get(name, False)
        if value in (True, "true", "True", "1"):
            return True
        if value in (False, "false", "False", "0", ""):
            return False
        raise ApiError(40002, f"{name}: Not a valid boolean.")

    def _json(self, name: str, default: Any) -> Any:
        value = self.values.get(name, default)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise ApiError(40002, f"{name}: Not valid JSON.") from None

    def own_video(self, name: str = "video_id") -> Video:
        """Return a video of the account that calls."""
        video = self.world.videos.get(self.text(name))
        if video is None or video.open_id != self.account.open_id:
            raise ApiError(40007)
        return video


Handler = Callable[[Call], dict[str, Any]]


@dataclass(frozen=True)
class Endpoint:
    """One thing that can be called. Those without a token are called by the app itself."""

    method: str
    handler: Handler
    scope: str = ""
    needs_token: bool = True


ENDPOINTS: dict[str, Endpoint] = {}


def endpoint(
    method: str, path: str, *, scope: str = "", needs_token: bool = True
) -> Callable[[Handler], Handler]:
    """Enter a function in the table."""

    def enter(handler: Handler) -> Handler:
        ENDPOINTS[path] = Endpoint(method, handler, scope, needs_token)
        return handler

    return enter


def authorise(call: Call, endpoint: Endpoint, header: str) -> None:
    """Find out who calls, and refuse in the order in which TikTok is believed to."""
    if not header:
        raise ApiError(40104)
    token = call.world.by_access.get(header)
    if token is None or token.revoked:
        raise ApiError(40105)
    if token.access_expires <= call.now:
        raise ApiError(40102)
    if call.broken:
        raise ApiError(40000, "The body is not valid JSON.")
    if call.text("business_id") != token.open_id:
        raise ApiError(40001)
    if endpoint.scope and endpoint.scope not in token.scopes:
        raise ApiError(40001)
    call.token = token
    call.account = call.world.accounts[token.open_id]
    call.app = call.world.apps[token.app_id]


def app_of(call: Call, id_name: str = "app_id", secret_name: str = "secret") -> App:
    """Return the app that calls for itself, by its id and secret."""
    if call.broken:
        raise ApiError(40000, "The body is not valid JSON.")
    app = call.world.apps.get(call.text(id_name))
    if app is None or app.secret != call.text(secret_name):
        raise ApiError(40101)
    return app


def page(items: list[Any], cursor: int, count: int) -> tuple[list[Any], int, bool]:
    """Return a part of a list, the cursor after it, and whether there is more."""
    end = cursor + count
    return items[cursor:end], min(end, max(len(items), cursor)), end < len(items)
