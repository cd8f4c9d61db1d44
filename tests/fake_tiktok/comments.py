"""Comments under a brand's own videos: read, answered, hidden, liked, pinned, deleted."""

import random
from typing import Any

from tests.fake_tiktok.calls import Call, endpoint, page
from tests.fake_tiktok.errors import ApiError
from tests.fake_tiktok.world import Comment

READ, WRITE = "comment.list", "comment.list.manage"
_MOST_BYTES = 5 * 1024 * 1024
_IMAGES = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF")


def told(call: Call, comment: Comment, *, replies: bool = False) -> dict[str, Any]:
    """Return a comment as the API tells it."""
    world = call.world
    answers = world.replies(comment.comment_id)
    found: dict[str, Any] = {
        "comment_id": comment.comment_id,
        "video_id": comment.video_id,
        "user_id": f"u{comment.unique_identifier[1:9]}",
        "unique_identifier": comment.unique_identifier,
        "create_time": str(int(comment.create_time)),
        "text": comment.text,
        "image_url": comment.image_url,
        "likes": comment.likes,
        "replies": len(answers),
        "owner": comment.owner,
        "liked": comment.liked,
        "pinned": comment.pinned,
        "status": comment.status,
        "username": comment.username,
        "display_name": comment.display_name,
        "profile_image": f"https://p16.tiktokcdn.test/{comment.username}.jpg?x-expires="
        f"{int(call.now) + 86_400}",
    }
    if comment.parent_id:
        found["parent_comment_id"] = comment.parent_id
    if replies:
        found["reply_list"] = [told(call, each) for each in answers[:3]]
    return found


