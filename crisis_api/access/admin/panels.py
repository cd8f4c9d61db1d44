"""What a row's page shows beside its form: read-only, each in a tab of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Link:
    """Where a panel leads to, such as the whole list or the form for one more."""

    title: Words
    url: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A table, or a piece of page; `note` says what is left out. Cells are escaped when shown."""

    name: str
    title: Words
    columns: Sequence[Words] = ()
    rows: Sequence[Sequence[Any]] = ()
    body: str = ""
    note: Words = ""
    count: int | None = None
    links: Sequence[Link] = ()
    empty: Words = ""
