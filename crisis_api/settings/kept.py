"""What a machine keeps for itself: generated keys, and where the embedded Valkey listens."""

import base64
import hashlib
import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path

# A Unix socket's path may have 107 bytes on Linux and 103 on macOS.
_LONGEST_SOCKET = 100


def secret(value: str, file: Path, make: Callable[[], str]) -> str:
    """Return the value, or else what the file keeps, made and written there the first time.

    The file has mode 0600. Two processes starting at once agree: the first to link it wins.
    """
    if value:
        return value
    try:
        return file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        pass
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, draft = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(make() + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        os.unlink(draft)
    return file.read_text(encoding="ascii").strip()


def random_text() -> str:
    """Return 384 random bits as text."""
    return secrets.token_urlsafe(48)


def fernet_key() -> str:
    """Return a new Fernet key."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode("ascii")


def socket_path(data_dir: Path) -> Path:
    """Return where the embedded Valkey of this data folder listens.

    It lies outside DATA_DIR, whose path may be too long for a socket, under a name that depends on
    user and folder, so that `manage.py` finds the Valkey of a running `make run`.
    """
    named = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:12]
    folder = f"crisis-api-{os.getuid()}-{named}"
    path = Path(tempfile.gettempdir()) / folder / "valkey.sock"
    if len(os.fsencode(path)) > _LONGEST_SOCKET:
        path = Path("/tmp") / folder / "valkey.sock"  # noqa: S108 (checked for its owner before use)
    return path
