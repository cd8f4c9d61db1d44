from datetime import datetime, timedelta

import pytest

from incidents.channels import registry
from incidents.channels.manual import ManualChannel
from incidents.channels.protocol import (
    Capability,
    Channel,
    ParseOutcome,
    WebhookChannel,
    WebhookReply,
    WebhookRequest,
)


class PushedChannel:
    name = "pushed"
    capabilities = frozenset({Capability.WEBHOOKS, Capability.REPLY})
    ack_body = b"ok"

    def parse(self, raw: bytes, content_type: str) -> ParseOutcome:
        return ParseOutcome()

    def handshake(self, request: WebhookRequest) -> WebhookReply | None:
        challenge = request.query.get("challenge")
        return WebhookReply(200, challenge.encode()) if challenge else None

    def verify(
        self,
        request: WebhookRequest,
        secrets: tuple[str, ...],
        now: datetime,
        tolerance: timedelta,
    ) -> bool:
        return request.headers.get("x-signature", "") in secrets

    def addressee(self, raw: bytes) -> str | None:
        return None


@pytest.fixture(autouse=True)
def empty_registry(monkeypatch):
    monkeypatch.setattr(registry, "_channels", {})


def test_gives_back_what_was_registered():
    channel = ManualChannel()
    registry.register(channel)
    assert registry.get("manual") is channel
    assert registry.names() == ("manual",)


def test_names_what_it_knows_when_asked_for_something_else():
    registry.register(ManualChannel())
    with pytest.raises(registry.UnknownChannel, match="'mySpace'; known: manual"):
        registry.get("mySpace")


def test_takes_the_same_channel_twice():
    registry.register(ManualChannel())
    registry.register(ManualChannel())
    assert registry.names() == ("manual",)


def test_refuses_two_channels_of_one_name():
    registry.register(ManualChannel())
    impostor = PushedChannel()
    impostor.name = "manual"
    with pytest.raises(ValueError, match="two channels"):
        registry.register(impostor)


def test_finds_channels_by_what_they_can_do():
    registry.register(ManualChannel())
    registry.register(PushedChannel())
    assert [c.name for c in registry.with_capability(Capability.REPLY)] == ["pushed"]
    assert [c.name for c in registry.with_capability(Capability.IMPORT)] == ["manual"]
    assert registry.with_capability(Capability.HIDE) == ()


def test_tells_a_network_that_pushes_from_one_that_does_not():
    assert isinstance(ManualChannel(), Channel)
    assert not isinstance(ManualChannel(), WebhookChannel)
    assert isinstance(PushedChannel(), WebhookChannel)
