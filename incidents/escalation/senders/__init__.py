"""The ways to reach a contact point, one file each; `get("email")` returns the one of that kind."""

from incidents.escalation.senders.protocol import Sender
from incidents.escalation.senders.registry import get

__all__ = ["Sender", "get"]
