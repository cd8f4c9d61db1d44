"""Sends a message as a signed webhook, thin: what it is about and where to look, nothing more."""

from datetime import timedelta
from typing import Any

from crisis_api.lib import clock
from crisis_api.lib.errors import ChannelError
from crisis_api.lib.http import Answer
from crisis_api.lib.signing import signed_post
from incidents.escalation.wording import Item, Message

TYPE = "reminder.due"
_GONE = 410


class WebhookSender:
    """Standard Webhooks 1.0, with the contact point's own secret."""

    def send(self, address: str, message: Message, *, message_id: str, secret: str = "") -> str:
        """Post one message; anything but 2xx is a failure, and 410 the end of this address."""
        now = clock.now()
        payload = {
            "type": TYPE,
            "timestamp": now.isoformat(),
            "data": {
                "text": message.short_text,
                "reminders": [_told(item) for item in message.items],
            },
        }
        answer = signed_post(address, [secret], message_id, payload, at=now)
        if not 200 <= answer.status < 300:
            raise _failure(answer)
        return ""


def _told(item: Item) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "mode": item.mode,
        "severity": item.severity or None,
        "reference": item.reference or None,
        "incident": item.incident_id or None,
        "step": item.step or None,
        "round": item.round or None,
        "open_minutes": item.open_minutes,
        "due_minutes": item.due_minutes,
        "late_minutes": item.late_minutes,
        "link": item.link or None,
        # Only what goes to a person's own webhook has one.
        "acknowledge_link": item.acknowledge_link or None,
    }


def _failure(answer: Answer) -> ChannelError:
    detail = f"The receiver answered {answer.status}."
    if answer.status == _GONE:
        return ChannelError("gone", detail, permanent=True)
    asked = {name.lower(): value for name, value in answer.headers.items()}.get("retry-after", "")
    seconds = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else None
    wait = None if seconds is None else timedelta(seconds=seconds)
    return ChannelError(f"http_{answer.status}", detail, retry_after=wait)
