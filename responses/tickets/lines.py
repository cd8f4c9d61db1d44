"""What the sections of a ticket's draft are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Value = str | int


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence or entry: a code for its wording, and its values. Times are ISO 8601, UTC."""

    code: str
    params: Mapping[str, Value] = field(default_factory=dict)
