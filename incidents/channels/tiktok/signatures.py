"""Who signed a webhook: HMAC-SHA256 over the time, a dot and the raw bytes."""

import hashlib
import hmac
import re
from datetime import datetime, timedelta
from typing import Final

from incidents.channels.protocol import WebhookRequest

HEADER: Final = "tiktok-signature"
_LONGEST = 1_000
_SIGNATURES_LOOKED_AT = 5
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)


def is_signed(
    request: WebhookRequest, secrets: tuple[str, ...], now: datetime, tolerance: timedelta
) -> bool:
    """Whether the raw bytes were signed with one of the secrets, about now."""
    header = request.headers.get(HEADER, "")[:_LONGEST]
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    given = [value.encode("utf-8", "replace") for name, _, value in parts if name == "s"]
    timestamp = times[0] if len(times) == 1 and _TIMESTAMP.fullmatch(times[0]) else ""
    seconds = int(timestamp or 0)
    on_time = bool(timestamp) and abs(now.timestamp() - seconds) <= tolerance.total_seconds()
    good = False
    for secret in secrets:
        if not secret:
            # Anybody can sign with nothing.
            continue
        expected = signature(secret, timestamp, request.body).encode()
        for each in given[:_SIGNATURES_LOOKED_AT]:
            # All are compared, so that the time tells nothing.
            good |= hmac.compare_digest(expected, each)
    return good and on_time


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return what TikTok signs a body with, in hexadecimal."""
    signed = f"{timestamp}.".encode() + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
