"""TikTok's webhooks: whom they are for, and what they tell.

The content is a string of JSON inside JSON, with ids as bare numbers of 64 bits. They come at
least once and in any order, so that a deletion may come before what it deletes.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Final

from incidents.channels.protocol import (
    AuthorKind,
    EventKind,
    MentionKind,
    ParsedEvent,
    ParsedMention,
    ParseError,
    ParseOutcome,
    Visibility,
)
from incidents.channels.wire import Fields, Unreadable, loaded

_ACTIONS: Final = {
    "insert": (EventKind.COMMENT_CREATED, None),
    "delete": (EventKind.COMMENT_DELETED, Visibility.DELETED),
    "set_to_hidden": (EventKind.COMMENT_HIDDEN, Visibility.HIDDEN),
    "set_to_friends_only": (EventKind.COMMENT_RESTRICTED, Visibility.RESTRICTED),
    "set_to_public": (EventKind.COMMENT_PUBLISHED, Visibility.PUBLIC),
}
_MENTIONS: Final = {
    "CREATE": EventKind.MENTION_CREATED,
    "EDIT": EventKind.MENTION_EDITED,
    "PRIVACY_CHANGE": EventKind.MENTION_RESTRICTED,
}
_PUBLICATIONS: Final = {
    "post.publish.complete": (EventKind.PUBLICATION_COMPLETED, None),
    "post.publish.publicly_available": (EventKind.PUBLICATION_VISIBLE, Visibility.PUBLIC),
    "post.publish.no_longer_publicly_available": (
        EventKind.PUBLICATION_WITHDRAWN,
        Visibility.RESTRICTED,
    ),
    "post.publish.failed": (EventKind.PUBLICATION_FAILED, None),
}
_MESSAGES: Final = {
    "im_receive_msg": EventKind.MESSAGE_RECEIVED,
    "im_receive_msg_eu": EventKind.MESSAGE_RECEIVED,
    "im_send_msg": EventKind.MESSAGE_SENT,
    "im_mark_read_msg": EventKind.MESSAGE_READ,
}


def addressee(raw: bytes) -> str | None:
    """Return the account that a delivery is for, by its id on the network."""
    try:
        return loaded(raw).id_or_none("user_openid")
    except Unreadable:
        return None


def parse(raw: bytes) -> ParseOutcome:
    """Read one delivery. Whatever it holds, it is either an event or an error."""
    try:
        event = _event(loaded(raw), raw)
    except Unreadable as error:
        told = ParseError(1, error.pointer, error.code, dict(error.params))
        return ParseOutcome(errors=(told,))
    mention = event.mention
    whole = event.kind in (
        EventKind.COMMENT_CREATED,
        EventKind.COMMENT_DELETED,
        EventKind.MENTION_CREATED,
        EventKind.MENTION_EDITED,
        EventKind.MESSAGE_RECEIVED,
    )
    storable = mention is not None and whole and bool(mention.text or mention.deleted)
    return ParseOutcome(mentions=(mention,) if mention and storable else (), events=(event,))


def _event(envelope: Fields, raw: bytes) -> ParsedEvent:
    account = envelope.id("user_openid")
    name = envelope.text("event", 60)
    if not name:
        raise Unreadable("/event", "required")
    at = envelope.moment("create_time")
    content = envelope.values.get("content", "{}")
    inner = loaded(content, "/content") if isinstance(content, str) else Fields(content, "/content")
    read = _READERS.get(name, _unknown)
    return read(_Told(name, account, at, inner, hashlib.sha256(raw).hexdigest()))


class _Told:
    """One event with what every reader needs of its envelope."""

    def __init__(self, name: str, account: str, at: datetime, content: Fields, digest: str) -> None:
        self.name = name
        self.account = account
        self.at = at
        self.content = content
        self.digest = digest

    def mention(
        self,
        external_id: str,
        kind: MentionKind,
        text: str,
        at: datetime,
        *,
        author: str = "",
        author_name: str = "",
        post: str | None = None,
        url: str = "",
        parent: str | None = None,
        visibility: Visibility | None = None,
    ) -> ParsedMention:
        """Return what somebody wrote."""
        return ParsedMention(
            external_id=external_id,
            kind=kind,
            text=text,
            author_external_id=author,
            author_name=author_name,
            author_kind=AuthorKind.UNKNOWN,
            author_followers=None,
            post_external_id=post,
            post_url=url,
            url=url,
            language=None,
            written_at=at,
            parent_external_id=parent,
            account_handle=self.account,
            deleted=visibility is Visibility.DELETED,
            hidden=visibility in (Visibility.HIDDEN, Visibility.RESTRICTED),
        )


def _comment(told: _Told) -> ParsedEvent:
    content = told.content
    comment, video = content.id("comment_id"), content.id("video_id")
    action = content.text("comment_action", 40)
    kind, visibility = _ACTIONS.get(action, (EventKind.UNKNOWN, None))
    at = content.moment_or_none("timestamp") or told.at
    # The platform sends 0 for a comment that answers none, and the type decides.
    parent = content.id_or_none("parent_comment_id")
    told_type = content.text("comment_type", 20)
    is_reply = told_type == "reply" if told_type else parent is not None
    parent = parent if is_reply else None
    author = content.id_or_none("unique_identifier") or ""
    text = content.text("text")
    mention = told.mention(
        comment,
        MentionKind.REPLY if is_reply else MentionKind.COMMENT,
        text,
        at,
        author=author,
        post=video,
        parent=parent,
        visibility=visibility,
    )
    stamp = content.count("timestamp") or int(told.at.timestamp())
    return ParsedEvent(
        name=told.name,
        kind=kind,
        account_external_id=told.account,
        occurred_at=at,
        dedupe_key=f"{told.name}:{comment}:{action}:{stamp}",
        external_id=comment,
        post_external_id=video,
        parent_external_id=parent,
        author_external_id=author,
        partial=True,
        visibility=visibility,
        reason="" if kind is not EventKind.UNKNOWN else action,
        mention=mention if kind is not EventKind.UNKNOWN else None,
    )


def _mention(told: _Told) -> ParsedEvent:
    content = told.content
    video, comment = content.id("video_id"), content.id_or_none("comment_id")
    of_event = content.text("type_of_event", 40).upper()
    # Written with a space in the documentation and with an underscore elsewhere.
    in_video = content.text("mention_type", 40).upper().replace(" ", "_") != "COMMENT"
    external_id = video if in_video or comment is None else comment
    author = content.id_or_none("unique_identifier") or ""
    at = (content.moment_or_none("video_create_time") if in_video else None) or told.at
    mention = told.mention(
        external_id,
        MentionKind.BRAND_MENTION,
        content.text("video_caption") if in_video else "",
        at,
        author=author,
        post=video,
        url=content.url("share_url"),
    )
    stamp = int(told.at.timestamp())
    return ParsedEvent(
        name=told.name,
        kind=_MENTIONS.get(of_event, EventKind.UNKNOWN),
        account_external_id=told.account,
        occurred_at=told.at,
        dedupe_key=f"{told.name}:{external_id}:{of_event}:{stamp}",
        external_id=external_id,
        post_external_id=video,
        author_external_id=author,
        own=False,
        partial=True,
        reason="video" if in_video else "comment",
        mention=mention,
    )


def _message(told: _Told) -> ParsedEvent:
    content = told.content
    kind = _MESSAGES[told.name]
    writer = content.fields("from_user")
    message = content.id_or_none("message_id")
    conversation = content.id_or_none("conversation_id")
    at = content.moment_or_none("timestamp") or told.at
    # On both sides `unique_identifier` is the person, not the brand.
    person = content.id_or_none("unique_identifier") or ""
    own = kind is EventKind.MESSAGE_SENT
    author = told.account if own else person or writer.id_or_none("id") or ""
    source = content.fields("message_tag").text("source", 20).upper()
    mention = None
    if message is not None and kind is not EventKind.MESSAGE_READ:
        mention = told.mention(
            message,
            MentionKind.DIRECT_MESSAGE,
            content.fields("text").text("body"),
            at,
            author=author,
            author_name=content.text("from", 255),
        )
    return ParsedEvent(
        name=told.name,
        kind=kind,
        account_external_id=told.account,
        occurred_at=at,
        dedupe_key=f"{told.name}:{message or told.digest}",
        external_id=message,
        conversation_external_id=conversation,
        author_external_id=author,
        own=own,
        through_api=source == "API" if source else None,
        # In Europe only that something was written is told.
        partial=message is None,
        reason=content.text("type", 20),
        mention=mention,
    )


def _publication(told: _Told) -> ParsedEvent:
    content = told.content
    kind, visibility = _PUBLICATIONS[told.name]
    job, post = content.id_or_none("publish_id"), content.id_or_none("post_id")
    return ParsedEvent(
        name=told.name,
        kind=kind,
        account_external_id=told.account,
        occurred_at=told.at,
        dedupe_key=f"{told.name}:{job or told.digest}:{post or ''}",
        external_id=job,
        post_external_id=post,
        own=True,
        visibility=visibility,
        reason=content.text("reason", 200),
    )


def _unknown(told: _Told) -> ParsedEvent:
    """Keep what nobody knows yet, with the ids that it names."""
    content = told.content
    return ParsedEvent(
        name=told.name,
        kind=EventKind.UNKNOWN,
        account_external_id=told.account,
        occurred_at=told.at,
        dedupe_key=f"{told.name}:{told.digest}",
        external_id=content.id_or_none("comment_id") or content.id_or_none("message_id"),
        post_external_id=content.id_or_none("video_id"),
        conversation_external_id=content.id_or_none("conversation_id"),
        author_external_id=content.id_or_none("unique_identifier") or "",
        partial=True,
    )


_READERS: Final[dict[str, Callable[[_Told], ParsedEvent]]] = {
    "comment.update": _comment,
    "brand.mention.event": _mention,
    **dict.fromkeys(_MESSAGES, _message),
    **dict.fromkeys(_PUBLICATIONS, _publication),
}
