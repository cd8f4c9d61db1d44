"""Who did it, as it is written on every record: a kind and an id, never a copied name."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who acts: a `user`, an `api_key` of a team, or the `system` itself (without id)."""

    type: str
    id: UUID | None = None

    def __str__(self) -> str:
        return f"{self.type}:{self.id}" if self.id else self.type


SYSTEM = Actor("system")
