"""Videos and comments elsewhere that name the brand; their fields have names of their own."""

from incidents.channels.protocol import AuthorKind, MentionKind, ParsedMention
from incidents.channels.values import ListedMention
from incidents.channels.wire import Fields

VIDEO_FIELDS = (
    "item_id",
    "create_time",
    "video_link",
    "caption",
    "likes",
    "comments",
    "shares",
    "creator_handle_name",
    "views",
    "reach",
)
COMMENT_FIELDS = (
    "item_id",
    "video_link",
    "caption",
    "video_likes",
    "commenter_display_name",
    "comment_id",
    "comment_type",
    "comment_text",
    "comment_create_time",
    "comment_likes",
)
# Only where one comment is asked for.
ONE_COMMENT_FIELDS = (*COMMENT_FIELDS, "commenter_handle_name")


def video_mention(fields: Fields, account: str) -> ListedMention:
    """Read a video that names the brand. Its author is known by handle alone."""
    handle = fields.text("creator_handle_name", 255)
    item = fields.id("item_id")
    mention = _mention(
        fields,
        account,
        external_id=item,
        text=fields.text("caption"),
        author=handle,
        at="create_time",
    )
    return ListedMention(
        mention=mention,
        post_title=fields.text("caption", 300),
        likes=fields.count("likes"),
        views=fields.count("views"),
        comments=fields.count("comments"),
        reach=fields.count("reach"),
    )


def comment_mention(fields: Fields, account: str) -> ListedMention:
    """Read a comment that names the brand, under whosever video it stands."""
    author = fields.text("commenter_handle_name", 255) or fields.text("commenter_display_name", 255)
    mention = _mention(
        fields,
        account,
        external_id=fields.id("comment_id"),
        text=fields.text("comment_text"),
        author=author,
        at="comment_create_time",
    )
    return ListedMention(
        mention=mention,
        post_title=fields.text("caption", 300),
        likes=fields.count("comment_likes"),
    )


def _mention(
    fields: Fields, account: str, *, external_id: str, text: str, author: str, at: str
) -> ParsedMention:
    return ParsedMention(
        external_id=external_id,
        kind=MentionKind.BRAND_MENTION,
        text=text,
        # No id is told here, unlike in webhooks; the same name is at least the same person.
        author_external_id=f"name:{author.casefold()}"[:255] if author else "",
        author_name=author,
        author_kind=AuthorKind.UNKNOWN,
        author_followers=None,
        post_external_id=fields.id("item_id"),
        post_url=fields.url("video_link"),
        url=fields.url("video_link"),
        language=None,
        written_at=fields.moment(at),
        parent_external_id=None,
        account_handle=account,
    )
