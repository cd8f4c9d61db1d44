"""How a network is called on behalf of one account, and how often that may be.

A channel offers what its `capabilities` name, and whoever calls asks for them first. All of it
raises the tree in `errors.py` and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from incidents.channels.protocol import Channel
from incidents.channels.values import (
    Credentials,
    ListedComment,
    ListedConversation,
    ListedMention,
    ListedPost,
    Message,
    Page,
    PublicationStatus,
    Sent,
    Subscription,
)


@dataclass(frozen=True, slots=True)
class Bucket:
    """One limit that a call counts against: so many within a time.

    `key` names it for all processes. `recovery`: how long whoever exceeds it is shut out.
    """

    key: str
    most: int
    within: timedelta
    recovery: timedelta


class Pace(Protocol):
    """Holds the network's limits on our side.

    `take` raises RetryLater where one of the buckets is empty, before anything is called.
    `exceeded` is told when the network shut us out all the same, so that all processes pause.
    """

    def take(self, buckets: Sequence[Bucket]) -> None: ...

    def exceeded(self, buckets: Sequence[Bucket]) -> None: ...


class Unpaced:
    """No limits on our side: for a network that names none, and for tests."""

    def take(self, buckets: Sequence[Bucket]) -> None:
        """Let everything through."""

    def exceeded(self, buckets: Sequence[Bucket]) -> None:
        """Note nothing."""


@runtime_checkable
class AuthorisingChannel(Channel, Protocol):
    """A network that account holders let us into, in a browser.

    `scopes` are those that we ask for. `exchange` and `refresh` return credentials that replace
    all earlier ones; `revoke` is content when they were good for nothing already.
    """

    @property
    def scopes(self) -> tuple[str, ...]: ...

    def authorize_url(self, *, state: str, redirect_uri: str) -> str: ...

    def exchange(self, code: str, *, redirect_uri: str, now: datetime) -> Credentials: ...

    def refresh(self, credentials: Credentials, *, now: datetime) -> Credentials: ...

    def revoke(self, credentials: Credentials) -> None: ...


class Reads(Protocol):
    """What can be read, newest first where there is an order; without a cursor from the start."""

    def list_posts(self, cursor: str | None = None) -> Page[ListedPost]: ...

    def list_comments(self, post: str, cursor: str | None = None) -> Page[ListedComment]: ...

    def list_replies(
        self, post: str, comment: str, cursor: str | None = None
    ) -> Page[ListedComment]: ...

    def get_comment(self, post: str, comment: str) -> ListedComment | None: ...

    def list_mentions(
        self, cursor: str | None = None, *, days: int = 90
    ) -> Page[ListedMention]: ...

    def list_conversations(self, cursor: str | None = None) -> Page[ListedConversation]: ...

    def list_messages(self, conversation: str, cursor: str | None = None) -> Page[Message]: ...


class Commenting(Protocol):
    """A new comment under a post of the account's own."""

    def comment(self, post: str, text: str) -> Sent: ...


class Replying(Protocol):
    """An answer to what somebody wrote. `Ambiguous` where it may be there all the same."""

    def reply(self, post: str, comment: str, text: str) -> Sent: ...


class Hiding(Protocol):
    """Hiding from the public, and taking that back; doing it twice changes nothing."""

    def set_visibility(self, post: str, comment: str, *, hidden: bool) -> None: ...


class Deleting(Protocol):
    """Deleting what the account itself wrote; what is gone already is no error."""

    def delete_own(self, post: str, comment: str) -> None: ...


class Messaging(Protocol):
    """What can be said in private."""

    def send_message(self, conversation: str, text: str) -> Sent: ...


class Publishing(Protocol):
    """What can be published as a post of the account's own; the id is that of the job."""

    def publish_video(self, video_url: str, caption: str) -> Sent: ...

    def publish_photos(self, photo_urls: Sequence[str], caption: str) -> Sent: ...

    def publication_status(self, job: str) -> PublicationStatus: ...


class Subscriptions(Protocol):
    """Where the network sends its webhooks.

    The channel has these where an app subscribes for all its accounts, and the connected account
    where each has an address and a secret of its own.
    """

    def subscribe(self, topic: str, url: str) -> Subscription: ...

    def unsubscribe(self, topic: str) -> None: ...

    def subscription(self, topic: str) -> Subscription: ...
