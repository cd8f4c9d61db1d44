"""How an account holder lets us in, in a browser, and how that is kept alive and ended."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

from incidents.channels.errors import (
    Ambiguous,
    Effect,
    GiveUp,
    NetworkError,
    Reason,
    Reauthorise,
    RefreshToken,
    Trace,
)
from incidents.channels.tiktok.client import Client, Result
from incidents.channels.tiktok.failures import REVOKED_ALREADY
from incidents.channels.tiktok.options import Options
from incidents.channels.values import Credentials


def authorize_url(options: Options, *, state: str, redirect_uri: str) -> str:
    """Return where the account holder's browser goes; `redirect_uri` is https and ends with `/`."""
    asked = {
        "client_key": options.app_id,
        "response_type": "code",
        "scope": ",".join(options.scopes),
        "redirect_uri": redirect_uri,
        "state": state,
        # Or somebody who has been here before may be sent back without being asked.
        "disable_auto_auth": "1",
    }
    return f"{options.auth_url}/v2/auth/authorize?{urlencode(asked)}"


def exchange(client: Client, code: str, *, redirect_uri: str, now: datetime) -> Credentials:
    """Turn the code that the browser brought back into credentials. A code is good once."""
    given = {
        "grant_type": "authorization_code",
        "auth_code": code,
        "redirect_uri": redirect_uri,
    }
    try:
        result = client.post("tt_user/oauth2/token/", _signed(client, given), Effect.ONCE)
    except Ambiguous as error:
        # The code may be used up and its tokens lost, so a new one is fetched in the browser.
        raise Reauthorise("exchange_unclear", trace=error.trace) from error
    return _credentials(result, now)


def refresh(client: Client, credentials: Credentials, *, now: datetime) -> Credentials:
    """Return new credentials, which replace the old ones at once.

    May be called again after a failure in the dark: where the old token died meanwhile, this says
    Reauthorise.
    """
    if not credentials.refresh_token:
        raise Reauthorise("no_credentials")
    given = {"grant_type": "refresh_token", "refresh_token": credentials.refresh_token}
    path = "tt_user/oauth2/refresh_token/"
    try:
        result = client.post(path, _signed(client, given), Effect.REPEATABLE)
    except RefreshToken as error:
        raise Reauthorise(error.code, trace=error.trace) from error
    return _credentials(result, now, refresh_token=credentials.refresh_token)


def revoke(client: Client, credentials: Credentials) -> None:
    """Let go of an account. Content where that has happened already."""
    given = {"access_token": credentials.access_token}
    try:
        client.post("tt_user/oauth2/revoke/", _signed(client, given), Effect.REPEATABLE)
    except NetworkError as error:
        if error.trace.network_code not in map(str, REVOKED_ALREADY):
            raise


def granted_scopes(client: Client, credentials: Credentials) -> frozenset[str]:
    """Return what the token is good for now, as the platform sees it."""
    given = {"app_id": client.options.app_id, "access_token": credentials.access_token}
    result = client.post("tt_user/token_info/get/", given, Effect.READ)
    return _scopes(result.data.text("scope"))


def _signed(client: Client, given: dict[str, str]) -> dict[str, str]:
    options = client.options
    if not options.app_id or not options.app_secret:
        raise GiveUp("app_not_set", reason=Reason.MISCONFIGURED)
    return {"client_id": options.app_id, "client_secret": options.app_secret, **given}


def _credentials(result: Result, now: datetime, *, refresh_token: str = "") -> Credentials:
    data = result.data
    access, account = data.text("access_token", 2_000), data.id_or_none("open_id")
    if not access or account is None:
        raise Reauthorise("no_token_given", trace=Trace(request_id=result.request_id))
    return Credentials(
        account_external_id=account,
        access_token=access,
        # It may be a new one or none: then the old one still holds.
        refresh_token=data.text("refresh_token", 2_000) or refresh_token,
        access_expires_at=_after(now, data.count("expires_in")),
        refresh_expires_at=_after(now, data.count("refresh_token_expires_in")),
        scopes=_scopes(data.text("scope")),
    )


def _after(now: datetime, seconds: int | None) -> datetime | None:
    return now + timedelta(seconds=min(seconds, 10**9)) if seconds is not None else None


def _scopes(text: str) -> frozenset[str]:
    return frozenset(each.strip() for each in text.split(",") if each.strip())
