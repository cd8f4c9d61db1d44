"""Direct messages: the person writes first, the brand answers within a window."""

from typing import Any

from tests.fake_tiktok.calls import Call, endpoint, page
from tests.fake_tiktok.errors import ApiError
from tests.fake_tiktok.world import Conversation, Message

_KINDS = ("TEXT", "IMAGE", "SHARE_POST", "TEMPLATE", "SENDER_ACTION")


def _conversation(call: Call, conversation_id: str) -> Conversation:
    found = call.world.conversations.get(conversation_id)
    if found is None or found.open_id != call.account.open_id:
        # An id whose plus sign was not escaped arrives with a space.
        name = "conversation_id" if "conversation_id" in call.values else "recipient"
        raise ApiError(40002, f"Param {name} is invalid.")
    return found


def _is_open(call: Call, conversation: Conversation) -> bool:
    modes, mine = call.world.modes, call.account.open_id
    heard = [each.timestamp for each in conversation.messages if each.sender != mine]
    if not heard or call.now * 1000 - max(heard) > modes.window_s * 1000:
        return False
    since = [
        each
        for each in conversation.messages
        if each.sender == mine and each.timestamp >= max(heard)
    ]
    return len(since) < modes.messages_per_window


@endpoint("POST", "business/message/send/", scope="message.list.send")
def send(call: Call) -> dict[str, Any]:
    """Answer a person who has written."""
    kind = call.choice("message_type", _KINDS)
    call.choice("recipient_type", ("CONVERSATION",))
    recipient = call.text("recipient")
    body = str(call.mapping("text").get("body", ""))
    if kind == "TEXT" and not 0 < len(body) <= 6_000:
        raise ApiError(40002, "text: body has 1 to 6000 characters.")
    conversation = _conversation(call, recipient)
    if conversation.region == "EU" or not _is_open(call, conversation):
        raise ApiError(40064)
    if kind == "SENDER_ACTION":
        return {"message": {"message_id": ""}}
    message = Message(
        message_id=call.world.new_id(),
        sender=call.account.open_id,
        recipient=conversation.unique_identifier,
        timestamp=int(call.now * 1000),
        message_type=kind,
        body=body,
        media_id=str(call.mapping("image").get("media_id", "")),
        source="API",
    )
    conversation.messages.append(message)
    call.events.message(conversation, message)
    return {"message": {"message_id": message.message_id}}


@endpoint("GET", "business/message/conversation/list/", scope="message.list.read")
def conversations(call: Call) -> dict[str, Any]:
    """Who has written in the last 90 days, the latest first."""
    kind = call.choice("conversation_type", ("STRANGER", "SINGLE"))
    count, cursor = call.integer("limit", 100, 1, 100), call.integer("cursor", 0)
    found = [
        (max((each.timestamp for each in one.messages), default=0), one)
        for one in call.world.conversations.values()
        if one.open_id == call.account.open_id and one.kind == kind
    ]
    found = [pair for pair in found if pair[0] > (call.now - 90 * 86_400) * 1000]
    found.sort(key=lambda pair: (-pair[0], pair[1].conversation_id))
    shown, after, more = page(found[:100], cursor, count)
    told = [
        {"conversation_id": one.conversation_id, "update_time": updated, "referral": {}}
        for updated, one in shown
    ]
    return {"conversations": told, "cursor": after, "has_more": more}


@endpoint("GET", "business/message/content/list/", scope="message.list.read")
def contents(call: Call) -> dict[str, Any]:
    """The latest 20 messages of one conversation; there is no way to earlier ones."""
    conversation = _conversation(call, call.text("conversation_id"))
    latest = sorted(conversation.messages, key=lambda each: -each.timestamp)[:20]
    brand = {"id": call.account.open_id, "role": "BUSINESS_ACCOUNT"}
    person = {"id": conversation.unique_identifier, "role": "PERSONAL_ACCOUNT"}
    return {
        "messages": [_told(call, conversation, each, brand, person) for each in latest],
        "participants": [
            {**brand, "display_name": call.account.display_name},
            {**person, "display_name": conversation.username},
        ],
    }


def _told(
    call: Call,
    conversation: Conversation,
    message: Message,
    brand: dict[str, str],
    person: dict[str, str],
) -> dict[str, Any]:
    mine = message.sender == call.account.open_id
    found: dict[str, Any] = {
        "sender": call.account.username if mine else conversation.username,
        "recipient": conversation.username if mine else call.account.username,
        "conversation_id": conversation.conversation_id,
        "message_id": message.message_id,
        "timestamp": message.timestamp,
        "message_type": message.message_type,
        "reactions": [],
        "message_tag": {"source": message.source},
        "from_user": brand if mine else person,
        "to_user": person if mine else brand,
    }
    if message.message_type == "TEXT":
        found["text"] = {"body": message.body}
    if message.media_id:
        found["image"] = {"media_id": message.media_id}
    return found
