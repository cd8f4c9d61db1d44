"""What a Telegram bot is told becomes plain values. Of deletions it is never told."""

from typing import Final

from incidents.channels.protocol import (
    AuthorKind,
    EventKind,
    MentionKind,
    ParsedEvent,
    ParsedMention,
    ParseError,
    ParseOutcome,
)
from incidents.channels.wire import Fields, Unreadable, loaded

# What is asked for when subscribing, and so what may come.
UPDATES: Final = ("message", "edited_message")


def parse(raw: bytes) -> ParseOutcome:
    """Read one update. Whatever it holds, it is either an event or an error."""
    try:
        event = _event(loaded(raw))
    except Unreadable as error:
        told = ParseError(1, error.pointer, error.code, dict(error.params))
        return ParseOutcome(errors=(told,))
    mention = event.mention
    whole = mention is not None and event.own is not True and bool(mention.text)
    return ParseOutcome(mentions=(mention,) if mention and whole else (), events=(event,))


def _event(update: Fields) -> ParsedEvent:
    number = update.id("update_id")
    name = next((each for each in update.values if each != "update_id"), "")
    if name not in UPDATES:
        return _unknown(name, number, update)
    message = Fields(update.values[name], f"/{name}")
    sent = message.moment("date")
    edited = message.moment_or_none("edit_date")
    chat = message.fields("chat")
    chat_id = chat.id("id")
    writer = message.fields("from")
    # A channel or a group may write as itself.
    author = writer.id_or_none("id") or message.fields("sender_chat").id_or_none("id") or ""
    is_private = chat.text("type", 20) == "private"
    answered = message.fields("reply_to_message").id_or_none("message_id")
    mention = ParsedMention(
        external_id=joined(chat_id, message.id("message_id")),
        kind=_kind(is_private=is_private, is_answer=answered is not None),
        text=message.text("text") or message.text("caption"),
        author_external_id=author,
        author_name=_name(writer),
        author_kind=AuthorKind.UNKNOWN,
        author_followers=None,
        post_external_id=None if is_private else chat_id,
        post_url=_url(chat, ""),
        url=_url(chat, message.id("message_id")),
        language=writer.text("language_code", 3).lower() or None,
        # The latest time wins, and an edit keeps the date of what it edits.
        written_at=edited or sent,
        parent_external_id=joined(chat_id, answered) if answered else None,
        account_handle="",
    )
    return ParsedEvent(
        name=name,
        kind=_event_kind(is_private=is_private, is_edit=name == "edited_message"),
        account_external_id="",
        occurred_at=edited or sent,
        dedupe_key=f"telegram:{number}",
        external_id=mention.external_id,
        post_external_id=mention.post_external_id,
        parent_external_id=mention.parent_external_id,
        conversation_external_id=chat_id if is_private else None,
        author_external_id=author,
        # A bot is never told of what it wrote itself.
        own=False,
        mention=mention,
    )


def joined(chat: str, message: str) -> str:
    """Return an id of a message that no other chat has: Telegram counts in each chat anew."""
    return f"{chat}/{message}"


def split(external_id: str) -> tuple[str, str]:
    """Return the chat and the number in it; ValueError where it is none of `joined`."""
    chat, _, message = external_id.partition("/")
    return str(int(chat)), str(int(message))


def _kind(*, is_private: bool, is_answer: bool) -> MentionKind:
    if is_private:
        return MentionKind.DIRECT_MESSAGE
    return MentionKind.REPLY if is_answer else MentionKind.COMMENT


def _event_kind(*, is_private: bool, is_edit: bool) -> EventKind:
    if is_private:
        return EventKind.MESSAGE_EDITED if is_edit else EventKind.MESSAGE_RECEIVED
    return EventKind.COMMENT_EDITED if is_edit else EventKind.COMMENT_CREATED


def _name(writer: Fields) -> str:
    full = f"{writer.text('first_name', 120)} {writer.text('last_name', 120)}".strip()
    return writer.text("username", 120) or full


def _url(chat: Fields, message: str) -> str:
    # Only what has a public name can be opened by anybody.
    name = chat.text("username", 60)
    if not name or chat.text("type", 20) == "private":
        return ""
    return f"https://t.me/{name}/{message}".rstrip("/")


def _unknown(name: str, number: str, update: Fields) -> ParsedEvent:
    """Keep what nobody asked for, with the time that it names if any."""
    inner = update.fields(name)
    at = inner.moment_or_none("date")
    if at is None:
        raise Unreadable(f"/{name}" if name else "", "unknown_update", name=name[:60])
    return ParsedEvent(
        name=name,
        kind=EventKind.UNKNOWN,
        account_external_id="",
        occurred_at=at,
        dedupe_key=f"telegram:{number}",
        partial=True,
    )
