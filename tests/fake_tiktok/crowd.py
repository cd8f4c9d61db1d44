"""People who write: single comments and messages, and waves of them with words of their own."""

import random
from dataclasses import dataclass, field
from typing import Any

from tests.fake_tiktok.events import Events
from tests.fake_tiktok.world import BrandMention, Comment, Conversation, Message, Video, World

WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "ru": {
        "injury": ("После крема всё лицо в волдырях", "У дочки ожог от вашего крема, {n} день"),
        "refund": ("Верните деньги за заказ {n}", "Где мой возврат? Жду {n} дней"),
        "complaint": ("Крем щиплет, больше не куплю", "Пришла открытая банка, стыдно должно быть"),
        "insult": ("Вы просто мошенники", "Г0вно, а не крем 🤬"),
        "question": ("А состав поменяли?", "Можно ли беременным?"),
        "threat": ("Подаю в суд, готовьтесь", "Пишу в Роспотребнадзор"),
        "personal_data": ("Звоните мне +7 900 555 01 {n2}, разберёмся",),
        "raid": ("Не покупайте у них, они травят людей! #бойкот",),
        "support": ("У меня всё хорошо, третья банка ❤", "Люблю ваш крем"),
        "spam": ("Заработок от {n}0000 в день, пиши в лс",),
    },
    "en": {
        "injury": ("My skin burns since day {n}", "Got a rash from this cream 😡"),
        "refund": ("Where is my refund? Order {n}", "I want my money back"),
        "complaint": ("It arrived open and smells off", "Worst cream I ever bought"),
        "insult": ("You are liars", "What a sh1t company"),
        "question": ("Did you change the formula?", "Is it safe for kids?"),
        "threat": ("My lawyer will write to you",),
        "personal_data": ("Call me on +44 20 7946 01{n2}",),
        "raid": ("Boycott them, they poison people! #boycott",),
        "support": ("Works fine for me ❤", "Love this cream"),
        "spam": ("Earn {n}000 a day, link in bio",),
    },
}


@dataclass
class Burst:
    """A wave under a video, so many a second until there are enough."""

    video_id: str
    n: int
    per_second: float
    began: float
    mix: dict[str, float]
    language: str = "ru"
    reply_share: float = 0.0
    made: int = 0
    written: list[str] = field(default_factory=list)


