"""What is wrong with a policy, a rotation or somebody's hours, as codes that doors translate."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong, at a JSON pointer (RFC 6901) such as `/steps/0/delay_seconds`.

    `params` are what a sentence about it needs, for example the limit that was passed.
    """

    pointer: str
    code: str
    params: dict[str, int | str] = field(default_factory=dict)
