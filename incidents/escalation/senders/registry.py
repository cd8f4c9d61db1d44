"""Which sender serves which kind of contact point."""

from crisis_api.lib.errors import ChannelError
from incidents.escalation.senders.apprise import AppriseSender
from incidents.escalation.senders.console import ConsoleSender
from incidents.escalation.senders.email import EmailSender
from incidents.escalation.senders.protocol import Sender
from incidents.escalation.senders.webhook import WebhookSender

_SENDERS: dict[str, Sender] = {
    "apprise": AppriseSender(),
    "console": ConsoleSender(),
    "email": EmailSender(),
    "webhook": WebhookSender(),
}


def get(kind: str) -> Sender:
    """Return the sender for a kind of contact point; raise ChannelError where there is none."""
    try:
        return _SENDERS[kind]
    except KeyError:
        raise ChannelError("unknown_kind", f"Nobody sends to {kind}.", permanent=True) from None
