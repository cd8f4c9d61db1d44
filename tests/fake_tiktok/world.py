"""What there is on this TikTok: apps, accounts, tokens, videos, comments, messages."""

import base64
import hashlib
import random
import secrets
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.fake_tiktok.clock import Clock
from tests.fake_tiktok.modes import Modes

APP_ID = "7000000000000000001"
APP_SECRET = "fake-app-secret"
OPEN_ID = "-000fakeBusinessOpenId"
SCOPES = (
    "user.info.basic",
    "user.info.username",
    "user.info.profile",
    "user.info.stats",
    "user.account.type",
    "user.insights",
    "video.list",
    "video.insights",
    "video.publish",
    "video.upload",
    "comment.list",
    "comment.list.manage",
    "message.list.read",
    "message.list.send",
    "message.list.manage",
    "biz.brand.insights",
    "biz.spark.auth",
    "biz.creator.info",
    "biz.creator.insights",
    "biz.ads.recommend",
    "tcm.order.update",
)


@dataclass
class Callback:
    """Where one kind of event goes; `items` narrows it to some videos, and sticks."""

    url: str
    items: list[str] = field(default_factory=list)


@dataclass
class App:
    """Somebody's program that is registered with TikTok."""

    app_id: str = APP_ID
    secret: str = APP_SECRET
    redirect_uris: list[str] = field(default_factory=list)
    callbacks: dict[str, Callback] = field(default_factory=dict)


@dataclass
class Account:
    """A brand's account."""

    open_id: str = OPEN_ID
    username: str = "lumelle"
    display_name: str = "Lumelle"
    scopes: list[str] = field(default_factory=lambda: list(SCOPES))
    followers_count: int = 120_000
    is_verified: bool = True


@dataclass
class Token:
    """A pair of tokens that an account gave to an app."""

    access: str
    refresh: str
    app_id: str
    open_id: str
    scopes: set[str]
    access_expires: float
    refresh_expires: float
    revoked: bool = False
    # Rotated out: good for nothing from then on.
    refresh_dies: float = float("inf")


@dataclass
class Code:
    """What the browser brings back, good once and for ten minutes."""

    app_id: str
    open_id: str
    redirect_uri: str
    scopes: list[str]
    expires: float
    used: bool = False


@dataclass
class Video:
    """A video or photo; without an `open_id` it is somebody else's."""

    item_id: str
    open_id: str = ""
    caption: str = ""
    create_time: float = 0.0
    media_type: str = "VIDEO"
    private: bool = False
    is_ad: bool = False
    likes: int = 0
    shares: int = 0
    favorites: int = 0
    reach: int = 0
    video_views: int = 0
    creator_handle_name: str = ""
    regions: list[str] = field(default_factory=list)


@dataclass
class Comment:
    """A comment or a reply, by the brand (`owner`) or by anybody."""

    comment_id: str
    video_id: str
    parent_id: str = ""
    text: str = ""
    image_url: str = ""
    username: str = ""
    display_name: str = ""
    unique_identifier: str = ""
    create_time: float = 0.0
    owner: bool = False
    liked: bool = False
    pinned: bool = False
    status: str = "PUBLIC"
    likes: int = 0
    deleted: bool = False


@dataclass
class BrandMention:
    """Somebody's video or comment that names the brand."""

    open_id: str
    mention_type: str
    item_id: str
    create_time: float
    comment_id: str = "0"
    username: str = ""
    display_name: str = ""
    unique_identifier: str = ""
    text: str = ""
    comment_type: str = "COMMENT"
    likes: int = 0


@dataclass
class Message:
    """One direct message."""

    message_id: str
    sender: str
    recipient: str
    timestamp: int
    message_type: str = "TEXT"
    body: str = ""
    media_id: str = ""
    source: str = "APP"


@dataclass
class Conversation:
    """Direct messages of one person with one account."""

    conversation_id: str
    open_id: str
    username: str
    unique_identifier: str
    kind: str = "SINGLE"
    region: str = ""
    messages: list[Message] = field(default_factory=list)


