"""TikTok, through its API for Business only: comments, mentions, messages, publishing, webhooks.

channel = TikTokChannel(Options(app_id=…, app_secret=…))
channel.authorize_url(state=…, redirect_uri=…)          # the browser goes there and back
credentials = channel.exchange(code, redirect_uri=…, now=…)
account = channel.connect(credentials)
account.reply(post, comment, text)
"""

from dataclasses import replace
from datetime import datetime, timedelta

from incidents.channels.connection import Pace, Unpaced
from incidents.channels.protocol import Capability, ParseOutcome, WebhookReply, WebhookRequest
from incidents.channels.tiktok import authorisation, signatures, subscriptions, webhooks
from incidents.channels.tiktok.account import TikTokAccount
from incidents.channels.tiktok.client import Client
from incidents.channels.tiktok.options import Options
from incidents.channels.values import Credentials, Subscription

__all__ = ["Options", "TikTokAccount", "TikTokChannel"]

_ALWAYS = frozenset(Capability) - {Capability.IMPORT, Capability.DELETE_ANY, Capability.PIN}


class TikTokChannel:
    """The platform the product exists for."""

    name = "tiktok"
    # Whatever it is answered, it looks at the status alone.
    ack_body = b""
    topics = subscriptions.TOPICS

    def __init__(self, options: Options | None = None, pace: Pace | None = None) -> None:
        self.options = options or Options()
        self.pace = pace or Unpaced()
        self._client = Client(self.options, self.pace)

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it lets us do; others' comments can be hidden and not deleted."""
        return _ALWAYS | {Capability.PIN} if self.options.can_pin else _ALWAYS

    @property
    def scopes(self) -> tuple[str, ...]:
        """What the account holder is asked for."""
        return self.options.scopes

    def parse(self, raw: bytes, content_type: str = "") -> ParseOutcome:
        """Read one webhook delivery."""
        return webhooks.parse(raw)

    def handshake(self, request: WebhookRequest) -> WebhookReply | None:
        """Answer nothing: an address is set by the app itself and never checked."""
        return None

    def verify(
        self,
        request: WebhookRequest,
        secrets: tuple[str, ...],
        now: datetime,
        tolerance: timedelta,
    ) -> bool:
        """Whether TikTok signed these bytes with a secret of the app, about now."""
        return signatures.is_signed(request, secrets, now, tolerance)

    def addressee(self, raw: bytes) -> str | None:
        """Return the account that a delivery is for, by its id on the network."""
        return webhooks.addressee(raw)

    def authorize_url(self, *, state: str, redirect_uri: str) -> str:
        """Return where the account holder's browser goes."""
        return authorisation.authorize_url(self.options, state=state, redirect_uri=redirect_uri)

    def exchange(self, code: str, *, redirect_uri: str, now: datetime) -> Credentials:
        """Turn the code that the browser brought back into credentials."""
        return authorisation.exchange(self._client, code, redirect_uri=redirect_uri, now=now)

    def refresh(self, credentials: Credentials, *, now: datetime) -> Credentials:
        """Return new credentials, which replace the old ones at once."""
        return authorisation.refresh(self._client, credentials, now=now)

    def revoke(self, credentials: Credentials) -> None:
        """Let go of an account."""
        authorisation.revoke(self._client, credentials)

    def granted_scopes(self, credentials: Credentials) -> frozenset[str]:
        """Return what credentials are good for now, as the platform sees it."""
        return authorisation.granted_scopes(self._client, credentials)

    def connect(self, credentials: Credentials) -> TikTokAccount:
        """Return the account that the credentials let us act for."""
        account, token = credentials.account_external_id, credentials.access_token
        return TikTokAccount(replace(self._client, account=account, token=token))

    def subscribe(self, topic: str, url: str) -> Subscription:
        """Have one kind of event sent to an address."""
        return subscriptions.subscribe(self._client, topic, url)

    def unsubscribe(self, topic: str) -> None:
        """Have one kind of event sent nowhere."""
        subscriptions.unsubscribe(self._client, topic)

    def subscription(self, topic: str) -> Subscription:
        """Return where one kind of event goes now."""
        return subscriptions.subscription(self._client, topic)

    def text_limit(self) -> int:
        """Return how long a comment or reply may be."""
        return self.options.text_limit

    def length(self, text: str) -> int:
        """Return how long a text is, as the platform counts."""
        return len(text)
