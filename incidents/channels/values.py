"""Plain values that channels hand over. Ids and cursors are the network's own, always as strings.

What a network does not tell is None, never a guess. Times are aware and in UTC.
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from incidents.channels.protocol import ParsedMention, Visibility

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list, and where the next one begins; None where this is the end.

    `skipped` counts items that could not be read. A page may be empty and not be the last.
    `cut_short`: the network said there is more and not where, so that this end is none.
    """

    items: tuple[T, ...]
    next_cursor: str | None = None
    skipped: int = 0
    cut_short: bool = False


@dataclass(frozen=True, slots=True)
class Credentials:
    """What lets us act for an account. Kept encrypted, and never shown.

    `webhook_secret` is for networks that are told one for each account, and repeat it with every
    delivery; where an app signs for all its accounts there is none.
    """

    account_external_id: str
    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    access_expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None
    scopes: frozenset[str] = frozenset()
    webhook_secret: str = field(default="", repr=False)

    def to_json(self) -> str:
        """Return it as it is encrypted."""
        values = asdict(self) | {"scopes": sorted(self.scopes)}
        return json.dumps(
            {
                name: value.isoformat() if isinstance(value, datetime) else value
                for name, value in values.items()
            }
        )

    @classmethod
    def from_json(cls, text: str) -> "Credentials":
        """Return what `to_json` wrote."""
        values = json.loads(text)
        for name in ("access_expires_at", "refresh_expires_at"):
            if values[name] is not None:
                values[name] = datetime.fromisoformat(values[name])
        return cls(**values | {"scopes": frozenset(values["scopes"])})


@dataclass(frozen=True, slots=True)
class Profile:
    """Who an account is on its network."""

    external_id: str
    handle: str
    name: str
    url: str = ""
    followers: int | None = None
    is_verified: bool | None = None


@dataclass(frozen=True, slots=True)
class ListedPost:
    """A video or post of the account itself."""

    external_id: str
    url: str
    title: str
    published_at: datetime | None
    kind: str = ""
    reach: int | None = None
    views: int | None = None
    likes: int | None = None
    comments: int | None = None
    shares: int | None = None
    is_ad: bool | None = None


@dataclass(frozen=True, slots=True)
class ListedComment:
    """A comment or reply as the network shows it now. `own`: the account itself wrote it."""

    mention: ParsedMention
    own: bool | None
    visibility: Visibility
    likes: int | None = None
    reply_count: int | None = None
    pinned: bool | None = None
    replies: tuple["ListedComment", ...] = ()


@dataclass(frozen=True, slots=True)
class ListedMention:
    """Somebody's video or comment elsewhere that names the brand."""

    mention: ParsedMention
    post_title: str = ""
    likes: int | None = None
    views: int | None = None
    comments: int | None = None
    reach: int | None = None


@dataclass(frozen=True, slots=True)
class ListedConversation:
    """A thread of direct messages."""

    external_id: str
    updated_at: datetime | None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A direct message. `through_api`: sent by a program, ours or another."""

    external_id: str
    conversation_external_id: str
    own: bool | None
    author_external_id: str
    author_name: str
    text: str
    kind: str
    sent_at: datetime
    through_api: bool | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What the network says it has accepted. Whether anybody can see it is another question.

    `author_external_id` is how the network names our own account as a writer, where it says so:
    by it our own words are known when they come back.
    """

    external_id: str
    author_external_id: str = ""
    post_external_id: str = ""
    parent_external_id: str | None = None
    created_at: datetime | None = None
    request_id: str = ""


class PublicationState(StrEnum):
    """How far a video or photo has come."""

    PROCESSING = "processing"
    PUBLISHED = "published"
    FAILED = "failed"
    LEFT_TO_A_PERSON = "left_to_a_person"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PublicationStatus:
    """What the network says of a publication; `said` is its own word for it."""

    state: PublicationState
    post_external_ids: tuple[str, ...] = ()
    reason: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where a network sends one kind of event; no address where it sends it nowhere.

    `only` lists the posts that it is narrowed to, which nobody of ours ever asks for.
    """

    topic: str
    url: str | None
    only: tuple[str, ...] = ()