def _listed(call: Call, ids: list[str], *, count: int, replies: bool = False) -> dict[str, Any]:
    modes = call.world.modes
    status = call.choice("status", ("PUBLIC", "ALL"), "ALL")
    field = call.choice("sort_field", ("likes", "replies", "create_time"), "create_time")
    order = call.choice("sort_order", ("asc", "desc", "smart"), "smart")
    cursor = call.integer("cursor", 0)
    found = [call.world.comments[each] for each in ids if each in call.world.comments]
    found = [each for each in found if not each.deleted and status in ("ALL", each.status)]
    if order == "smart":
        if modes.shuffled:
            random.Random(7).shuffle(found)
    else:
        world = call.world
        keys = {
            "likes": lambda each: each.likes,
            "replies": lambda each: len(world.replies(each.comment_id)),
            "create_time": lambda each: each.create_time,
        }
        found.sort(key=keys[field], reverse=order == "desc")
    if modes.dupes_after_500 and len(found) > 500:
        # The first 500 as asked for, the rest by likes, and some of those told before once more.
        found = found[:500] + sorted(found[450:], key=lambda each: -each.likes)
    shown, after, more = page(found, cursor, count)
    if modes.short_pages and more:
        shown = shown[: max(len(shown) // 2, 0)]
        after = cursor + len(shown) if shown else after
    return {
        "comments": [told(call, each, replies=replies) for each in shown],
        "cursor": after,
        "has_more": more,
    }


@endpoint("GET", "business/comment/list/", scope=READ)
def listing(call: Call) -> dict[str, Any]:
    """The comments under a video, or some of them by their ids."""
    wanted = call.array("comment_ids", most=30)
    replies = call.flag("include_replies")
    count = call.integer("max_count", 20, 1, 30)
    video = call.own_video()
    ids = call.world.of_video[video.item_id]
    if wanted:
        comments = call.world.comments
        ids = [
            each for each in wanted if each in comments and comments[each].video_id == video.item_id
        ]
    return _listed(call, ids, count=count, replies=replies)


@endpoint("GET", "business/comment/reply/list/", scope=READ)
def replies(call: Call) -> dict[str, Any]:
    """What was answered to a comment."""
    count = call.integer("max_count", 20, 0, 30)
    video = call.own_video()
    comment = _comment(call, video.item_id)
    return _listed(call, call.world.of_comment.get(comment.comment_id, []), count=count)


def _comment(call: Call, video_id: str = "") -> Comment:
    comment = call.world.comments.get(call.text("comment_id"))
    if comment is None or comment.deleted or (video_id and comment.video_id != video_id):
        raise ApiError(40007)
    return comment


@endpoint("POST", "business/comment/create/", scope=WRITE)
def create(call: Call) -> dict[str, Any]:
    """Comment on an own video."""
    return _write(call, call.own_video().item_id)


@endpoint("POST", "business/comment/reply/create/", scope=WRITE)
def reply(call: Call) -> dict[str, Any]:
    """Answer a comment: under an own video, or one elsewhere that names the brand."""
    parent = call.world.comments.get(call.text("comment_id"))
    video = call.world.videos.get(call.text("video_id"))
    if parent is None or parent.deleted or video is None or parent.video_id != video.item_id:
        raise ApiError(40007)
    named = any(
        each.comment_id == parent.comment_id and each.open_id == call.account.open_id
        for each in call.world.mentions
    )
    if video.open_id != call.account.open_id and not named:
        raise ApiError(40007)
    # An answer to an answer stands beside it.
    top = parent.parent_id or parent.comment_id
    return {**_write(call, video.item_id, top), "parent_comment_id": top}


def _write(call: Call, video_id: str, parent_id: str = "") -> dict[str, Any]:
    world, modes = call.world, call.world.modes
    text, image = call.text("text", ""), call.text("image_uri", "")
    if bool(text) == bool(image):
        raise ApiError(40002, "text: Exactly one of text and image_uri is required.")
    if len(text) > modes.text_limit:
        raise ApiError(40002, f"text: Longer than maximum length {modes.text_limit}.")
    if image and image not in world.images:
        raise ApiError(40007)
    key = (call.account.open_id, parent_id or video_id, text or image)
    if call.now - world.said.get(key, float("-inf")) < modes.duplicate_window_s:
        raise ApiError(40050)
    world.said[key] = call.now
    comment = world.add_comment(
        Comment(
            comment_id=world.new_id(),
            video_id=video_id,
            parent_id=parent_id,
            text=text,
            image_url=f"https://p16.tiktokcdn.test/{image}" if image else "",
            username=call.account.username,
            display_name=call.account.display_name,
            owner=True,
            status="HIDDEN" if modes.shadow_flag else "PUBLIC",
        )
    )
    if not modes.shadow_flag or modes.shadow_emits_insert:
        call.events.comment(comment, "insert")
    if not modes.shadow_flag and modes.own_set_to_public:
        call.events.comment(comment, "set_to_public")
    found = told(call, comment)
    names = ("comment_id", "video_id", "user_id", "unique_identifier", "create_time", "text")
    return {name: found[name] for name in (*names, "image_url")}


@endpoint("POST", "business/comment/hide/", scope=WRITE)
def hide(call: Call) -> dict[str, Any]:
    """Hide a comment from the public, or show it again; doing it twice changes nothing."""
    action = call.choice("action", ("HIDE", "UNHIDE"))
    video_id = call.text("video_id")
    call.text("comment_id")
    call.own_video()
    comment = _comment(call, video_id)
    wanted = "HIDDEN" if action == "HIDE" else "PUBLIC"
    if wanted == "PUBLIC" and not call.world.modes.unhide_sticks:
        return {}
    if comment.status != wanted:
        comment.status = wanted
        call.events.comment(comment, "set_to_hidden" if action == "HIDE" else "set_to_public")
    return {}


@endpoint("POST", "business/comment/like/", scope=WRITE)
def like(call: Call) -> dict[str, Any]:
    """Like a comment, or no longer."""
    action = call.choice("action", ("LIKE", "UNLIKE"))
    if call.world.modes.like_requires_video_id:
        call.text("video_id")
    comment = _own_side(call)
    comment.likes += (action == "LIKE") - comment.liked
    comment.liked = action == "LIKE"
    return {}


@endpoint("POST", "business/comment/pin/", scope=WRITE)
def pin(call: Call) -> dict[str, Any]:
    """Pin a comment to the top, or no longer; not everybody has this."""
    if not call.world.modes.pin_enabled:
        raise ApiError(40008)
    action = call.choice("action", ("PIN", "UNPIN"))
    call.text("video_id")
    _own_side(call).pinned = action == "PIN"
    return {}


@endpoint("POST", "business/comment/delete/", scope=WRITE)
def delete(call: Call) -> dict[str, Any]:
    """Delete a comment of one's own; those of others can only be hidden."""
    comment = _own_side(call)
    if not comment.owner:
        raise ApiError(40001, "Only comments of the account itself can be deleted.")
    comment.deleted = True
    call.events.comment(comment, "delete")
    return {}


def _own_side(call: Call) -> Comment:
    comment = _comment(call)
    if call.world.owner_of(comment) != call.account.open_id:
        raise ApiError(40007)
    return comment


@endpoint("POST", "business/comment/image/upload/", scope=WRITE)
def upload(call: Call) -> dict[str, Any]:
    """Take a picture that a comment can show."""
    name, content = call.files.get("image_file", ("", b""))
    if not content:
        raise ApiError(40002, "image_file: Missing data for required field.")
    if len(content) > _MOST_BYTES or not content.startswith(_IMAGES):
        raise ApiError(40002, f"image_file: {name or 'It'} is too large or no picture.")
    uri = f"tos-fake/{call.world.new_id()}"
    call.world.images.add(uri)
    return {"image_uri": uri, "width": 720, "height": 720}
