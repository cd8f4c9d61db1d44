"""Calling operations on the world, as whoever, and undoing what they did."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from rest_framework.test import APIClient

from tests.contract.examples.shapes import Example
from tests.contract.operations import by_id
from tests.contract.world import World
from tests.factories.access import an_api

_PLACE = re.compile(r"<([a-z_]+)>")


@contextmanager
def undone() -> Iterator[None]:
    """Undo whatever is done inside."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class Callers:
    """Clients of everybody who may come to the world: people by role or name, keys, a stranger."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._clients = {"anonymous": APIClient()}
        for name, person in world.people.items():
            self._clients[name] = an_api(person)
        for name, text in world.keys.items():
            self._clients[f"key:{name}"] = an_api(text)

    def __getitem__(self, name: str) -> APIClient:
        """Return the client of a person, of a key (`key:read`), or of `anonymous`."""
        return self._clients[name]


def filled(value: Any, ids: dict[str, str]) -> Any:
    """Return the value with ids in the place of `<names>`."""
    if isinstance(value, str):
        return _PLACE.sub(lambda found: ids[found[1]], value)
    if isinstance(value, dict):
        return {key: filled(each, ids) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, ids) for each in value]
    return value


def address(example: Example, ids: dict[str, str]) -> str:
    """Return the path and query of the example's request."""
    path = by_id()[example.operation].path
    for name, value in filled(example.path, ids).items():
        path = path.replace(f"{{{name}}}", value)
    query = urlencode(filled(example.query, ids))
    return f"{path}?{query}" if query else path


def sent(example: Example, ids: dict[str, str]) -> bytes | None:
    """Return the example's body as it goes over the network."""
    if example.body is None:
        return None
    body = filled(example.body, ids)
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def call(
    client: APIClient,
    example: Example,
    ids: dict[str, str],
    headers: dict[str, str] | None = None,
) -> Any:
    """Send the example's request and return the answer."""
    operation, given = by_id()[example.operation], dict(headers or {})
    where = address(example, ids)
    if example.match and "If-Match" not in given:
        given["If-Match"] = version_of(client, example, ids)
    return client.generic(
        operation.method,
        where,
        sent(example, ids) or b"",
        content_type=example.content_type,
        headers=given,
    )


def version_of(client: APIClient, example: Example, ids: dict[str, str]) -> str:
    """Return the ETag of what the example's path names, "*" where the caller sees none."""
    below = by_id()[example.operation].path.partition("{id}")[0]
    answer = client.get(filled(below + example.path.get("id", ""), ids) + "/")
    return str(answer.headers.get("ETag", "*"))


def on(example: Example, row: str) -> Example:
    """Return the same request for another row, given by its id."""
    operation = by_id()[example.operation]
    last = operation.parameters[-1]
    return replace(example, path={**example.path, last: row})
