"""Calls Telegram for one bot. Its token is part of the address, so no address is ever told."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from crisis_api.lib import http
from crisis_api.lib.errors import ChannelError
from incidents.channels.connection import Bucket, Pace
from incidents.channels.errors import (
    Effect,
    GiveUp,
    NetworkError,
    Reason,
    Reauthorise,
    RetryLater,
    Trace,
    of_silence,
    unclear,
)
from incidents.channels.wire import Fields, Unreadable, loaded

API_URL: Final = "https://api.telegram.org"
_SECOND, _MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """How often a bot may write; Telegram says these are about right, and how long to wait."""

    per_second: int = 30
    per_chat_second: int = 1
    per_group_minute: int = 20


@dataclass(frozen=True, slots=True)
class Client:
    """Calls for one bot."""

    token: str = field(repr=False)
    pace: Pace
    bot: str = ""
    api_url: str = API_URL
    limits: Limits = field(default_factory=Limits)
    patience: timedelta = timedelta(seconds=10)

    def call(
        self, method: str, values: Mapping[str, Any], effect: Effect, *, chat: str = ""
    ) -> Fields:
        """Have something done, and return what Telegram says of it."""
        if not self.token:
            raise Reauthorise("no_credentials")
        counted = self._buckets(chat)
        self.pace.take(counted)
        body = json.dumps(values, ensure_ascii=False).encode("utf-8", "replace")
        url = f"{self.api_url}/bot{self.token}/{method}"
        try:
            reply = http.call(
                "POST", url, body, {"Content-Type": "application/json"}, timeout=self.patience
            )
        except ChannelError as error:
            # What it comes from names the whole address.
            raise of_silence(error, effect) from None
        try:
            told = loaded(reply.content)
        except Unreadable:
            raise unclear("answer_unreadable", effect, Trace(status=reply.status)) from None
        if told.flag("ok") is not True:
            raise self._failure(told, reply.status, effect, counted)
        result = told.values.get("result")
        return Fields(result if isinstance(result, dict) else {}, "/result")

    def _buckets(self, chat: str) -> tuple[Bucket, ...]:
        bot = f"telegram:{self.bot}"
        found = [Bucket(bot, self.limits.per_second, _SECOND, _SECOND)]
        if chat:
            each = self.limits.per_chat_second
            found.append(Bucket(f"{bot}:{chat}:second", each, _SECOND, _SECOND))
        if chat.startswith("-"):
            each = self.limits.per_group_minute
            found.append(Bucket(f"{bot}:{chat}:minute", each, _MINUTE, _MINUTE))
        return tuple(found)

    def _failure(
        self, told: Fields, status: int, effect: Effect, counted: Sequence[Bucket]
    ) -> NetworkError:
        code = told.count("error_code") or status
        said = told.text("description", 300)
        trace = Trace(str(code), said, "", status)
        if code == 429:
            self.pace.exceeded(counted)
            seconds = told.fields("parameters").count("retry_after")
            wait = timedelta(seconds=min(seconds, 86_400)) if seconds is not None else _MINUTE
            return RetryLater("too_often", retry_after=wait, trace=trace)
        if code in (401, 404):
            # A token that is wrong in its form is a path that does not exist.
            return Reauthorise("token_invalid", trace=trace)
        if code == 403:
            return GiveUp("not_permitted", reason=Reason.NOT_PERMITTED, trace=trace)
        if code == 409:
            return GiveUp("used_elsewhere", reason=Reason.MISCONFIGURED, trace=trace)
        if 400 <= code < 500:
            is_gone = "not found" in said.lower()
            reason = Reason.NOT_FOUND if is_gone else Reason.INVALID
            return GiveUp("not_found" if is_gone else "invalid", reason=reason, trace=trace)
        return unclear("service_failed", effect, trace)
