"""What every network's channel looks like, and the plain values its parser hands over.

A channel turns the raw bytes of a receipt into `ParsedMention` values, and into `ParsedEvent`s
where its network tells of more than what people wrote. It decides nothing and stores nothing:
whatever it cannot read becomes a `ParseError` with a code, and what it could read is kept beside
it. How a network is called is in `connection.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable


class MentionKind(StrEnum):
    """What arrived."""

    COMMENT = "comment"
    REPLY = "reply"
    DIRECT_MESSAGE = "direct_message"
    BRAND_MENTION = "brand_mention"
    PRESS_ENQUIRY = "press_enquiry"


class AuthorKind(StrEnum):
    """Who wrote it, as far as known."""

    CUSTOMER = "customer"
    CREATOR = "creator"
    PRESS = "press"
    EMPLOYEE = "employee"
    UNKNOWN = "unknown"


class Capability(StrEnum):
    """What a network lets us do. A verb asks for its capability before it is offered."""

    IMPORT = "import"
    AUTHORISE = "authorise"
    WEBHOOKS = "webhooks"
    SUBSCRIBE = "subscribe"
    LIST_POSTS = "list_posts"
    LIST_COMMENTS = "list_comments"
    LIST_REPLIES = "list_replies"
    GET_COMMENT = "get_comment"
    MENTIONS = "mentions"
    CONVERSATIONS = "conversations"
    COMMENT = "comment"
    REPLY = "reply"
    HIDE = "hide"
    DELETE_OWN = "delete_own"
    DELETE_ANY = "delete_any"
    LIKE = "like"
    PIN = "pin"
    SEND_MESSAGE = "send_message"
    PUBLISH = "publish"


class Visibility(StrEnum):
    """Who can see it."""

    PUBLIC = "public"
    HIDDEN = "hidden"
    RESTRICTED = "restricted"
    DELETED = "deleted"


class EventKind(StrEnum):
    """What a network tells of."""

    COMMENT_CREATED = "comment.created"
    COMMENT_EDITED = "comment.edited"
    COMMENT_DELETED = "comment.deleted"
    COMMENT_HIDDEN = "comment.hidden"
    COMMENT_RESTRICTED = "comment.restricted"
    COMMENT_PUBLISHED = "comment.published"
    MENTION_CREATED = "mention.created"
    MENTION_EDITED = "mention.edited"
    MENTION_RESTRICTED = "mention.restricted"
    MESSAGE_RECEIVED = "message.received"
    MESSAGE_EDITED = "message.edited"
    MESSAGE_SENT = "message.sent"
    MESSAGE_READ = "message.read"
    PUBLICATION_COMPLETED = "publication.completed"
    PUBLICATION_VISIBLE = "publication.visible"
    PUBLICATION_WITHDRAWN = "publication.withdrawn"
    PUBLICATION_FAILED = "publication.failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ParsedMention:
    """One comment, message or mention, as its network tells it.

    Times are aware and in UTC. Ids are the network's own, as strings whatever their size.
    `external_id` is None only where the network gives none and the parser derives none.
    A deletion may carry nothing but ids: then `deleted` is true and `text` is empty.
    `seen_at`: as of when `hidden` holds, either way; None where only a hidden one was told as such.
    """

    external_id: str | None
    kind: MentionKind
    text: str
    author_external_id: str
    author_name: str
    author_kind: AuthorKind
    author_followers: int | None
    post_external_id: str | None
    post_url: str
    url: str
    language: str | None
    written_at: datetime
    parent_external_id: str | None
    account_handle: str
    deleted: bool = False
    hidden: bool = False
    answer_by: datetime | None = None
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ParsedEvent:
    """One thing that a network told of, with as much of it as it told.

    `name` is the network's own word, so that one which nobody knows yet is kept and shown.
    `account_external_id` is empty where only the address it came to says whose it is.
    `dedupe_key` is the same however often it is delivered. `own`: the account itself did it; None
    where the network does not say, as when our own reply comes back. `partial`: ids only,
    or less than the network would tell when asked. `visibility` is what follows for the object,
    None where nothing does. `mention` is what somebody wrote, where that was told; for a message
    of our own, what we wrote. `through_api`: a program sent it, ours or another.
    """

    name: str
    kind: EventKind
    account_external_id: str
    occurred_at: datetime
    dedupe_key: str
    external_id: str | None = None
    post_external_id: str | None = None
    parent_external_id: str | None = None
    conversation_external_id: str | None = None
    author_external_id: str = ""
    own: bool | None = None
    through_api: bool | None = None
    partial: bool = False
    visibility: Visibility | None = None
    reason: str = ""
    mention: ParsedMention | None = None


@dataclass(frozen=True, slots=True)
class ParseError:
    """Why one line or item could not be read.

    `line` counts from 1 for files and lists alike (a CSV header is line 1). `pointer` is an
    RFC 6901 pointer into the item, empty when the whole item is meant. `code` and `params`
    are for the door to put into words.
    """

    line: int
    pointer: str
    code: str
    params: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ParseOutcome:
    """Everything one receipt gave: what was read, what was not, and what was odd.

    Warnings cost nothing (an unknown column); every error cost at least one item. `mentions`
    are whole enough to be stored as they are; `events` say everything, these included.
    """

    mentions: tuple[ParsedMention, ...] = ()
    errors: tuple[ParseError, ...] = ()
    warnings: tuple[ParseError, ...] = ()
    events: tuple[ParsedEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """What a network's webhook sent, untouched. Header names are lower case."""

    method: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class WebhookReply:
    """What to answer a webhook with at once."""

    status: int
    body: bytes
    content_type: str = "text/plain"


@runtime_checkable
class Channel(Protocol):
    """A network as intake sees it."""

    @property
    def name(self) -> str: ...

    @property
    def capabilities(self) -> frozenset[Capability]: ...

    def parse(self, raw: bytes, content_type: str) -> ParseOutcome:
        """Read a receipt's bytes. Never raises on what they hold."""
        ...


@runtime_checkable
class WebhookChannel(Channel, Protocol):
    """A network that pushes.

    `handshake` answers a subscription check (None: this request is not one). `verify` says
    whether the raw bytes were signed by the network for one of `secrets`, at `now` give or take
    `tolerance` where it signs a time. `addressee` names the account of a verified delivery by its
    id on the network (None: the address it came to says it, or nobody can). `ack_body` is what a
    delivery is answered with once its receipt is committed, whether or not it could be read.
    """

    @property
    def ack_body(self) -> bytes: ...

    def handshake(self, request: WebhookRequest) -> WebhookReply | None: ...

    def verify(
        self,
        request: WebhookRequest,
        secrets: tuple[str, ...],
        now: datetime,
        tolerance: timedelta,
    ) -> bool: ...

    def addressee(self, raw: bytes) -> str | None: ...
