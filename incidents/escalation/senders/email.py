"""Sends a message as e-mail, through the server that EMAIL_URL names."""

import smtplib
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from crisis_api.lib.errors import ChannelError
from incidents.escalation.senders.protocol import TIME_LIMIT
from incidents.escalation.senders.time_limit import within
from incidents.escalation.wording import Message

# Answers by which a server says that this mailbox will never take a message (RFC 5321, 4.2.3).
_NO_SUCH_MAILBOX = frozenset({550, 551, 553, 556})
_EACH_WAIT = TIME_LIMIT - timedelta(seconds=1)


class EmailSender:
    """Plain text, marked urgent, with a message id that stays when it is sent again."""

    def send(self, address: str, message: Message, *, message_id: str, secret: str = "") -> str:
        """Hand one message to the mail server; its message id is the reference."""
        reference = f"<{message_id}@crisis-api>"
        mail = EmailMessage(
            message.subject,
            message.body_text,
            to=[address],
            headers={
                "Message-ID": reference,
                # So that no holiday answers and no loops come back (RFC 3834).
                "Auto-Submitted": "auto-generated",
                "Importance": "high",
            },
            connection=get_connection(timeout=_EACH_WAIT.total_seconds()),
        )
        try:
            server = f"smtp://{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
            within(TIME_LIMIT, mail.send, destination=server)
        except smtplib.SMTPException as error:
            raise _refusal(error) from error
        except (OSError, ValueError) as error:
            raise ChannelError("mail_server_unreachable", type(error).__name__) from error
        return reference


def _refusal(error: smtplib.SMTPException) -> ChannelError:
    code = _reply_code(error)
    if isinstance(error, smtplib.SMTPRecipientsRefused) and code in _NO_SUCH_MAILBOX:
        return ChannelError("no_such_mailbox", f"The mail server said {code}.", permanent=True)
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return ChannelError("mail_server_hung_up", ambiguous=True)
    return ChannelError("mail_server_refused", f"The mail server said {code}.")


def _reply_code(error: smtplib.SMTPException) -> int:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max((code for code, _text in error.recipients.values()), default=0)
    return int(getattr(error, "smtp_code", 0) or 0)
