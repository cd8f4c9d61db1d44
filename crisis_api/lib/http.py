"""The HTTP client for every address that somebody typed in: webhooks, heartbeats.

It reaches only what `destinations` allows, follows no redirect, reads 64 KiB at most, and takes ten
seconds by the wall at most, however slowly the receiver drips. Nothing of an answer is meant for a
user's eyes: what a receiver says may be what an attacker wants to read.

    answer = http.post(url, body, {"Content-Type": "application/json"})
    answer.status   # 2xx; anything else is a ChannelError with `status`

`call` is for the interfaces of networks, at addresses that the operator set: it goes wherever that
is, and returns the whole answer whatever its status. All else holds for it, too.
"""

import os
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlsplit

import requests
from requests_hardened import Config, HTTPSession
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as PoolTimeout

from crisis_api.lib import breaker, clock, destinations
from crisis_api.lib.errors import ChannelError, FieldError, Invalid
from crisis_api.lib.guarded import CONNECT_PATIENCE, GuardedAdapter, budget

PATIENCE = timedelta(seconds=10)
MOST_BYTES = 64 * 1024
_LONGEST_URL = 2000
_LONGEST_WAIT = timedelta(hours=24)
_UNSEEMLY = re.compile(r"[\x00-\x20\x7f\\]|\s")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver answered: headers in lower case, the beginning of the body."""

    status: int
    headers: Mapping[str, str]
    body_excerpt: str
    elapsed: timedelta


@dataclass(frozen=True, slots=True)
class Reply:
    """What a network answered, as it came; headers in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def check_url(url: str, *, pointer: str = "/url") -> None:
    """Raise Invalid (400) where webhooks may not go to this address; for when it is stored.

    Codes: `invalid_url`, `userinfo_not_allowed`, `https_required`, `port_not_allowed`,
    `address_not_allowed`. A name without an address passes: it is judged again at every send.
    """
    code = _flaw(url)
    if code is not None:
        raise Invalid(errors=[FieldError(pointer, code, _WORDS[code])])


_WORDS = {
    "invalid_url": "Not an address of the form https://host/path.",
    "userinfo_not_allowed": "A name or password in the address is not allowed.",
    "https_required": "Only https is allowed.",
    "port_not_allowed": "Only the ports 443 and 8443 are allowed.",
    "address_not_allowed": "This host is not reachable for everybody, so it is not called.",
}


def _flaw(url: str) -> str | None:
    if len(url) > _LONGEST_URL or _UNSEEMLY.search(url):
        return "invalid_url"
    try:
        if "@" in urlsplit(url).netloc:
            return "userinfo_not_allowed"
        # As it will be sent: two parsers that differ are how such checks are passed.
        sent = urlsplit(requests.Request("POST", url).prepare().url or "")
        scheme, host, port = str(sent.scheme), sent.hostname, sent.port
    except (requests.RequestException, ValueError):
        return "https_required" if _other_scheme(url) else "invalid_url"
    if _other_scheme(url):
        return "https_required"
    if not host:
        return "invalid_url"
    port = port or (443 if scheme == "https" else 80)
    try:
        return destinations.judged(scheme, host, port)[0]
    except OSError:
        return destinations.refusal(scheme, host, port, [])


def _other_scheme(url: str) -> bool:
    return url.partition(":")[0].lower() not in ("http", "https")


def post(
    url: str, body: bytes, headers: Mapping[str, str], timeout: timedelta = PATIENCE
) -> Answer:
    """Post a body and return the 2xx answer; raise ChannelError for anything else.

    `permanent`: 410, or an address that can never be called. `ambiguous`: it may have arrived.
    """
    return _sent("POST", url, body, headers, timeout)


def get(
    url: str, headers: Mapping[str, str] | None = None, timeout: timedelta = PATIENCE
) -> Answer:
    """Get an address and return the 2xx answer; raise ChannelError for anything else."""
    return _sent("GET", url, None, headers or {}, timeout)


def call(
    method: str,
    url: str,
    body: bytes | None,
    headers: Mapping[str, str],
    *,
    timeout: timedelta = PATIENCE,
    most_bytes: int = MOST_BYTES,
) -> Reply:
    """Call an address that begins as the operator set it; return the answer, whatever its status.

    Never for an address that somebody typed in: this one may lead anywhere. Raises ChannelError
    where there was no answer, `ambiguous` where the request may have arrived.
    """
    return _exchanged(method, url, body, headers, timeout, most_bytes, trusted=True)


def _sent(
    method: str, url: str, body: bytes | None, headers: Mapping[str, str], timeout: timedelta
) -> Answer:
    began = time.monotonic()
    reply = _exchanged(method, url, body, headers, timeout, MOST_BYTES, trusted=False)
    elapsed = timedelta(seconds=time.monotonic() - began)
    answer = Answer(reply.status, reply.headers, _excerpt(reply.content), elapsed)
    if not 200 <= answer.status < 300:
        raise _rejection(answer)
    return answer


