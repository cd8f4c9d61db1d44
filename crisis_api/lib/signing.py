"""Signed webhooks (Standard Webhooks 1.0), in and out, and signed links that expire."""

import base64
import binascii
import hashlib
import hmac
import math
import re
import secrets as random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from django.core import signing
from standardwebhooks.webhooks import Webhook

from crisis_api.lib.errors import NotAuthenticated, NotFound, Problem
from crisis_api.lib.http import Answer, post

TOLERANCE = timedelta(minutes=5)
_PREFIX = "whsec_"
_SALT = "crisis-api.link"
# A dot would let one message be read as another, since it separates what is signed.
_MESSAGE_ID = re.compile(r"[A-Za-z0-9_:-]{1,255}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


def new_secret() -> str:
    """Return a new signing secret: `whsec_` and 32 random bytes in base64."""
    return _PREFIX + base64.b64encode(random.token_bytes(32)).decode("ascii")


def sign(secrets: Sequence[str], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the three headers of a signed webhook, with one signature per secret.

    `at` is the time of this attempt; `message_id` stays the same on every one.
    """
    if not _MESSAGE_ID.fullmatch(message_id):
        raise ValueError("A message id is made of letters, digits, '_', ':' and '-'.")
    if not secrets:
        raise ValueError("A webhook is signed with at least one secret.")
    # The library labels any time as UTC without converting it.
    at = at.astimezone(UTC)
    text = body.decode("utf-8")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(math.floor(at.timestamp())),
        "webhook-signature": " ".join(
            Webhook(secret).sign(message_id, at, text) for secret in secrets
        ),
    }


def verify(
    secrets: Sequence[str], headers: Mapping[str, str], body: bytes, *, now: datetime
) -> str:
    """Return the message id of a webhook that is signed with one of the secrets.

    Raises the same NotAuthenticated (401) whatever is wrong: a header missing, more than five
    minutes early or late, no `v1` signature that fits the raw bytes.
    """
    told = {name.lower(): value for name, value in headers.items()}
    message_id = told.get("webhook-id", "")
    timestamp = told.get("webhook-timestamp", "")
    known = _MESSAGE_ID.fullmatch(message_id) and _TIMESTAMP.fullmatch(timestamp)
    on_time = bool(known) and abs(now.timestamp() - int(timestamp)) <= TOLERANCE.total_seconds()
    signed = f"{message_id}.{timestamp}.".encode("utf-8", "replace") + body
    given = _signatures(told.get("webhook-signature", ""))
    good = False
    for secret in secrets:
        expected = hmac.new(_key(secret), signed, hashlib.sha256).digest()
        for signature in given:
            # All are compared, so that the time tells nothing.
            good |= hmac.compare_digest(expected, signature)
    if not (good and on_time):
        raise NotAuthenticated("The signature is not good.", code="bad_signature")
    return message_id


def _signatures(header: str) -> list[bytes]:
    found = []
    for part in header[:4000].split(" ")[:20]:
        version, _, text = part.partition(",")
        if version != "v1":
            continue
        try:
            found.append(base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError):
            continue
    return found


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(_PREFIX) + "==")


def signed_post(
    url: str, secrets: Sequence[str], message_id: str, payload: Any, *, at: datetime
) -> Answer:
    """Post a payload (an object, or its JSON text) signed with each of the secrets.

    Raises ChannelError for anything but a 2xx, as `http.post` does.
    """
    body = payload.encode() if isinstance(payload, str) else orjson.dumps(payload)
    headers = {"Content-Type": "application/json", **sign(secrets, message_id, at, body)}
    return post(url, body, headers)


class LinkExpired(Problem):
    """410: the link was good once."""

    status, code, title = 410, "link_expired", "This link has expired"


def sign_link(payload: dict[str, Any], expires_at: datetime) -> str:
    """Return a token, safe in an address, that says `payload` until it expires.

    Whoever has it can read it: ids only. Say in the payload what it is for.
    """
    content = {"p": payload, "e": expires_at.timestamp()}
    # Not TimestampSigner, which would look at another clock than ours.
    return signing.Signer(salt=_SALT).sign_object(content)


def read_link(token: str, now: datetime) -> dict[str, Any]:
    """Return what the token says; NotFound where it is none of ours, LinkExpired after its time."""
    try:
        content = signing.Signer(salt=_SALT).unsign_object(token)
        payload, expires = dict(content["p"]), float(content["e"])
    except (signing.BadSignature, ValueError, TypeError, KeyError, binascii.Error):
        raise NotFound from None
    if now.timestamp() >= expires:
        raise LinkExpired
    return payload
