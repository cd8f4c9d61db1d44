"""Prints a message instead of sending it: for development and demonstrations."""

import sys

from incidents.escalation.wording import Message


class ConsoleSender:
    """The twin of all others that needs nothing and reaches nobody."""

    def send(self, address: str, message: Message, *, message_id: str, secret: str = "") -> str:
        """Print the subject, and the links to open and to acknowledge."""
        lines = [f"Reminder to {address}: {message.subject}"]
        for item in message.items:
            lines += [f"  open        {item.link}"] if item.link else []
            lines += [f"  acknowledge {item.acknowledge_link}"] if item.acknowledge_link else []
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
        return ""
