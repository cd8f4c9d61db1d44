"""What the table of settings is made of."""

from dataclasses import dataclass
from typing import Any

Kind = type[str] | type[int] | type[bool] | type[list]  # type: ignore[type-arg]


@dataclass(frozen=True)
class Variable:
    """One variable of the environment.

    `default` is what holds where it is unset or empty; `shown` says the same in words where the
    value itself would mislead, because it is worked out or generated.
    """

    name: str
    kind: Kind
    default: Any
    does: str
    shown: str = ""


@dataclass(frozen=True)
class Section:
    """Variables that belong together, under one heading of the documentation."""

    title: str
    variables: tuple[Variable, ...]
