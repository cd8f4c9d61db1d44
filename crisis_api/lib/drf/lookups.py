"""How things are named in paths and parameters."""

import re
from uuid import UUID

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


def canonical_uuid(text: str) -> UUID | None:
    """Return the UUID that the text is, None for anything else.

    Only the form with four hyphens: Python alone would also take braces, a URN and bare digits, so
    that one thing had many addresses.
    """
    return UUID(text) if _UUID.fullmatch(text) else None
