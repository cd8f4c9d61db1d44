"""How an account holder lets an app in: the page, the code, the tokens, and their end."""

import html
import secrets
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.fake_tiktok.calls import Call, app_of, endpoint
from tests.fake_tiktok.errors import ApiError
from tests.fake_tiktok.world import SCOPES, Account, App, Code, Token, World


class BadRequest(Exception):
    """The page cannot send anybody back, so it says what is wrong."""


def authorize(world: World, query: dict[str, str]) -> tuple[str, str]:
    """Return where the browser goes, or the page it is shown, the other being empty."""
    app = world.apps.get(query.get("client_key", ""))
    redirect = query.get("redirect_uri", "")
    if app is None:
        raise BadRequest("client_key is not known")
    if not redirect.endswith("/") or urlsplit(redirect).query or not _registered(app, redirect):
        raise BadRequest("redirect_uri is not registered; it ends with / and has no query")
    state = query.get("state", "")
    if query.get("response_type") != "code":
        return _back(redirect, error="unsupported_response_type", state=state), ""
    if not query.get("scope"):
        return _back(redirect, error="invalid_request", state=state), ""
    asked = query["scope"].split(",")
    unknown = [scope for scope in asked if scope not in SCOPES]
    if unknown:
        told = f"The scope {unknown[0]} is not known."
        return _back(redirect, error="invalid_scope", error_description=told, state=state), ""
    if query.get("fake_deny") == "1":
        told = "The person did not consent."
        return _back(redirect, error="access_denied", error_description=told, state=state), ""
    chosen = query.get("fake_account", "")
    if world.modes.consent_page and not chosen:
        return "", _page(world, query)
    account = world.accounts.get(chosen) or next(iter(world.accounts.values()))
    scopes = [scope for scope in asked if scope in account.scopes]
    code = secrets.token_urlsafe(20)
    expires = world.now() + world.modes.code_ttl_s
    world.codes[code] = Code(app.app_id, account.open_id, redirect, scopes, expires)
    return _back(redirect, code=code, scopes=",".join(scopes), state=state), ""


def _registered(app: App, redirect: str) -> bool:
    return not app.redirect_uris or redirect in app.redirect_uris


def _back(redirect: str, **told: str) -> str:
    return f"{redirect}?{urlencode(told)}"


def _page(world: World, query: dict[str, str]) -> str:
    def link(words: str, **more: str) -> str:
        address = html.escape(f"?{urlencode({**query, **more})}")
        return f'<p><a href="{address}">{html.escape(words)}</a></p>'

    def allow(account: Account) -> str:
        return link(f"Authorize as @{account.username}", fake_account=account.open_id)

    choices = "".join(allow(account) for account in world.accounts.values())
    asked = html.escape(query["scope"].replace(",", ", "))
    return (
        "<!doctype html><meta charset=utf-8><title>TikTok (fake)</title>"
        f"<h1>This is not TikTok</h1><p>An app asks for: {asked}</p>"
        f"{choices}{link('Cancel', fake_deny='1')}"
    )


def _told(world: World, token: Token) -> dict[str, Any]:
    now = world.now()
    return {
        "access_token": token.access,
        "token_type": "Bearer",
        "scope": ",".join(sorted(token.scopes)),
        "expires_in": round(token.access_expires - now),
        "refresh_token": token.refresh,
        "refresh_token_expires_in": round(token.refresh_expires - now),
        "open_id": token.open_id,
    }


@endpoint("POST", "tt_user/oauth2/token/", needs_token=False)
def exchange(call: Call) -> dict[str, Any]:
    """Give tokens for a code."""
    app = app_of(call, "client_id", "client_secret")
    if call.text("grant_type") != "authorization_code":
        raise ApiError(40108)
    code, redirect = call.text("auth_code"), call.text("redirect_uri")
    return spend(call.world, app, code=code, redirect=redirect)


@endpoint("POST", "tt_user/oauth2/refresh_token/", needs_token=False)
def refresh(call: Call) -> dict[str, Any]:
    """Give new tokens for a refresh token."""
    app = app_of(call, "client_id", "client_secret")
    if call.text("grant_type") != "refresh_token":
        raise ApiError(40108)
    return spend(call.world, app, refresh_token=call.text("refresh_token"))


def spend(
    world: World, app: App, *, code: str = "", redirect: str = "", refresh_token: str = ""
) -> dict[str, Any]:
    """Give tokens for a code, or for a refresh token that may be good for nothing afterwards."""
    if refresh_token:
        return _told(world, _renewed(world, app, refresh_token))
    now, found = world.now(), world.codes.get(code)
    if found is None or found.used or found.expires <= now or found.app_id != app.app_id:
        raise ApiError(40110)
    if found.redirect_uri != redirect:
        raise ApiError(40110)
    found.used = True
    return _told(world, world.issue(app.app_id, found.open_id, found.scopes))


def _renewed(world: World, app: App, refresh_token: str) -> Token:
    now, modes = world.now(), world.modes
    old = world.by_refresh.get(refresh_token)
    if old is None or old.app_id != app.app_id or old.revoked or old.refresh_dies <= now:
        raise ApiError(40107)
    if old.refresh_expires <= now:
        raise ApiError(40103)
    fresh = world.issue(app.app_id, old.open_id, sorted(old.scopes))
    if modes.rotate_refresh:
        old.refresh_dies = min(old.refresh_dies, now + modes.old_refresh_grace_s)
    else:
        del world.by_refresh[fresh.refresh]
        fresh.refresh, fresh.refresh_expires = old.refresh, old.refresh_expires
        world.by_refresh[fresh.refresh] = fresh
    return fresh


@endpoint("POST", "tt_user/oauth2/revoke/", needs_token=False)
def revoke(call: Call) -> dict[str, Any]:
    """Let an app in no longer."""
    app = app_of(call, "client_id", "client_secret")
    token = call.world.by_access.get(call.text("access_token"))
    if token is None or token.revoked or token.app_id != app.app_id:
        raise ApiError(40131)
    for each in call.world.tokens:
        if (each.open_id, each.app_id) == (token.open_id, token.app_id):
            each.revoked = True
    return {}


@endpoint("POST", "tt_user/token_info/get/", needs_token=False)
def token_info(call: Call) -> dict[str, Any]:
    """Say whose a token is and what it is good for."""
    if call.broken:
        raise ApiError(40000)
    token = call.world.by_access.get(call.text("access_token"))
    if token is None or token.revoked or token.app_id != call.text("app_id"):
        raise ApiError(40105)
    if token.access_expires <= call.now:
        raise ApiError(40102)
    return {
        "app_id": token.app_id,
        "creator_id": token.open_id,
        "scope": ",".join(sorted(token.scopes)),
    }