def _exchanged(
    method: str,
    url: str,
    body: bytes | None,
    headers: Mapping[str, str],
    timeout: timedelta,
    most_bytes: int,
    *,
    trusted: bool,
) -> Reply:
    if "@" in urlsplit(url).netloc or _UNSEEMLY.search(url):
        raise ChannelError("invalid_url", permanent=True)
    budget.start(timeout)
    with breaker.reach("{0.scheme}://{0.netloc}".format(urlsplit(url.lower()))):
        try:
            response = _session(trusted=trusted).request(
                method,
                url,
                data=body,
                headers=dict(headers),
                stream=True,
                timeout=(CONNECT_PATIENCE.total_seconds(), timeout.total_seconds()),
            )
            content = _read(response, most_bytes)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise _failure(error) from error
    told = {name.lower(): value[:500] for name, value in response.headers.items()}
    return Reply(response.status_code, told, content)


def _read(response: requests.Response, most_bytes: int) -> bytes:
    """Return the body as it came: unpacked, a small one may be as large as the memory."""
    content = b""
    while part := response.raw.read(most_bytes + 1 - len(content), decode_content=False):
        content += part
        if len(content) > most_bytes:
            break
    # Only a connection that was read to its end is used again.
    response.close()
    if len(content) > most_bytes:
        raise ChannelError(
            "answer_too_large",
            "It answered at too great a length.",
            ambiguous=True,
            status=response.status_code,
        )
    return content


def _excerpt(content: bytes) -> str:
    text = content[:2000].decode("utf-8", "replace")
    return "".join(each if each.isprintable() or each in "\n\t" else "\ufffd" for each in text)


def _rejection(answer: Answer) -> ChannelError:
    gone = answer.status == 410
    return ChannelError(
        "gone" if gone else f"http_{answer.status}",
        f"The receiver answered {answer.status}.",
        permanent=gone,
        retry_after=_wait(answer.headers.get("retry-after", "")),
        status=answer.status,
    )


def _wait(text: str) -> timedelta | None:
    if text.isascii() and text.isdigit() and len(text) < 10:
        return min(timedelta(seconds=int(text)), _LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(at - _second(clock.now()), timedelta(0)), _LONGEST_WAIT)


def _second(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def _failure(error: Exception) -> ChannelError:
    """Return which failure it is.

    The request may have been on its way, so most are ambiguous; what failed before the connection
    stood was told by `guarded` already.
    """
    chain = _chain(error)
    if any(isinstance(each, requests.exceptions.SSLError) for each in chain):
        return ChannelError("tls_failed", "Its certificate is not good, or it speaks no TLS.")
    if any(isinstance(each, TimeoutError | PoolTimeout | requests.Timeout) for each in chain):
        return ChannelError("timeout", "It did not answer in time.", ambiguous=True)
    bad = (
        requests.exceptions.InvalidURL,
        requests.exceptions.InvalidSchema,
        requests.exceptions.MissingSchema,
        requests.exceptions.InvalidHeader,
    )
    if isinstance(error, bad) or not isinstance(error, OSError | HTTPError):
        return ChannelError("invalid_url", "This address cannot be called.", permanent=True)
    return ChannelError("connection_lost", "It broke off before answering.", ambiguous=True)


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting and len(found) < 20:
        each = waiting.pop()
        if isinstance(each, BaseException) and each not in found:
            found.append(each)
            waiting += [each.__cause__, each.__context__, *each.args, getattr(each, "reason", None)]
    return found


_mine = threading.local()


def _session(*, trusted: bool) -> requests.Session:
    """Return this thread's session with its kept connections; a forked child makes its own.

    There are two: a connection to an address of the operator's is never lent to one typed in.
    """
    if getattr(_mine, "pid", None) != os.getpid():
        _mine.sessions, _mine.pid = {}, os.getpid()
    sessions: dict[bool, requests.Session] = _mine.sessions
    if trusted not in sessions:
        session: requests.Session = HTTPSession(
            Config(
                # Our own adapter does it, more strictly.
                ip_filter_enable=False,
                ip_filter_allow_loopback_ips=False,
                never_redirect=True,
                default_timeout=(CONNECT_PATIENCE.total_seconds(), PATIENCE.total_seconds()),
                user_agent_override="crisis-api",
            )
        )
        # Neither proxies nor passwords from this machine's environment.
        session.trust_env = False
        session.headers["Accept-Encoding"] = "identity"
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            adapter = GuardedAdapter(pool_connections=20, pool_maxsize=2, trusted=trusted)
            session.mount(scheme, adapter)
        sessions[trusted] = session
    return sessions[trusted]
