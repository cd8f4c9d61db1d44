"""Every operation of the API: as the URLs have it, and as the document has it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.contrib.admindocs.views import simplify_regex
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from crisis_api.lib.drf.views import ResourceViewSet

BASE = "/api/v1/"
DOCUMENTS = {f"{BASE}schema/", f"{BASE}docs/"}
_UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


@dataclass(frozen=True)
class Operation:
    """One method of one path, with the view that answers and what the document says of it."""

    id: str
    method: str
    path: str
    view: type[ResourceViewSet]
    action: str
    document: Any

    def __str__(self) -> str:
        return self.id

    @property
    def permission(self) -> str:
        """The name of its permission, "" for whoever is signed in."""
        return self.view.permissions[self.action]

    @property
    def changes(self) -> bool:
        """Whether it is unsafe."""
        return self.method in _UNSAFE

    @property
    def parameters(self) -> list[str]:
        """The names in its path."""
        return re.findall(r"\{(\w+)\}", self.path)

    @property
    def takes_json(self) -> bool:
        """Whether it has a JSON body."""
        return "application/json" in self.document.get("requestBody", {}).get("content", {})

    def headers(self) -> set[str]:
        """Return the names of the headers that it takes."""
        parameters = self.document.get("parameters", ())
        return {each["name"] for each in parameters if each["in"] == "header"}


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document as it is served."""
    found: dict[str, Any] = json.loads(Client().get(f"{BASE}schema/").content)
    return found


@cache
def operations() -> tuple[Operation, ...]:
    """Return every operation of the document, with its view."""
    views = {(method, path): (view, action) for method, path, view, action in routed()}
    return tuple(
        Operation(told["operationId"], method.upper(), path, *views[method.upper(), path], told)
        for path, methods in document()["paths"].items()
        for method, told in methods.items()
    )


def by_id() -> dict[str, Operation]:
    """Return the operations by their ids."""
    return {each.id: each for each in operations()}


def routed() -> Iterator[tuple[str, str, Any, str]]:
    """Return method, path, view and action of everything that the URLs have below `/api/v1/`."""
    for path, pattern in _patterns(get_resolver().url_patterns, ""):
        if not path.startswith(BASE) or path in DOCUMENTS:
            continue
        view = getattr(pattern.callback, "cls", None)
        for method, action in getattr(pattern.callback, "actions", {"?": "?"}).items():
            # DRF adds HEAD beside GET at the first request, so it is there or not by chance.
            if method != "head":
                yield method.upper(), path, view, action


def _patterns(patterns: list[Any], prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for each in patterns:
        path = prefix.rstrip("/") + simplify_regex(str(each.pattern))
        if isinstance(each, URLResolver):
            yield from _patterns(each.url_patterns, path)
        else:
            named = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)
            yield named.replace("{pk}", "{id}"), each
