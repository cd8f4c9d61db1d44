"""Comments that people bring: pasted by staff, sent over the API, or exported to a file.

JSON (one object or a list), JSON lines and CSV, all with the same field names, which stand in
`incidents.channels.manual.records.FIELDS`.
"""

from incidents.channels.manual.formats import MAX_BYTES, MAX_ITEMS, parse_bytes, parse_items
from incidents.channels.manual.records import FIELDS, Defaults
from incidents.channels.protocol import Capability, ParseOutcome

__all__ = ["FIELDS", "MAX_BYTES", "MAX_ITEMS", "Defaults", "ManualChannel", "parse_items"]


class ManualChannel:
    """The channel without a network behind it: it reads what it is given and sends nothing."""

    name = "manual"
    capabilities = frozenset({Capability.IMPORT})

    def parse(
        self, raw: bytes, content_type: str = "", defaults: Defaults | None = None
    ) -> ParseOutcome:
        """Read a file or a request body of any known format.

        An empty or unknown `content_type` means: find out from the first characters.
        """
        return parse_bytes(raw, content_type, defaults or Defaults())
