"""The fakes themselves under test: nothing of the product is called here."""

from tests.platforms import _fake_tiktok, fake_tiktok
from tests.rig import receiver

__all__ = ["_fake_tiktok", "fake_tiktok", "receiver"]
