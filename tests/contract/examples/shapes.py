"""What an example is, and short ways to write one."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Example:
    """One request, by whom it is made, and the status that it is answered with."""

    operation: str
    summary: str
    status: int = 200
    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None
    by: str = "manager"
    # Whether it says which version it was made from.
    match: bool = False
    content_type: str = "application/json"
    name: str = "usual"


def listed(resource: str, summary: str = "The first of them", **more: Any) -> Example:
    """Return a list with one row, so that the document stays readable."""
    query = {"page_size": "1", **more.pop("query", {})}
    return Example(f"{resource}_list", summary, query=query, **more)


def read(resource: str, row: str, **more: Any) -> Example:
    """Return a GET of one row."""
    path = {"id": f"<{row}>", **more.pop("path", {})}
    return Example(f"{resource}_retrieve", "As it is now", path=path, **more)


def made(resource: str, summary: str, body: Any, **more: Any) -> Example:
    """Return a POST that makes something."""
    return Example(f"{resource}_create", summary, 201, body=body, **more)


def changed(resource: str, row: str, summary: str, body: Any, **more: Any) -> Example:
    """Return a PATCH of one row, as of the version that was read."""
    path = more.pop("path", {"id": f"<{row}>"})
    return Example(f"{resource}_partial_update", summary, path=path, body=body, match=True, **more)


def gone(resource: str, row: str, summary: str, **more: Any) -> Example:
    """Return a DELETE of one row."""
    path = {"id": f"<{row}>", **more.pop("path", {})}
    return Example(f"{resource}_destroy", summary, 204, path=path, **more)


def verb(operation: str, row: str, summary: str, body: Any = None, **more: Any) -> Example:
    """Return a POST that does something with one row."""
    path = {"id": f"<{row}>", **more.pop("path", {})}
    return Example(operation, summary, path=path, body=body, **more)
