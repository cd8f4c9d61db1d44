"""Comments as TikTok lists them become plain values."""

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from incidents.channels.protocol import AuthorKind, MentionKind, ParsedMention, Visibility
from incidents.channels.values import ListedComment, Page
from incidents.channels.wire import Fields, Unreadable

T = TypeVar("T")

VISIBILITY: Final = {"PUBLIC": Visibility.PUBLIC, "HIDDEN": Visibility.HIDDEN}


def listed_comment(fields: Fields, account: str) -> ListedComment:
    """Read one comment with the answers that came with it; Unreadable where ids are missing."""
    parent = fields.id_or_none("parent_comment_id")
    video = fields.id("video_id")
    # An unknown word is nobody's permission to take it for public.
    visibility = VISIBILITY.get(fields.text("status", 40).upper(), Visibility.RESTRICTED)
    if "status" not in fields.values:
        visibility = Visibility.PUBLIC
    mention = ParsedMention(
        external_id=fields.id("comment_id"),
        kind=MentionKind.REPLY if parent else MentionKind.COMMENT,
        text=fields.text("text"),
        author_external_id=fields.id_or_none("unique_identifier")
        or fields.id_or_none("user_id")
        or "",
        author_name=fields.text("username", 255) or fields.text("display_name", 255),
        author_kind=AuthorKind.UNKNOWN,
        author_followers=None,
        post_external_id=video,
        post_url="",
        url="",
        language=None,
        written_at=fields.moment("create_time"),
        parent_external_id=parent,
        account_handle=account,
        hidden=visibility is not Visibility.PUBLIC,
    )
    replies, _ = readable(
        fields.items("reply_list"), lambda each: listed_comment(_under(each, mention), account)
    )
    return ListedComment(
        mention=mention,
        own=fields.flag("owner"),
        visibility=visibility,
        likes=fields.count("likes"),
        reply_count=fields.count("replies"),
        pinned=fields.flag("pinned"),
        replies=replies,
    )


def _under(fields: Fields, parent: ParsedMention) -> Fields:
    # An answer inside a comment need not repeat where it stands.
    known = {"video_id": parent.post_external_id, "parent_comment_id": parent.external_id}
    return Fields({**known, **fields.values}, fields.pointer)


def readable(
    items: Iterable[Any], read: Callable[[Fields], T], pointer: str = ""
) -> tuple[tuple[T, ...], int]:
    """Return what can be read of a list, and how many could not."""
    found: list[T] = []
    skipped = 0
    for place, item in enumerate(items):
        try:
            found.append(read(Fields(item, f"{pointer}/{place}")))
        except Unreadable:
            skipped += 1
    return tuple(found), skipped


def page_of(
    data: Fields, name: str, read: Callable[[Fields], T], *, before: str | None, falling: bool
) -> Page[T]:
    """Return a page of a list; `falling` where cursors are times, which go down.

    A page may be shorter than asked for, or empty, with more to come. A cursor that does not move
    would be read for ever, so such a list ends there.
    """
    items, skipped = readable(data.items(name), read, f"/data/{name}")
    if data.flag("has_more") is not True:
        return Page(items, None, skipped)
    cursor = data.count("cursor")
    last = int(before) if before else None
    moves = cursor is not None and (last is None or (cursor < last if falling else cursor > last))
    if last is None and not falling:
        moves = bool(cursor)
    return Page(items, str(cursor) if moves else None, skipped, cut_short=not moves)
