"""Sends a message through Telegram, Slack, Teams, SMS and whatever else Apprise knows."""

from crisis_api.access.services import addresses
from crisis_api.lib.errors import ChannelError, Invalid
from incidents.escalation.senders.protocol import TIME_LIMIT
from incidents.escalation.senders.time_limit import within
from incidents.escalation.wording import Message


class AppriseSender:
    """Any address whose scheme is one of APPRISE_SCHEMES."""

    def send(self, address: str, message: Message, *, message_id: str, secret: str = "") -> str:
        """Hand one message to the service.

        Apprise does not tell why a service refused, so no refusal counts as permanent but that of
        an address which may no longer be used.
        """
        try:
            service = addresses.apprise_service(address)
        except Invalid as error:
            raise ChannelError(
                error.errors[0].code, error.errors[0].detail, permanent=True
            ) from error
        from apprise import Apprise, NotifyFormat  # loaded by now, and only where it is used

        # Addresses may set times of their own.
        service.socket_connect_timeout = service.socket_read_timeout = TIME_LIMIT.seconds / 3
        room = service.body_maxlen - len(message.subject) - 2
        text = message.body_text if len(message.body_text) <= room else message.short_text
        title = "" if text is message.short_text else message.subject
        channel = Apprise()
        channel.add(service)
        if not within(
            TIME_LIMIT,
            lambda: channel.notify(body=text, title=title, body_format=NotifyFormat.TEXT),
            destination=f"{address.partition('://')[0]}://{getattr(service, 'host', '')}",
        ):
            raise ChannelError("service_refused", "The service did not take the message.")
        return ""
