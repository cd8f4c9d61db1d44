"""What happens here, as webhooks tell it: ids are bare numbers in a string of JSON."""

import json
from typing import Any

from tests.fake_tiktok.deliveries import Deliveries
from tests.fake_tiktok.world import (
    BrandMention,
    Comment,
    Conversation,
    Message,
    Publication,
    World,
)

TYPES = ("COMMENT", "VIDEO", "DIRECT_MESSAGE", "BRAND_MENTION")
_SCOPE_OF = {
    "COMMENT": "comment.list",
    "VIDEO": "video.publish",
    "DIRECT_MESSAGE": "message.list.read",
    "BRAND_MENTION": "biz.brand.insights",
}


class Events:
    """Tells every app that an account is connected to, where it asked to be told."""

    def __init__(self, world: World, deliveries: Deliveries) -> None:
        self._world = world
        self._deliveries = deliveries

    def comment(self, comment: Comment, action: str) -> None:
        """`comment.update`: something became of a comment under a brand's video."""
        modes = self._world.modes
        open_id = self._world.owner_of(comment)
        if not open_id:
            return
        content: dict[str, Any] = {
            "comment_id": int(comment.comment_id),
            "video_id": int(comment.video_id),
            "parent_comment_id": int(comment.parent_id or 0),
            "comment_type": "reply" if comment.parent_id else "comment",
            "comment_action": action,
            "unique_identifier": comment.unique_identifier,
            "timestamp": self._milliseconds(),
        }
        if modes.omit_parent_zero and not comment.parent_id:
            del content["parent_comment_id"]
        if action != "delete" and not modes.omit_text:
            content["text"] = comment.text
        self.tell("COMMENT", "comment.update", open_id, content, item=comment.video_id)

    def mention(self, mention: BrandMention, kind: str = "CREATE") -> None:
        """`brand.mention.event`: somebody named the brand."""
        world = self._world
        video = world.videos[mention.item_id]
        is_comment = mention.mention_type == "COMMENT"
        content = {
            "type_of_event": kind,
            "mention_type": mention.mention_type,
            "video_id": int(mention.item_id),
            "video_create_time": int(video.create_time),
            "open_id_of_mentioned_user": mention.open_id,
            "unique_name_of_mentioned_user": world.accounts[mention.open_id].username,
            "unique_identifier": mention.unique_identifier,
            "share_url": f"https://www.tiktok.com/@{video.creator_handle_name}/video/"
            f"{video.item_id}",
            "video_caption": video.caption,
            "comment_id": int(mention.comment_id) if is_comment else "0",
        }
        self.tell("BRAND_MENTION", "brand.mention.event", mention.open_id, content)

    def message(self, conversation: Conversation, message: Message) -> None:
        """`im_receive_msg` or, for what the brand wrote itself, `im_send_msg`."""
        account = self._world.accounts[conversation.open_id]
        mine = message.sender == account.open_id
        brand = {"id": account.open_id, "role": "business_account"}
        person = {"id": conversation.unique_identifier, "role": "personal_account"}
        if not mine and (self._world.modes.eu_messages or conversation.region == "EU"):
            bare = {
                "to": account.username,
                "to_user": brand,
                "timestamp": message.timestamp,
            }
            self.tell("DIRECT_MESSAGE", "im_receive_msg_eu", conversation.open_id, bare)
            return
        content: dict[str, Any] = {
            "from": account.username if mine else conversation.username,
            "to": conversation.username if mine else account.username,
            "unique_identifier": conversation.unique_identifier,
            "from_user": brand if mine else person,
            "to_user": person if mine else brand,
            "conversation_id": conversation.conversation_id,
            "message_id": message.message_id,
            "timestamp": message.timestamp,
            "type": message.message_type.lower(),
            "is_follower": False,
            "message_tag": {"source": message.source},
        }
        if message.message_type == "TEXT":
            content["text"] = {"body": message.body}
        elif message.media_id:
            content["image"] = {"media_id": message.media_id}
        name = "im_send_msg" if mine else "im_receive_msg"
        self.tell("DIRECT_MESSAGE", name, conversation.open_id, content)

    def read(self, conversation: Conversation) -> None:
        """`im_mark_read_msg`: the person has read what the brand wrote."""
        content = {
            "conversation_id": conversation.conversation_id,
            "from_user": {"id": conversation.unique_identifier, "role": "personal_account"},
            "timestamp": self._milliseconds(),
        }
        self.tell("DIRECT_MESSAGE", "im_mark_read_msg", conversation.open_id, content)

    def publication(self, publication: Publication, name: str) -> None:
        """`post.publish.…`: how far a publication has come."""
        content: dict[str, Any] = {
            "publish_id": publication.share_id,
            "publish_type": "DIRECT_PUBLISH",
        }
        if name == "failed":
            content["reason"] = publication.reason
        if publication.post_id and name != "complete":
            content["post_id"] = int(publication.post_id)
        self.tell("VIDEO", f"post.publish.{name}", publication.open_id, content)

    def tell(
        self, event_type: str, name: str, open_id: str, content: dict[str, Any], item: str = ""
    ) -> None:
        """Tell the apps that are let in and have a callback for this."""
        world, modes = self._world, self._world.modes
        apps = {
            token.app_id
            for token in world.granted(open_id)
            if _SCOPE_OF[event_type] in token.scopes
        }
        text = _compact(content, modes.ensure_ascii)
        for app_id in sorted(apps):
            app = world.apps[app_id]
            callback = app.callbacks.get(event_type)
            if callback is None or (callback.items and item and item not in callback.items):
                continue
            envelope = {
                "client_key": app_id,
                "event": "comment.something_new" if modes.unknown_event else name,
                "create_time": int(world.now()),
                "user_openid": "-000somebodyElse" if modes.wrong_openid else open_id,
                "content": '{"comment_id":' if modes.unparsable else text,
            }
            body = _compact(envelope, modes.ensure_ascii).encode()
            self._deliveries.add(callback.url, app.secret, name, body)

    def _milliseconds(self) -> int:
        return int(self._world.now() * 1000)


def _compact(value: object, ensure_ascii: bool) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, separators=(",", ":"))
