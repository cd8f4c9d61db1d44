"""`/_fake/`: how the fake is told what there is, what happens, and what goes wrong.

POST reset                      begin anew
POST seed                       apps, accounts, videos, comments, mentions, conversations
POST comment                    a comment, or what becomes of one (`comment_id`, `action`)
POST mention, POST dm           somebody names the brand, somebody writes to it
POST burst                      a wave: video, n, per_second, mix, language, reply_share
POST clock                      advance_s, set, stopped
POST tokens                     expire, expire_refresh, revoke, drop_scope; issue gives a pair
POST faults                     what goes wrong, see faults.py; `clear` takes all back
POST modes                      how it behaves, see modes.py
POST tell                       any event at all: event_type, event, open_id, content
GET  deliveries                 webhooks with their attempts; POST deliveries/{id}/redeliver
GET  requests, GET state        who called what, and what there is
"""

from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any

from tests.fake_tiktok import videos
from tests.fake_tiktok.crowd import Crowd
from tests.fake_tiktok.deliveries import Deliveries
from tests.fake_tiktok.events import Events
from tests.fake_tiktok.faults import Faults
from tests.fake_tiktok.limits import Limits
from tests.fake_tiktok.world import Account, App, Token, Video, World

Values = dict[str, Any]


class Control:
    """Does what it is told over `/_fake/`; ValueError, KeyError and TypeError become a 400."""

    def __init__(
        self,
        world: World,
        deliveries: Deliveries,
        events: Events,
        faults: Faults,
        limits: Limits,
    ) -> None:
        self._world = world
        self._deliveries = deliveries
        self._events = events
        self._faults = faults
        self._limits = limits
        self._crowd = Crowd(world, events)
        self._doors: dict[tuple[str, str], Callable[[Values], Any]] = {
            ("POST", "reset"): self.reset,
            ("POST", "seed"): self.seed,
            ("POST", "comment"): self.comment,
            ("POST", "mention"): self.mention,
            ("POST", "dm"): self.message,
            ("POST", "burst"): self.burst,
            ("POST", "clock"): self.clock,
            ("POST", "tokens"): self.tokens,
            ("POST", "faults"): self.faults,
            ("POST", "modes"): self.modes,
            ("POST", "tell"): self.tell,
            ("GET", "deliveries"): self.deliveries,
            ("GET", "requests"): self.requests,
            ("GET", "state"): self.state,
        }

    def answer(self, method: str, path: str, values: Values) -> Any:
        """Do it, and return what there is to say; None where there is no such thing."""
        parts = path.strip("/").split("/")
        if (
            method == "POST"
            and len(parts) == 3
            and (parts[0], parts[2])
            == (
                "deliveries",
                "redeliver",
            )
        ):
            return {"sent": self._deliveries.again(int(parts[1]))}
        door = self._doors.get((method, path.strip("/")))
        return door(values) if door else None

    def reset(self, values: Values) -> Values:
        """Begin anew."""
        self._crowd.bursts.clear()
        self._deliveries.reset()
        self._faults.clear()
        self._limits.reset()
        self._world.reset()
        return {}

    def seed(self, values: Values) -> Values:
        """Put there what is listed; whatever has no id gets one."""
        world = self._world
        for row in values.get("apps", ()):
            world.apps[row["app_id"]] = App(**row)
        for row in values.get("accounts", ()):
            world.accounts[row["open_id"]] = Account(**row)
        first = next(iter(world.accounts))
        made: Values = {"videos": [], "comments": [], "mentions": [], "conversations": []}
        for row in values.get("videos", ()):
            given = {"item_id": world.new_id(), "open_id": first, **row}
            made["videos"].append(world.add_video(Video(**given)).item_id)
        for row in values.get("comments", ()):
            comment = self._crowd.comment({"quiet": True, **row})
            made["comments"].append(comment.comment_id)
        for row in values.get("mentions", ()):
            made["mentions"].append(asdict(self._crowd.mention({"quiet": True, **row})))
        for row in values.get("conversations", ()):
            conversation, _ = self._crowd.message({"quiet": True, **row})
            made["conversations"].append(conversation.conversation_id)
        return made

    def comment(self, values: Values) -> Values:
        """A person writes, or something becomes of what was written."""
        if action := values.get("action"):
            comment = self._world.comments[values["comment_id"]]
            self._crowd.change(comment, action, quiet=bool(values.get("quiet")))
        else:
            comment = self._crowd.comment(values)
        return asdict(comment)

    def mention(self, values: Values) -> Values:
        """Somebody names the brand."""
        return asdict(self._crowd.mention(values))

    def message(self, values: Values) -> Values:
        """Somebody writes to the brand, or has read what it wrote (`read`)."""
        if values.get("read"):
            conversation = self._world.conversations[values["conversation_id"]]
            self._events.read(conversation)
            return {"conversation_id": conversation.conversation_id}
        conversation, message = self._crowd.message(values)
        return {"conversation_id": conversation.conversation_id, **asdict(message)}

    def burst(self, values: Values) -> Values:
        """Begin a wave."""
        return asdict(self._crowd.burst(values))

    def clock(self, values: Values) -> Values:
        """Move the clock, and let everything happen that is due by then."""
        clock = self._world.clock
        if "stopped" in values:
            clock.stop(bool(values["stopped"]))
        if "set" in values:
            clock.set(float(values["set"]))
        clock.advance(float(values.get("advance_s", 0)))
        self.tick()
        return {"now": self._world.now()}

    def tokens(self, values: Values) -> Values:
        """Let tokens end, or give out a pair without the browser."""
        world = self._world
        open_id = values.get("open_id") or next(iter(world.accounts))
        if "issue" in values:
            scopes = values["issue"] if isinstance(values["issue"], list) else None
            account = world.accounts[open_id]
            app_id = values.get("app_id") or next(iter(world.apps))
            token = world.issue(app_id, open_id, scopes or account.scopes)
            return {"access_token": token.access, "refresh_token": token.refresh}
        meant = [
            each
            for each in world.tokens
            if each.access == values.get("access_token")
            or (not values.get("access_token") and each.open_id == open_id)
        ]
        for token in meant:
            self._end(token, values)
        return {"tokens": len(meant)}

    def _end(self, token: Token, values: Values) -> None:
        now = self._world.now()
        if values.get("expire"):
            token.access_expires = now
        if values.get("expire_refresh"):
            token.refresh_expires = now
        if values.get("revoke"):
            token.revoked = True
        if scope := values.get("drop_scope"):
            token.scopes.discard(scope)

    def faults(self, values: Values) -> Values:
        """Let something go wrong, or all go well again."""
        if values.get("clear"):
            self._faults.clear()
        else:
            self._faults.add(values)
        return {"faults": list(self._faults.told())}

    def modes(self, values: Values) -> Values:
        """Change how it behaves."""
        self._world.modes.change(values)
        self._deliveries.tick()
        return self._world.modes.told()

    def tell(self, values: Values) -> Values:
        """Send any event at all, such as one that nobody knows yet."""
        open_id = values.get("open_id") or next(iter(self._world.accounts))
        content = values.get("content", {})
        self._events.tell(values["event_type"], values["event"], open_id, content)
        return {}

    def deliveries(self, values: Values) -> Values:
        """Webhooks, the oldest first; `state`, `event` and `after` narrow them."""
        after = int(values.get("after", 0))
        found = [
            each.told()
            for each in list(self._deliveries.all)
            if each.number > after
            and values.get("state") in (None, each.state)
            and values.get("event") in (None, each.event)
        ]
        return {
            "deliveries": found[: int(values.get("limit", 1000))],
            "counts": dict(self._deliveries.counts),
            "waiting": self._deliveries.waiting(),
        }

    def requests(self, values: Values) -> Values:
        """Who called what."""
        path = values.get("path")
        found = [each for each in list(self._world.journal) if path in (None, each["path"])]
        return {"requests": found}

    def state(self, values: Values) -> Values:
        """What there is."""
        world = self._world
        names = ("videos", "comments", "conversations", "publications")
        kept = {name: [asdict(row) for row in getattr(world, name).values()] for name in names}
        accounts = [
            {field.name: getattr(row, field.name) for field in fields(row)}
            for row in world.accounts.values()
        ]
        return {
            "now": world.now(),
            "modes": world.modes.told(),
            "faults": list(self._faults.told()),
            "bursts": [asdict(burst) for burst in self._crowd.bursts],
            "apps": [
                {"app_id": app.app_id, "callbacks": list(app.callbacks)}
                for app in world.apps.values()
            ],
            "accounts": accounts,
            "connected": sorted(
                {token.open_id for each in world.accounts for token in world.granted(each)}
            ),
            "mentions": [asdict(row) for row in world.mentions],
            **kept,
        }

    def tick(self) -> None:
        """Let happen what is due: waves, publications, webhooks held back."""
        world = self._world
        self._crowd.tick()
        for publication in list(world.publications.values()):
            due = publication.began + world.modes.publish_takes_s
            if publication.status == "PROCESSING_DOWNLOAD" and world.now() >= due:
                for name in videos.finish(world, publication):
                    self._events.publication(publication, name)
        self._deliveries.tick()
