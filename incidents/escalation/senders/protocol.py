"""What every way to reach somebody has in common."""

from datetime import timedelta
from typing import Protocol

from incidents.escalation.wording import Message

TIME_LIMIT = timedelta(seconds=10)


class Sender(Protocol):
    """One way to reach a contact point, such as e-mail."""

    def send(self, address: str, message: Message, *, message_id: str, secret: str = "") -> str:
        """Send one message and return the receiver's own reference to it, "" where it has none.

        Returns within TIME_LIMIT, or raises ChannelError: `permanent` where this address will
        never work, `ambiguous` where the message may have arrived all the same. `message_id` stays
        the same whenever the message is sent again. `secret` signs what can be signed.
        """