class Crowd:
    """Writes what people write, and lets the events tell of it."""

    def __init__(self, world: World, events: Events) -> None:
        self._world = world
        self._events = events
        self.bursts: list[Burst] = []

    def comment(self, asked: dict[str, Any]) -> Comment:
        """Write a comment or reply, as a person or (`owner`) as the brand in its own app."""
        world = self._world
        video = world.videos[str(asked["video_id"])]
        owner = bool(asked.get("owner"))
        account = world.accounts.get(video.open_id)
        name = account.username if owner and account else str(asked.get("username", "somebody"))
        parent = str(asked.get("parent_id") or "")
        if parent:
            parent = world.comments[parent].parent_id or parent
        comment = world.add_comment(
            Comment(
                comment_id=str(asked.get("comment_id") or world.new_id()),
                video_id=video.item_id,
                parent_id=parent,
                text=str(asked.get("text", "")),
                username=name,
                display_name=str(asked.get("display_name", name)),
                unique_identifier=str(asked.get("unique_identifier", "")),
                create_time=float(asked.get("create_time", 0)),
                likes=int(asked.get("likes", 0)),
                owner=owner,
            )
        )
        filtered = not owner and world.random.random() * 100 < world.modes.filter_percent
        if filtered:
            comment.status = "HIDDEN"
        if not asked.get("quiet"):
            self._events.comment(comment, "insert")
            if filtered:
                self._events.comment(comment, "set_to_hidden")
        return comment

    def change(self, comment: Comment, action: str, *, quiet: bool = False) -> None:
        """Let something become of a comment: delete, hide, publish, friends_only."""
        told = {
            "delete": "delete",
            "hide": "set_to_hidden",
            "publish": "set_to_public",
            "friends_only": "set_to_friends_only",
        }[action]
        if action == "delete":
            comment.deleted = True
        else:
            comment.status = "PUBLIC" if action == "publish" else "HIDDEN"
        if not quiet:
            self._events.comment(comment, told)

    def mention(self, asked: dict[str, Any]) -> BrandMention:
        """Name the brand in a video, or in a comment under somebody's video."""
        world = self._world
        kind = str(asked.get("type", "VIDEO_MENTION"))
        open_id = str(asked.get("open_id") or next(iter(world.accounts)))
        name = str(asked.get("username", "creator"))
        item = str(asked.get("item_id") or world.new_id())
        if item not in world.videos:
            caption = str(asked.get("caption", ""))
            world.add_video(Video(item, caption=caption, creator_handle_name=name))
        mention = BrandMention(
            open_id=open_id,
            mention_type=kind,
            item_id=item,
            create_time=world.now(),
            username=name,
            display_name=str(asked.get("display_name", name)),
            unique_identifier=world.identifier(name),
            text=str(asked.get("text", "")),
        )
        if kind == "COMMENT":
            comment = Comment(world.new_id(), item, text=mention.text, username=name)
            mention.comment_id = world.add_comment(comment).comment_id
        world.mentions.append(mention)
        if not asked.get("quiet"):
            self._events.mention(mention, str(asked.get("event", "CREATE")))
        return mention

    def message(self, asked: dict[str, Any]) -> tuple[Conversation, Message]:
        """Write to the brand, or (`own`) let it answer in its own app."""
        world = self._world
        open_id = str(asked.get("open_id") or next(iter(world.accounts)))
        name = str(asked.get("username", "somebody"))
        # Base64 with a plus sign, which an address must escape.
        wanted = str(asked.get("conversation_id") or f"{world.identifier(name)}/{open_id[-4:]}+=")
        conversation = world.conversations.setdefault(
            wanted,
            Conversation(
                wanted,
                open_id,
                name,
                world.identifier(name),
                str(asked.get("kind", "SINGLE")),
                str(asked.get("region", "")),
            ),
        )
        own = bool(asked.get("own"))
        message = Message(
            message_id=world.new_id(),
            sender=open_id if own else conversation.unique_identifier,
            recipient=conversation.unique_identifier if own else open_id,
            timestamp=int(world.now() * 1000),
            message_type=str(asked.get("message_type", "TEXT")),
            body=str(asked.get("text", "")),
        )
        conversation.messages.append(message)
        if not asked.get("quiet"):
            self._events.message(conversation, message)
        return conversation, message

    def burst(self, asked: dict[str, Any]) -> Burst:
        """Begin a wave; without `per_second` it is there at once."""
        language = str(asked.get("language", "ru"))
        words = WORDS[language]
        mix = {str(key): float(value) for key, value in (asked.get("mix") or {}).items()}
        unknown = set(mix) - set(words)
        if unknown:
            raise ValueError(f"no template {sorted(unknown)}; there are {', '.join(words)}")
        burst = Burst(
            video_id=self._world.videos[str(asked["video"])].item_id,
            n=int(asked["n"]),
            per_second=float(asked.get("per_second", 0)),
            began=self._world.now(),
            mix=mix or dict.fromkeys(words, 1.0),
            language=language,
            reply_share=float(asked.get("reply_share", 0)),
        )
        self.bursts.append(burst)
        return burst

    def tick(self) -> None:
        """Write what the waves owe by now."""
        for burst in self.bursts:
            passed = self._world.now() - burst.began
            due = int(passed * burst.per_second) + 1 if burst.per_second else burst.n
            # A little at a time, so that nobody else waits for the lock.
            while burst.made < min(due, burst.n):
                self._one(burst)
                if burst.made % 200 == 0:
                    break
        self.bursts = [burst for burst in self.bursts if burst.made < burst.n]

    def _one(self, burst: Burst) -> None:
        chance = random.Random(f"{burst.video_id}:{burst.made}")
        topic = chance.choices(list(burst.mix), list(burst.mix.values()))[0]
        words = chance.choice(WORDS[burst.language][topic])
        number = chance.randint(2, 99)
        asked: dict[str, Any] = {
            "video_id": burst.video_id,
            "text": words.format(n=number, n2=f"{number:02}"),
            "username": f"user{chance.randint(1, 10**6)}",
            "likes": chance.randint(0, 5),
        }
        if burst.written and chance.random() < burst.reply_share:
            asked["parent_id"] = chance.choice(burst.written)
        burst.written.append(self.comment(asked).comment_id)
        burst.made += 1