@dataclass
class Publication:
    """A video or photo on its way to being public."""

    share_id: str
    open_id: str
    caption: str
    media_type: str
    began: float
    outcome: str
    reason: str
    status: str = "PROCESSING_DOWNLOAD"
    post_id: str = ""


class World:
    """All of it, in memory, behind one lock."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.clock = Clock()
        self.journal: deque[dict[str, Any]] = deque(maxlen=20_000)
        self.reset()

    def reset(self) -> None:
        """Begin anew with one app and one account that nobody has connected yet."""
        self.clock.reset()
        self.modes = Modes()
        self.random = random.Random(20)
        self.journal.clear()
        self.apps: dict[str, App] = {APP_ID: App()}
        self.accounts: dict[str, Account] = {OPEN_ID: Account()}
        self.tokens: list[Token] = []
        self.by_access: dict[str, Token] = {}
        self.by_refresh: dict[str, Token] = {}
        self.codes: dict[str, Code] = {}
        self.videos: dict[str, Video] = {}
        self.comments: dict[str, Comment] = {}
        self.of_video: dict[str, list[str]] = {}
        self.of_comment: dict[str, list[str]] = {}
        self.mentions: list[BrandMention] = []
        self.conversations: dict[str, Conversation] = {}
        self.publications: dict[str, Publication] = {}
        self.images: set[str] = set()
        self.said: dict[tuple[str, str, str], float] = {}
        self._next_id = 7_310_000_000_000_000_001

    def now(self) -> float:
        """Return the time on this TikTok."""
        return self.clock.now()

    def new_id(self) -> str:
        """Return an id of 19 digits, beyond what a double can hold exactly."""
        self._next_id += 2 * self.random.randint(500, 500_000)
        return str(self._next_id)

    def identifier(self, username: str) -> str:
        """Return somebody's stable id: base64, with characters that must be escaped in URLs."""
        digest = hashlib.sha256(username.encode()).digest()[:12]
        return "+" + base64.b64encode(digest).decode().rstrip("=")

    def issue(self, app_id: str, open_id: str, scopes: list[str]) -> Token:
        """Give an app a new pair of tokens."""
        now = self.now()
        token = Token(
            access=f"act.{secrets.token_urlsafe(24)}",
            refresh=f"rft.{secrets.token_urlsafe(24)}",
            app_id=app_id,
            open_id=open_id,
            scopes=set(scopes),
            access_expires=now + self.modes.access_ttl_s,
            refresh_expires=now + self.modes.refresh_ttl_s,
        )
        self.tokens.append(token)
        self.by_access[token.access] = token
        self.by_refresh[token.refresh] = token
        return token

    def granted(self, open_id: str) -> Iterator[Token]:
        """Return the tokens by which an account is connected now."""
        now = self.now()
        return (
            token
            for token in self.tokens
            if token.open_id == open_id and not token.revoked and token.refresh_expires > now
        )

    def add_video(self, video: Video) -> Video:
        """Keep a video."""
        video.create_time = video.create_time or self.now()
        self.videos[video.item_id] = video
        self.of_video.setdefault(video.item_id, [])
        return video

    def add_comment(self, comment: Comment) -> Comment:
        """Keep a comment under its video, or under the comment that it answers."""
        comment.create_time = comment.create_time or self.now()
        comment.unique_identifier = comment.unique_identifier or self.identifier(comment.username)
        self.comments[comment.comment_id] = comment
        under = self.of_comment if comment.parent_id else self.of_video
        under.setdefault(comment.parent_id or comment.video_id, []).append(comment.comment_id)
        return comment

    def replies(self, comment_id: str) -> list[Comment]:
        """Return what was answered to a comment and still stands."""
        found = (self.comments[each] for each in self.of_comment.get(comment_id, ()))
        return [each for each in found if not each.deleted]

    def owner_of(self, comment: Comment) -> str:
        """Return the account whose video a comment stands under, empty where it is nobody's."""
        video = self.videos.get(comment.video_id)
        return video.open_id if video else ""
