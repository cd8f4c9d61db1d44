"""One connected account: everything that the API lets be read, said and done for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeVar

from incidents.channels.errors import Effect, GiveUp, Reason, Trace, unclear
from incidents.channels.tiktok import comments, mentions, posts
from incidents.channels.tiktok.client import Client, Result
from incidents.channels.values import (
    ListedComment,
    ListedConversation,
    ListedMention,
    ListedPost,
    Message,
    Page,
    Profile,
    PublicationStatus,
    Sent,
)
from incidents.channels.wire import Unreadable

T = TypeVar("T")

_COMMENTS_AT_ONCE: Final = 30
_POSTS_AT_ONCE: Final = 20
_MENTIONS_AT_ONCE: Final = 100
_LOOKED_THROUGH: Final = 4
# What a cursor of two lists begins with, since they are read one after the other.
_SECOND: Final = "c:"


@dataclass(frozen=True, slots=True)
class TikTokAccount:
    """Calls for one account. Every failure is one of `incidents.channels.errors`."""

    client: Client

    def profile(self) -> Profile:
        """Return who the account is."""
        fields = {"fields": list(posts.PROFILE_FIELDS)}
        return posts.profile(self.client.get("business/get/", fields).data, self.client.account)

    def list_posts(self, cursor: str | None = None) -> Page[ListedPost]:
        """Return the account's own posts, the newest first."""
        given = {
            "fields": list(posts.POST_FIELDS),
            "max_count": _POSTS_AT_ONCE,
            "cursor": cursor,
        }
        data = self.client.get("business/video/list/", given).data
        return comments.page_of(data, "videos", posts.listed_post, before=cursor, falling=True)

    def list_comments(self, post: str, cursor: str | None = None) -> Page[ListedComment]:
        """Return the comments under an own post, hidden ones too, the newest first."""
        given = {"video_id": post, "include_replies": "true"}
        return self._comments("business/comment/list/", given, cursor)

    def list_replies(
        self, post: str, comment: str, cursor: str | None = None
    ) -> Page[ListedComment]:
        """Return the answers to a comment, hidden ones too, the newest first."""
        given = {"video_id": post, "comment_id": comment}
        return self._comments("business/comment/reply/list/", given, cursor)

    def get_comment(self, post: str, comment: str) -> ListedComment | None:
        """Return one comment as it stands there now; None where it is gone."""
        found = self.get_comments(post, [comment])
        return found[0] if found else None

    def get_comments(self, post: str, ids: Sequence[str]) -> tuple[ListedComment, ...]:
        """Return up to thirty comments of a post in one call, as far as they stand there."""
        given = {"video_id": post, "comment_ids": list(ids[:_COMMENTS_AT_ONCE])}
        page = self._comments("business/comment/list/", given, None)
        return tuple(each for each in page.items if each.mention.external_id in ids)

    def find_own(
        self, post: str, parent: str | None, text: str, *, since: datetime
    ) -> tuple[ListedComment, ...]:
        """Return our own comments of this text at this place since a time, hidden ones too.

        For what nobody knows to have arrived. None found is no proof: what the platform keeps back
        may not be listed.
        """
        found: list[ListedComment] = []
        cursor: str | None = None
        for _ in range(_LOOKED_THROUGH):
            page = (
                self.list_replies(post, parent, cursor)
                if parent
                else self.list_comments(post, cursor)
            )
            found += [
                each
                for each in page.items
                if each.own and each.mention.text == text and each.mention.written_at >= since
            ]
            older = page.items and page.items[-1].mention.written_at < since
            cursor = page.next_cursor
            if cursor is None or older:
                break
        return tuple(found)

    def list_mentions(self, cursor: str | None = None, *, days: int = 90) -> Page[ListedMention]:
        """Return videos that name the brand, then comments that do, each the newest first."""
        in_comments = bool(cursor and cursor.startswith(_SECOND))
        given = {
            "fields": list(mentions.COMMENT_FIELDS if in_comments else mentions.VIDEO_FIELDS),
            "sort_field": "COMMENT_CREATE_TIME" if in_comments else "CREATE_TIME",
            "sort_type": "DESC",
            "number_of_days": days,
            "max_count": _MENTIONS_AT_ONCE,
        }
        before = (cursor or "").removeprefix(_SECOND) or None
        kind = "comment" if in_comments else "video"
        data = self.client.get(f"business/mention/{kind}/list/", {**given, "cursor": before}).data
        read = mentions.comment_mention if in_comments else mentions.video_mention
        account = self.client.account
        page = comments.page_of(
            data, f"{kind}s", lambda each: read(each, account), before=before, falling=False
        )
        return _one_after_the_other(page, in_second=in_comments)

    def get_mention(self, post: str, comment: str | None = None) -> ListedMention | None:
        """Return one video or comment that names the brand; None where it is gone."""
        given = {"item_id": post, "fields": list(mentions.VIDEO_FIELDS)}
        kind = "comment" if comment else "video"
        if comment:
            given |= {"comment_id": comment, "fields": list(mentions.ONE_COMMENT_FIELDS)}
        try:
            result = self.client.get(f"business/mention/{kind}/get/", given)
        except GiveUp as error:
            if error.reason is Reason.NOT_FOUND:
                return None
            raise
        read = mentions.comment_mention if comment else mentions.video_mention
        found, _ = comments.readable(
            [result.data.values], lambda each: read(each, self.client.account)
        )
        return found[0] if found else None

    def list_conversations(self, cursor: str | None = None) -> Page[ListedConversation]:
        """Return the threads of the last ninety days: of people known, then of strangers."""
        strangers = bool(cursor and cursor.startswith(_SECOND))
        kind = "STRANGER" if strangers else "SINGLE"
        before = (cursor or "").removeprefix(_SECOND) or None
        given = {"conversation_type": kind, "limit": 100, "cursor": before}
        data = self.client.get("business/message/conversation/list/", given).data
        page = comments.page_of(
            data,
            "conversations",
            lambda each: posts.listed_conversation(each, kind),
            before=before,
            falling=False,
        )
        return _one_after_the_other(page, in_second=strangers)

    def list_messages(self, conversation: str, cursor: str | None = None) -> Page[Message]:
        """Return the latest twenty messages of a thread; the platform keeps earlier ones back."""
        given = {"conversation_id": conversation}
        data = self.client.get("business/message/content/list/", given).data
        items, skipped = comments.readable(
            data.items("messages"), lambda each: posts.message(each, self.client.account)
        )
        return Page(items, None, skipped)

    def comment(self, post: str, text: str) -> Sent:
        """Comment on an own post."""
        given = {"video_id": post, "text": text}
        return self._written("business/comment/create/", given)

    def reply(self, post: str, comment: str, text: str) -> Sent:
        """Answer a comment, under an own post or under one elsewhere that names the brand."""
        given = {"video_id": post, "comment_id": comment, "text": text}
        return self._written("business/comment/reply/create/", given)

    def set_visibility(self, post: str, comment: str, *, hidden: bool) -> None:
        """Hide a comment from the public, or show it again; done twice, nothing changes."""
        action = "HIDE" if hidden else "UNHIDE"
        given = {"video_id": post, "comment_id": comment, "action": action}
        self.client.post("business/comment/hide/", given, Effect.REPEATABLE)

    def like(self, post: str, comment: str, *, liked: bool) -> None:
        """Like a comment, or no longer. The post is sent although the documentation lacks it."""
        action = "LIKE" if liked else "UNLIKE"
        given = {"video_id": post, "comment_id": comment, "action": action}
        self.client.post("business/comment/like/", given, Effect.REPEATABLE)

    def pin(self, post: str, comment: str, *, pinned: bool) -> None:
        """Pin a comment to the top of a post, or no longer; not every app may."""
        if not self.client.options.can_pin:
            raise GiveUp("unsupported", reason=Reason.UNSUPPORTED)
        action = "PIN" if pinned else "UNPIN"
        given = {"video_id": post, "comment_id": comment, "action": action}
        self.client.post("business/comment/pin/", given, Effect.REPEATABLE)

    def delete_own(self, post: str, comment: str) -> None:
        """Delete what the account itself wrote; what is gone already is no error."""
        try:
            self.client.post("business/comment/delete/", {"comment_id": comment}, Effect.REPEATABLE)
        except GiveUp as error:
            if error.reason is not Reason.NOT_FOUND:
                raise

    def send_message(self, conversation: str, text: str) -> Sent:
        """Answer somebody who has written within two days."""
        given = {
            "message_type": "TEXT",
            "recipient_type": "CONVERSATION",
            "recipient": conversation,
            "text": {"body": text},
        }
        result = self.client.post("business/message/send/", given, Effect.ONCE)
        message = result.data.fields("message").id_or_none("message_id")
        if message is None:
            raise _accepted_without_id(result)
        return Sent(message, parent_external_id=conversation, request_id=result.request_id)

    def publish_video(self, video_url: str, caption: str) -> Sent:
        """Publish a video that lies at an address of a verified domain; the id is the job's."""
        given = {"video_url": video_url, "post_info": {"caption": caption}}
        return self._begun("business/video/publish/", given)

    def publish_photos(self, photo_urls: Sequence[str], caption: str) -> Sent:
        """Publish photos that lie at addresses of a verified domain; the id is the job's."""
        given = {"photo_images": list(photo_urls), "post_info": {"caption": caption}}
        return self._begun("business/photo/publish/", given)

    def publication_status(self, job: str) -> PublicationStatus:
        """Return how far a publication has come."""
        data = self.client.get("business/publish/status/", {"publish_id": job}).data
        return posts.publication_status(data)

    def _comments(
        self, path: str, given: Mapping[str, object], cursor: str | None
    ) -> Page[ListedComment]:
        order = self.client.options.sort_parameter
        asked = {
            **given,
            "status": "ALL",
            "sort_field": "create_time",
            order: "desc",
            "max_count": _COMMENTS_AT_ONCE,
            "cursor": cursor,
        }
        data = self.client.get(path, asked).data
        account = self.client.account
        return comments.page_of(
            data,
            "comments",
            lambda each: comments.listed_comment(each, account),
            before=cursor,
            falling=False,
        )

    def _written(self, path: str, given: Mapping[str, object]) -> Sent:
        result = self.client.post(path, given, Effect.ONCE)
        data = result.data
        try:
            comment = data.id("comment_id")
        except Unreadable:
            raise _accepted_without_id(result) from None
        return Sent(
            external_id=comment,
            author_external_id=data.id_or_none("unique_identifier") or "",
            post_external_id=data.id_or_none("video_id") or str(given["video_id"]),
            parent_external_id=data.id_or_none("parent_comment_id"),
            created_at=data.moment_or_none("create_time"),
            request_id=result.request_id,
        )

    def _begun(self, path: str, given: Mapping[str, object]) -> Sent:
        result = self.client.post(path, given, Effect.ONCE)
        job = result.data.id_or_none("share_id")
        if job is None:
            raise _accepted_without_id(result)
        return Sent(job, request_id=result.request_id)


def _one_after_the_other(page: Page[T], *, in_second: bool) -> Page[T]:
    """Go on with the second list where the first one ends."""
    following = page.next_cursor
    if in_second:
        return replace(page, next_cursor=f"{_SECOND}{following}" if following else None)
    return replace(page, next_cursor=following or _SECOND)


def _accepted_without_id(result: Result) -> Exception:
    """It said yes and not to what, so nobody can tell it from what is there already."""
    trace = Trace(request_id=result.request_id, status=200)
    return unclear("accepted_without_id", Effect.ONCE, trace)
