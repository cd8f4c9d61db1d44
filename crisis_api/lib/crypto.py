"""Secrets at rest: encrypted fields, and blind indexes to find them by.

FIELD_KEYS are Fernet keys apart from SECRET_KEY; the first encrypts, all decrypt, so that a key is
changed by putting a new one in front and running the rotation command.
"""

import hashlib
import hmac
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

if TYPE_CHECKING:
    _TextField = models.TextField[Any, Any]
else:
    _TextField = models.TextField

_PREFIX = "enc1:"


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise ImproperlyConfigured("FIELD_KEYS holds no key.")
    return MultiFernet([Fernet(key) for key in keys])


def _box() -> MultiFernet:
    return _fernet(tuple(settings.FIELD_KEYS))


def encrypt(text: str) -> str:
    """Return the text encrypted with the first of FIELD_KEYS."""
    return _PREFIX + _box().encrypt(text.encode()).decode("ascii")


def decrypt(stored: str) -> str:
    """Return what was encrypted; raise ImproperlyConfigured where no key fits.

    Never returns the stored form instead: a missing key must not send a ciphertext as an address.
    """
    if not stored.startswith(_PREFIX):
        raise ImproperlyConfigured("A stored secret is not encrypted.")
    try:
        return _box().decrypt(stored.removeprefix(_PREFIX)).decode()
    except InvalidToken:
        raise ImproperlyConfigured("None of FIELD_KEYS opens a stored secret.") from None


def rotate(stored: str) -> str:
    """Return the same secret encrypted with the first of FIELD_KEYS."""
    return _PREFIX + _box().rotate(stored.removeprefix(_PREFIX)).decode("ascii")


def blind_index(label: str, value: str) -> str:
    """Return a keyed hash by which an encrypted value can be found, 64 hexadecimal digits.

    The value is folded first, so that look-ups don't depend on case or surrounding space.
    """
    key = hashlib.sha256(b"blind-index:" + settings.BLIND_INDEX_KEY.encode()).digest()
    message = f"{label}:{value.strip().casefold()}".encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()


class EncryptedTextField(_TextField):
    """Text that is encrypted in the database and plain in Python."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        """Decrypt on the way in; empty stays empty."""
        return decrypt(value) if value else value

    def get_prep_value(self, value: Any) -> Any:
        """Encrypt on the way out; empty stays empty."""
        value = super().get_prep_value(value)
        return encrypt(value) if value else value
