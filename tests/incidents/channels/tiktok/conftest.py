"""Our channel, and a TikTok that it is connected to."""

from collections.abc import Callable

import pytest

from incidents.channels.tiktok import Options, TikTokAccount, TikTokChannel
from incidents.channels.values import Credentials
from tests.platforms import APP_ID, APP_SECRET, OPEN_ID, FakeTikTok, _fake_tiktok, fake_tiktok
from tests.rig import receiver

__all__ = ["_fake_tiktok", "fake_tiktok", "receiver"]


@pytest.fixture
def options(fake_tiktok: FakeTikTok) -> Options:
    """What an installation sets so that the fake stands for TikTok."""
    return Options(
        app_id=APP_ID,
        app_secret=APP_SECRET,
        api_url=fake_tiktok.api_url,
        auth_url=fake_tiktok.url,
    )


@pytest.fixture
def channel(options: Options) -> TikTokChannel:
    """The channel without limits of its own."""
    return TikTokChannel(options)


@pytest.fixture
def connect(channel: TikTokChannel, fake_tiktok: FakeTikTok) -> Callable[..., TikTokAccount]:
    """Connect the brand's account, with all scopes or with some."""

    def connected(*scopes: str) -> TikTokAccount:
        return channel.connect(Credentials(OPEN_ID, fake_tiktok.token(*scopes)))

    return connected


@pytest.fixture
def account(connect: Callable[..., TikTokAccount]) -> TikTokAccount:
    """The brand's account, connected."""
    return connect()
