"""The platforms that accounts are connected to."""

from tests.platforms import _fake_tiktok, connected_tiktok, fake_tiktok

__all__ = ["_fake_tiktok", "connected_tiktok", "fake_tiktok"]
