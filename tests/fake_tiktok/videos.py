"""An account, its videos, and how a new one is published."""

from typing import Any

from tests.fake_tiktok.calls import Call, endpoint
from tests.fake_tiktok.errors import ApiError
from tests.fake_tiktok.world import Publication, Video, World

_SCOPE_OF_FIELD = {
    "display_name": "user.info.basic",
    "profile_image": "user.info.basic",
    "username": "user.info.username",
    "is_verified": "user.info.profile",
    "profile_deep_link": "user.info.profile",
    "followers_count": "user.info.stats",
    "videos_count": "user.info.stats",
    "is_business_account": "user.account.type",
}


@endpoint("GET", "business/get/", scope="user.info.basic")
def account(call: Call) -> dict[str, Any]:
    """Say who an account is; one field without its scope fails the whole call."""
    wanted = call.array("fields", ["display_name", "profile_image"])
    assert call.token is not None
    for name in wanted:
        if name not in _SCOPE_OF_FIELD:
            raise ApiError(40002, f"fields: {name} is not a valid choice.")
        if _SCOPE_OF_FIELD[name] not in call.token.scopes:
            raise ApiError(40130)
    mine = call.account
    videos = [each for each in call.world.videos.values() if each.open_id == mine.open_id]
    known: dict[str, Any] = {
        "display_name": mine.display_name,
        "profile_image": f"https://p16.tiktokcdn.test/{mine.username}.jpg",
        "username": mine.username,
        "is_verified": mine.is_verified,
        "profile_deep_link": f"https://www.tiktok.com/@{mine.username}",
        "followers_count": mine.followers_count,
        "videos_count": len(videos),
        "is_business_account": True,
    }
    return {name: known[name] for name in wanted}


def told(world: World, video: Video, username: str) -> dict[str, Any]:
    """Return all that can be asked of a video."""
    url = f"https://www.tiktok.com/@{username}/video/{video.item_id}"
    return {
        "item_id": video.item_id,
        "create_time": str(int(video.create_time)),
        "caption": video.caption,
        "thumbnail_url": f"https://p16.tiktokcdn.test/{video.item_id}.jpg",
        "share_url": f"{url}?utm_campaign=tt4d_open_api",
        "embed_url": f"https://www.tiktok.com/static/profile-video?id={video.item_id}",
        "media_type": video.media_type,
        "is_ad": video.is_ad,
        "video_duration": 12.5,
        "likes": video.likes,
        "comments": len(world.of_video.get(video.item_id, ())),
        "shares": video.shares,
        "favorites": video.favorites,
        "reach": video.reach,
        "video_views": video.video_views,
    }


@endpoint("GET", "business/video/list/", scope="video.list")
def listing(call: Call) -> dict[str, Any]:
    """The account's own videos before a time, the newest first."""
    wanted = call.array("fields", ["item_id"])
    if "item_id" not in wanted:
        raise ApiError(40002, "fields: item_id is required.")
    filters = call.mapping("filters")
    count = call.integer("max_count", 10, 1, 20)
    before = call.integer("cursor", int(call.now * 1000) + 1)
    ids = filters.get("video_ids")
    found = [
        each
        for each in call.world.videos.values()
        if each.open_id == call.account.open_id
        and not each.private
        and int(each.create_time * 1000) < before
        and (not ids or each.item_id in ids)
        and (not filters.get("ad_post_only") or each.is_ad)
    ]
    found.sort(key=lambda each: each.create_time, reverse=True)
    shown = found[:count]
    videos = []
    for each in shown:
        known = told(call.world, each, call.account.username)
        unknown = [name for name in wanted if name not in known]
        if unknown:
            raise ApiError(40002, f"fields: {unknown[0]} is not a valid choice.")
        videos.append({name: known[name] for name in wanted})
    after = int(shown[-1].create_time * 1000) if shown else before
    return {"videos": videos, "cursor": after, "has_more": len(found) > count}


@endpoint("POST", "business/video/publish/", scope="video.publish")
def publish_video(call: Call) -> dict[str, Any]:
    """Publish a video that lies at an address."""
    return _publish(call, "VIDEO", call.text("video_url"))


@endpoint("POST", "business/photo/publish/", scope="video.publish")
def publish_photo(call: Call) -> dict[str, Any]:
    """Publish photos that lie at addresses."""
    urls = call.array("photo_images", most=35)
    if not urls:
        raise ApiError(40002, "photo_images: Missing data for required field.")
    return _publish(call, "PHOTO", urls[0])


def _publish(call: Call, media_type: str, url: str) -> dict[str, Any]:
    world, modes = call.world, call.world.modes
    if not url.startswith("https://"):
        raise ApiError(40002, "video_url: Not a valid URL of a verified domain.")
    info = call.mapping("post_info")
    call.limits.publication(modes, call.now, call.account.open_id)
    share_id = f"v_pub_url~v2.{world.new_id()}"
    world.publications[share_id] = Publication(
        share_id=share_id,
        open_id=call.account.open_id,
        caption=str(info.get("caption", "")),
        media_type=media_type,
        began=call.now,
        outcome="inbox" if info.get("upload_to_draft") else modes.publish_outcome,
        reason=modes.publish_reason,
    )
    return {"share_id": share_id}


@endpoint("GET", "business/publish/status/", scope="video.publish")
def status(call: Call) -> dict[str, Any]:
    """Say how far a publication has come."""
    publication = call.world.publications.get(call.text("publish_id"))
    if publication is None or publication.open_id != call.account.open_id:
        raise ApiError(40007)
    found: dict[str, Any] = {"status": publication.status}
    if publication.post_id:
        found["post_ids"] = [publication.post_id]
    if publication.status == "FAILED":
        found["reason"] = publication.reason
    return found


def finish(world: World, publication: Publication) -> list[str]:
    """End a publication and return what to tell of it."""
    if publication.outcome == "inbox":
        publication.status = "SEND_TO_USER_INBOX"
        return []
    if publication.outcome != "complete":
        publication.status = "FAILED"
        return ["failed"]
    publication.status = "PUBLISH_COMPLETE"
    publication.post_id = world.new_id()
    world.add_video(
        Video(
            item_id=publication.post_id,
            open_id=publication.open_id,
            caption=publication.caption,
            media_type=publication.media_type,
        )
    )
    return ["complete", "publicly_available"]
