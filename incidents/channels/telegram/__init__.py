"""Telegram, through a bot that stands in the brand's chats: it hears and answers.

No history, no hiding, no news of deletions: what was missed is missed, and what may have been sent
cannot be looked up. A person makes the bot and brings its token, so there is no browser to send to.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from incidents.channels.connection import Pace, Unpaced
from incidents.channels.errors import Effect, GiveUp, Reason, Trace, unclear
from incidents.channels.protocol import Capability, ParseOutcome, WebhookReply, WebhookRequest
from incidents.channels.telegram import messages
from incidents.channels.telegram.client import API_URL, Client, Limits
from incidents.channels.values import Credentials, Profile, Sent, Subscription
from incidents.channels.wire import Fields, Unreadable

__all__ = ["Limits", "TelegramAccount", "TelegramChannel"]

HEADER: Final = "x-telegram-bot-api-secret-token"
TOPIC: Final = "updates"
_LONGEST: Final = 4_096


class TelegramChannel:
    """Telegram as intake and outbound see it."""

    name = "telegram"
    capabilities = frozenset(
        {
            Capability.WEBHOOKS,
            Capability.SUBSCRIBE,
            Capability.REPLY,
            Capability.SEND_MESSAGE,
            Capability.DELETE_OWN,
        }
    )
    ack_body = b""
    topics = (TOPIC,)

    def __init__(
        self, *, api_url: str = API_URL, pace: Pace | None = None, limits: Limits | None = None
    ) -> None:
        self._client: Callable[..., Client] = partial(
            Client, pace=pace or Unpaced(), api_url=api_url, limits=limits or Limits()
        )

    def parse(self, raw: bytes, content_type: str = "") -> ParseOutcome:
        """Read one update."""
        return messages.parse(raw)

    def handshake(self, request: WebhookRequest) -> WebhookReply | None:
        """Answer nothing: Telegram checks no address."""
        return None

    def verify(
        self,
        request: WebhookRequest,
        secrets: tuple[str, ...],
        now: datetime,
        tolerance: timedelta,
    ) -> bool:
        """Whether it carries a secret of the account; nothing of it is signed, nor is a time."""
        given = request.headers.get(HEADER, "").encode("utf-8", "replace")
        good = False
        for secret in secrets:
            # All are compared, so that the time tells nothing; nobody has the empty one.
            good |= bool(secret) and hmac.compare_digest(secret.encode(), given)
        return good

    def addressee(self, raw: bytes) -> str | None:
        """Return nothing: each bot has an address of its own, which says whose it is."""
        return None

    def connect(self, credentials: Credentials) -> "TelegramAccount":
        """Return the bot whose token the credentials hold."""
        client = self._client(credentials.access_token, bot=credentials.account_external_id)
        return TelegramAccount(client, credentials)

    def text_limit(self) -> int:
        """Return how long a message may be."""
        return _LONGEST

    def length(self, text: str) -> int:
        """Return how long a text is, as Telegram counts: in UTF-16 units, an emoji being two."""
        return len(text.encode("utf-16-le", "replace")) // 2


@dataclass(frozen=True, slots=True)
class TelegramAccount:
    """Calls for one bot. Every failure is one of `incidents.channels.errors`."""

    client: Client
    credentials: Credentials

    def profile(self) -> Profile:
        """Return who the bot is: the first call with a token that somebody brought."""
        told = self.client.call("getMe", {}, Effect.READ)
        handle = told.text("username", 100)
        try:
            bot = told.id("id")
        except Unreadable:
            raise unclear("answer_unreadable", Effect.READ, Trace(status=200)) from None
        url = f"https://t.me/{handle}" if handle else ""
        return Profile(bot, handle, told.text("first_name", 255), url)

    def reply(self, post: str, comment: str, text: str) -> Sent:
        """Answer a message in the chat where it stands; refused where it is gone."""
        chat, number = self._place(comment)
        # Without this it would be sent all the same, as an answer to nobody.
        answered = {"message_id": int(number), "allow_sending_without_reply": False}
        sent = self._sent(chat, text, reply_parameters=answered)
        return replace(sent, post_external_id=post or chat, parent_external_id=comment)

    def send_message(self, conversation: str, text: str) -> Sent:
        """Write to somebody who has written to the bot."""
        try:
            chat = str(int(conversation))
        except ValueError:
            raise GiveUp("not_found", reason=Reason.NOT_FOUND) from None
        return replace(self._sent(chat, text), parent_external_id=conversation)

    def delete_own(self, post: str, comment: str) -> None:
        """Delete what the bot wrote; what is gone already is no error."""
        chat, number = self._place(comment)
        given = {"chat_id": int(chat), "message_id": int(number)}
        try:
            self.client.call("deleteMessage", given, Effect.REPEATABLE, chat=chat)
        except GiveUp as error:
            if error.reason is not Reason.NOT_FOUND:
                raise

    def subscribe(self, topic: str, url: str) -> Subscription:
        """Have updates sent to an address, with the account's own secret."""
        secret = self.credentials.webhook_secret
        if not secret:
            raise GiveUp("no_webhook_secret", reason=Reason.MISCONFIGURED)
        given = {"url": url, "secret_token": secret, "allowed_updates": list(messages.UPDATES)}
        self.client.call("setWebhook", given, Effect.REPEATABLE)
        return Subscription(topic, url)

    def unsubscribe(self, topic: str) -> None:
        """Have updates sent nowhere; those on their way are kept for a day."""
        self.client.call("deleteWebhook", {}, Effect.REPEATABLE)

    def subscription(self, topic: str) -> Subscription:
        """Return where updates go now."""
        told = self.client.call("getWebhookInfo", {}, Effect.READ)
        return Subscription(topic, told.url("url") or None)

    def _sent(self, chat: str, text: str, **more: object) -> Sent:
        given = {"chat_id": int(chat), "text": text, **more}
        told = self.client.call("sendMessage", given, Effect.ONCE, chat=chat)
        try:
            return self._read(told)
        except Unreadable:
            raise unclear("accepted_without_id", Effect.ONCE, Trace(status=200)) from None

    def _read(self, told: Fields) -> Sent:
        return Sent(
            external_id=messages.joined(told.fields("chat").id("id"), told.id("message_id")),
            author_external_id=told.fields("from").id_or_none("id") or "",
            created_at=told.moment_or_none("date"),
        )

    def _place(self, external_id: str) -> tuple[str, str]:
        try:
            return messages.split(external_id)
        except ValueError:
            raise GiveUp("not_found", reason=Reason.NOT_FOUND) from None
