"""The other platform, TikTok for Developers: no comments there, another envelope, real statuses.

The product does not use it. It is here to tell the two apart: a client that mixes them up is
refused as it would be outside.
"""

from typing import Any

from tests.fake_tiktok.errors import ApiError
from tests.fake_tiktok.limits import Limits
from tests.fake_tiktok.oauth import spend
from tests.fake_tiktok.world import Publication, Token, World

Answer = tuple[int, dict[str, Any]]
_STATUSES = {
    "access_token_invalid": 401,
    "scope_not_authorized": 401,
    "invalid_params": 400,
    "rate_limit_exceeded": 429,
}
_PUBLISHING = "video.publish"


class Refused(Exception):
    """An answer with a code that is not ok."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code


def answer(
    world: World, limits: Limits, path: str, values: dict[str, Any], bearer: str, log_id: str
) -> Answer | None:
    """Carry out a call; None where there is no such path."""
    if path in ("/v2/oauth/token/", "/v2/oauth/revoke/"):
        return _oauth(world, path, values, log_id)
    door = {
        "/v2/post/publish/creator_info/query/": _creator,
        "/v2/post/publish/video/init/": _publish,
        "/v2/post/publish/status/fetch/": _status,
    }.get(path)
    if door is None:
        return None
    try:
        token = world.by_access.get(bearer)
        if token is None or token.revoked or token.access_expires <= world.now():
            raise Refused("access_token_invalid", "The access token is invalid.")
        if _PUBLISHING not in token.scopes:
            raise Refused("scope_not_authorized", "The user did not authorize the scope.")
        data = door(world, limits, token, values)
    except Refused as error:
        status = _STATUSES.get(error.code, 500)
        return status, {"data": {}, "error": _error(error.code, str(error), log_id)}
    return 200, {"data": data, "error": _error("ok", "", log_id)}


def _error(code: str, message: str, log_id: str) -> dict[str, str]:
    return {"code": code, "message": message, "log_id": log_id}


def _oauth(world: World, path: str, values: dict[str, Any], log_id: str) -> Answer:
    def refused(error: str) -> Answer:
        return 400, {"error": error, "error_description": error, "log_id": log_id}

    app = world.apps.get(values.get("client_key", ""))
    if app is None or app.secret != values.get("client_secret"):
        return refused("invalid_client")
    if path == "/v2/oauth/revoke/":
        token = world.by_access.get(values.get("token", ""))
        if token is not None:
            token.revoked = True
        return 200, {}
    try:
        if values.get("grant_type") == "authorization_code":
            told = spend(
                world, app, code=values.get("code", ""), redirect=values.get("redirect_uri", "")
            )
        elif values.get("grant_type") == "refresh_token":
            told = spend(world, app, refresh_token=values.get("refresh_token", ""))
        else:
            return refused("unsupported_grant_type")
    except ApiError:
        return refused("invalid_grant")
    told["refresh_expires_in"] = told.pop("refresh_token_expires_in")
    return 200, told


def _creator(world: World, limits: Limits, token: Token, values: dict[str, Any]) -> dict[str, Any]:
    account = world.accounts[token.open_id]
    return {
        "creator_username": account.username,
        "creator_nickname": account.display_name,
        "privacy_level_options": ["PUBLIC_TO_EVERYONE", "SELF_ONLY"],
        "max_video_post_duration_sec": 600,
    }


def _publish(world: World, limits: Limits, token: Token, values: dict[str, Any]) -> dict[str, Any]:
    source = values.get("source_info", {})
    if source.get("source") != "PULL_FROM_URL" or not source.get("video_url"):
        raise Refused("invalid_params", "source_info is not complete.")
    try:
        limits.publication(world.modes, world.now(), token.open_id)
    except ApiError:
        raise Refused("rate_limit_exceeded") from None
    publish_id = f"v_pub_url~v2.{world.new_id()}"
    world.publications[publish_id] = Publication(
        share_id=publish_id,
        open_id=token.open_id,
        caption=str(values.get("post_info", {}).get("title", "")),
        media_type="VIDEO",
        began=world.now(),
        outcome=world.modes.publish_outcome,
        reason=world.modes.publish_reason,
    )
    return {"publish_id": publish_id}


def _status(world: World, limits: Limits, token: Token, values: dict[str, Any]) -> dict[str, Any]:
    publication = world.publications.get(values.get("publish_id", ""))
    if publication is None or publication.open_id != token.open_id:
        raise Refused("invalid_params", "publish_id is not known.")
    found: dict[str, Any] = {"status": publication.status}
    if publication.post_id:
        # Spelt so on the real platform.
        found["publicaly_available_post_id"] = [int(publication.post_id)]
    if publication.status == "FAILED":
        found["fail_reason"] = publication.reason
    return found
