"""The networks of this installation, as its settings say: whose app calls, where, how fast."""

from datetime import timedelta
from typing import Any, Final

from django.conf import settings

from incidents.channels import registry
from incidents.channels.manual import ManualChannel
from incidents.channels.telegram import TelegramChannel
from incidents.channels.tiktok import Options, TikTokChannel
from incidents.models import Account
from incidents.services.pace import SharedPace

PACE: Final = SharedPace()


def register() -> None:
    """Make the networks known; called at start, and again where a test changed the settings."""
    registry.register(ManualChannel())
    registry.register(TikTokChannel(tiktok_options(), PACE))
    registry.register(TelegramChannel(api_url=settings.TELEGRAM_API_BASE_URL, pace=PACE))


def tiktok_options() -> Options:
    """Return what the settings say about TikTok."""
    known: dict[str, Any] = {}
    if settings.TIKTOK_SCOPES:
        known["scopes"] = tuple(settings.TIKTOK_SCOPES)
    return Options(
        app_id=settings.TIKTOK_APP_ID,
        app_secret=next(iter(settings.TIKTOK_APP_SECRET), ""),
        api_url=settings.TIKTOK_API_BASE_URL.rstrip("/"),
        auth_url=settings.TIKTOK_AUTH_BASE_URL.rstrip("/"),
        text_limit=settings.TIKTOK_TEXT_LIMIT,
        sort_parameter=settings.TIKTOK_SORT_PARAMETER,
        can_pin=settings.TIKTOK_CAN_PIN,
        per_app_second=settings.TIKTOK_APP_CALLS_PER_SECOND,
        per_app_minute=settings.TIKTOK_APP_CALLS_PER_MINUTE,
        per_account_minute=settings.TIKTOK_ACCOUNT_CALLS_PER_MINUTE,
        **known,
    )


def channel_of(account: Account) -> Any:
    """Return the channel of an account's network, with whatever that can do."""
    return registry.get(account.network)


def tolerance() -> timedelta:
    """Return how far the time of a signed webhook may be from ours."""
    return timedelta(seconds=settings.TIKTOK_WEBHOOK_TOLERANCE_SECONDS)
