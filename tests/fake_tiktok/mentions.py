"""Who names the brand in videos and comments of their own."""

from typing import Any

from tests.fake_tiktok.calls import Call, endpoint, page
from tests.fake_tiktok.errors import ApiError
from tests.fake_tiktok.world import BrandMention

SCOPE = "biz.brand.insights"


def _video(call: Call, mention: BrandMention) -> dict[str, Any]:
    video = call.world.videos[mention.item_id]
    return {
        "item_id": video.item_id,
        "create_time": str(int(video.create_time)),
        "video_link": f"https://www.tiktok.com/@{video.creator_handle_name}/video/{video.item_id}",
        "caption": video.caption,
        "likes": video.likes,
        "comments": len(call.world.of_video.get(video.item_id, ())),
        "shares": video.shares,
        "thumbnail_url": f"https://p16.tiktokcdn.test/{video.item_id}.jpg",
        "creator_handle_name": video.creator_handle_name,
        "views": video.video_views,
        "reach": video.reach,
    }


def _comment(call: Call, mention: BrandMention) -> dict[str, Any]:
    video = _video(call, mention)
    return {
        "item_id": mention.item_id,
        "video_link": video["video_link"],
        "caption": video["caption"],
        "video_likes": video["likes"],
        "thumbnail_url": video["thumbnail_url"],
        "commenter_display_name": mention.display_name,
        "commenter_handle_name": mention.username,
        "comment_id": mention.comment_id,
        "comment_type": mention.comment_type,
        "comment_text": mention.text,
        "comment_create_time": str(int(mention.create_time)),
        "comment_likes": mention.likes,
    }


def _fields(call: Call, known: dict[str, Any], default: list[str]) -> dict[str, Any]:
    wanted = call.array("fields", default)
    for name in wanted:
        if name not in known:
            raise ApiError(40002, f"fields: {name} is not a valid choice.")
    return {name: known[name] for name in wanted}


def _found(call: Call, kind: str) -> list[BrandMention]:
    since = call.now - call.integer("number_of_days", 90, 1, 90) * 86_400
    regions = set(call.array("regions"))
    return [
        each
        for each in call.world.mentions
        if each.open_id == call.account.open_id
        and (each.mention_type == "COMMENT") == (kind == "COMMENT")
        and each.create_time >= since
        and (not regions or regions & set(call.world.videos[each.item_id].regions))
    ]


@endpoint("GET", "business/mention/video/list/", scope=SCOPE)
def videos(call: Call) -> dict[str, Any]:
    """Videos that name the brand."""
    field = call.choice("sort_field", ("CREATE_TIME", "LIKES", "COMMENTS", "SHARES"), "CREATE_TIME")
    order = call.choice("sort_type", ("ASC", "DESC"), "DESC")
    cursor, count = call.integer("cursor", 0), call.integer("max_count", 100, 1, 100)
    rows = [_video(call, each) for each in _found(call, "VIDEO")]
    rows.sort(key=lambda each: int(each[field.lower()]), reverse=order == "DESC")
    shown, after, more = page(rows, cursor, count)
    told = [_fields(call, each, ["item_id", "caption"]) for each in shown]
    return {"videos": told, "cursor": after, "has_more": more}


@endpoint("GET", "business/mention/video/get/", scope=SCOPE)
def video(call: Call) -> dict[str, Any]:
    """One such video."""
    item_id = call.text("item_id")
    for each in _found(call, "VIDEO"):
        if each.item_id == item_id:
            return _fields(call, _video(call, each), ["item_id", "caption"])
    raise ApiError(40007)


@endpoint("GET", "business/mention/comment/list/", scope=SCOPE)
def comments(call: Call) -> dict[str, Any]:
    """Comments that name the brand, wherever they stand."""
    sorts = ("VIDEO_LIKES", "COMMENT_CREATE_TIME", "COMMENT_LIKES")
    field = call.choice("sort_field", sorts, "COMMENT_CREATE_TIME")
    order = call.choice("sort_type", ("ASC", "DESC"), "DESC")
    cursor, count = call.integer("cursor", 0), call.integer("max_count", 10, 1, 100)
    rows = [_comment(call, each) for each in _found(call, "COMMENT")]
    rows.sort(key=lambda each: int(each[field.lower()]), reverse=order == "DESC")
    shown, after, more = page(rows, cursor, count)
    told = [_fields(call, each, ["comment_id", "comment_text"]) for each in shown]
    return {"comments": told, "cursor": after, "has_more": more}


@endpoint("GET", "business/mention/comment/get/", scope=SCOPE)
def comment(call: Call) -> dict[str, Any]:
    """One such comment."""
    comment_id, item_id = call.text("comment_id"), call.text("item_id")
    for each in _found(call, "COMMENT"):
        if (each.comment_id, each.item_id) == (comment_id, item_id):
            return _fields(call, _comment(call, each), ["comment_id", "comment_text"])
    raise ApiError(40007)
