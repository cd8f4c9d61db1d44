"""The product's own settings in a test's environment.

The environment is set first, so that nothing of this machine's real data or keys is touched and
the processes a test starts inherit it.
"""

import os
import secrets
import tempfile
from pathlib import Path


def _prepare() -> Path:
    # xdist's workers inherit the controller's environment, so each has a folder of its own. Only
    # a test run makes it (conftest.py): type checkers import these settings too.
    name = f"crisis-test-{os.getpid()}-{secrets.token_hex(4)}"
    folder = Path(tempfile.gettempdir()) / name
    os.environ.update(
        CRISIS_TEST="1",
        CRISIS_CLOCK_FILE=str(folder / "clock"),
        DATA_DIR=str(folder),
        REDIS_PREFIX=f"{name}:",
        SECRET_KEY="only-for-tests-" + "k" * 40,
        FIELD_KEYS="dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk=",
        BLIND_INDEX_KEY="only-for-tests-" + "b" * 40,
        PUBLIC_URL="http://testserver",
        EMAIL_URL="memorymail://",
        # Nobody listens there; tests of the networks start a fake and name it.
        TELEGRAM_API_BASE_URL="http://127.0.0.1:9",
        TIKTOK_API_BASE_URL="http://127.0.0.1:9/open_api/v1.3",
        TIKTOK_APP_ID="7000000000000000001",
        TIKTOK_APP_SECRET="only-for-tests",
        LOG_LEVEL="WARNING",
    )
    return folder


FOLDER = _prepare()

from crisis_api.settings import *  # noqa: E402, F403
from crisis_api.settings import DATABASES  # noqa: E402

# A file, never memory: the processes a test starts must see the same database.
if "sqlite3" in DATABASES["default"]["ENGINE"]:
    DATABASES["default"]["TEST"] = {"NAME": str(FOLDER / "test.sqlite3")}

# Argon2 costs 50 ms on purpose; thousands of test people would pay it.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
NUDGE_ENABLED = False
