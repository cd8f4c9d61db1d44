"""Videos of the account, its messages, and how far a publication has come, as plain values."""

from typing import Final

from incidents.channels.values import (
    ListedConversation,
    ListedPost,
    Message,
    Profile,
    PublicationState,
    PublicationStatus,
)
from incidents.channels.wire import Fields

POST_FIELDS: Final = (
    "item_id",
    "create_time",
    "caption",
    "share_url",
    "media_type",
    "is_ad",
    "likes",
    "comments",
    "shares",
    "reach",
    "video_views",
)
PROFILE_FIELDS: Final = (
    "username",
    "display_name",
    "is_verified",
    "followers_count",
    "profile_deep_link",
)
_STATES: Final = {
    "PROCESSING_DOWNLOAD": PublicationState.PROCESSING,
    "PROCESSING_UPLOAD": PublicationState.PROCESSING,
    "PUBLISH_COMPLETE": PublicationState.PUBLISHED,
    "FAILED": PublicationState.FAILED,
    "SEND_TO_USER_INBOX": PublicationState.LEFT_TO_A_PERSON,
}


def listed_post(fields: Fields) -> ListedPost:
    """Read one video or photo of the account."""
    return ListedPost(
        external_id=fields.id("item_id"),
        url=fields.url("share_url").partition("?")[0],
        title=fields.text("caption", 300),
        published_at=fields.moment_or_none("create_time"),
        kind=fields.text("media_type", 20).lower(),
        reach=fields.count("reach"),
        views=fields.count("video_views"),
        likes=fields.count("likes"),
        comments=fields.count("comments"),
        shares=fields.count("shares"),
        is_ad=fields.flag("is_ad"),
    )


def profile(fields: Fields, account: str) -> Profile:
    """Read who the account is."""
    handle = fields.text("username", 100)
    return Profile(
        external_id=account,
        handle=handle,
        name=fields.text("display_name", 255),
        url=f"https://www.tiktok.com/@{handle}" if handle else "",
        followers=fields.count("followers_count"),
        is_verified=fields.flag("is_verified"),
    )


def publication_status(fields: Fields) -> PublicationStatus:
    """Read how far a publication has come."""
    said = fields.text("status", 60)
    posts = [Fields({"id": each}).id_or_none("id") for each in fields.items("post_ids")]
    return PublicationStatus(
        state=_STATES.get(said, PublicationState.UNKNOWN),
        post_external_ids=tuple(each for each in posts if each),
        reason=fields.text("reason", 200),
        said=said,
    )


def listed_conversation(fields: Fields, kind: str) -> ListedConversation:
    """Read one thread of messages."""
    return ListedConversation(
        external_id=fields.id("conversation_id"),
        updated_at=fields.moment_or_none("update_time"),
        kind=kind.lower(),
    )


def message(fields: Fields, account: str) -> Message:
    """Read one direct message."""
    author = fields.fields("from_user")
    author_id = author.id_or_none("id") or ""
    role = author.text("role", 40).lower()
    own = author_id == account or role == "business_account" if author_id or role else None
    source = fields.fields("message_tag").text("source", 20).upper()
    return Message(
        external_id=fields.id("message_id"),
        conversation_external_id=fields.id("conversation_id"),
        own=own,
        author_external_id=author_id,
        author_name=fields.text("sender", 255),
        text=fields.fields("text").text("body"),
        kind=fields.text("message_type", 20).lower(),
        sent_at=fields.moment("timestamp"),
        through_api=source == "API" if source else None,
    )
