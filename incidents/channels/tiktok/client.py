"""Calls TikTok's API for Business: one call, one envelope, one error that says what to do."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from crisis_api.lib import http
from crisis_api.lib.errors import ChannelError
from incidents.channels.connection import Bucket, Pace
from incidents.channels.errors import Effect, Reauthorise, Trace, of_silence, unclear
from incidents.channels.tiktok import failures, limits
from incidents.channels.tiktok.options import Options
from incidents.channels.wire import Fields, Unreadable, loaded

# Thirty comments with three answers each, of 1,200 characters that take up to twelve bytes.
_MOST_BYTES: Final = 4 * 1024 * 1024
_PARTLY: Final = 20001


@dataclass(frozen=True, slots=True)
class Result:
    """What was asked for, and the id under which TikTok's support finds the call."""

    data: Fields
    request_id: str


@dataclass(frozen=True, slots=True)
class Client:
    """Calls for an app, and where an account is named for that account."""

    options: Options
    pace: Pace
    account: str = ""
    token: str = field(default="", repr=False)

    def get(self, path: str, parameters: Mapping[str, Any]) -> Result:
        """Read something. Lists and objects go as JSON inside one value of the query."""
        given = {
            name: value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
            for name, value in self._named(parameters).items()
            if value is not None
        }
        return self._call("GET", f"{path}?{urlencode(given)}", path, None, Effect.READ)

    def post(self, path: str, values: Mapping[str, Any], effect: Effect) -> Result:
        """Have something done."""
        given = {key: value for key, value in self._named(values).items() if value is not None}
        body = json.dumps(given, ensure_ascii=False).encode("utf-8", "replace")
        return self._call("POST", path, path, body, effect)

    def _named(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"business_id": self.account, **values} if self.account else values

    def _call(
        self, method: str, target: str, path: str, body: bytes | None, effect: Effect
    ) -> Result:
        if self.account and not self.token:
            raise Reauthorise("no_credentials")
        counted = limits.buckets(self.options, self.account, path)
        self.pace.take(counted)
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self.token:
            headers["Access-Token"] = self.token
        try:
            reply = http.call(
                method,
                f"{self.options.api_url}/{target}",
                body,
                headers,
                timeout=self.options.patience,
                most_bytes=_MOST_BYTES,
            )
        except ChannelError as error:
            # What it comes from names the whole address, and some hold the app's secret.
            raise of_silence(error, effect) from None
        if reply.status != 200:
            wait = _seconds(reply.headers.get("retry-after", ""))
            raise failures.of_status(reply.status, effect, wait)
        return self._opened(reply, effect, counted)

    def _opened(self, reply: http.Reply, effect: Effect, counted: Sequence[Bucket]) -> Result:
        unreadable = unclear("answer_unreadable", effect, Trace(status=reply.status))
        try:
            envelope = loaded(reply.content)
        except Unreadable:
            raise unreadable from None
        code = envelope.values.get("code")
        if isinstance(code, bool) or not isinstance(code, int):
            raise unreadable
        request_id = envelope.text("request_id", 64) or reply.headers.get("x-tt-logid", "")
        if code in (0, _PARTLY):
            return Result(envelope.fields("data"), request_id)
        if code in failures.TOO_OFTEN:
            self.pace.exceeded(counted)
        trace = Trace(str(code), envelope.text("message", 500), request_id, reply.status)
        failure = failures.of_code(code, trace, effect)
        if code in failures.TOO_OFTEN:
            failure.retry_after = self.options.minute_recovery
        raise failure


def _seconds(text: str) -> timedelta | None:
    known = text.isascii() and text.isdigit() and len(text) < 6
    return timedelta(seconds=int(text)) if known else None
