"""What is written into the finished OpenAPI document: permissions and examples."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from crisis_api.access.models import Role
from crisis_api.access.permissions import permission
from crisis_api.api_docs import examples

Schema = dict[str, Any]

_METHODS = frozenset({"get", "post", "put", "patch", "delete"})


def say_who_may(result: Schema, generator: Any, request: Any, public: bool) -> Schema:
    """Say of each operation who may do it, from the table of permissions."""
    for operation in _operations(result):
        name = operation.pop("x-permission", None)
        if name is not None:
            parts = (operation.get("description", ""), _who_may(name))
            operation["description"] = "\n\n".join(part for part in parts if part)
    return result


def _who_may(name: str) -> str:
    if not name:
        return "**Who may:** everybody who is signed in, and every key, within its own."
    row = permission(name)
    everybody = row.roles == frozenset(Role)
    roles = "every role" if everybody else ", ".join(role for role in Role if role in row.roles)
    keys = f"keys with the scope `{row.scope}`"
    if row.people_only:
        keys += ", but no team's key, and a person's only where their team allows it"
    return f"**Who may** (`{name}`): {roles}; {keys}."


def show_examples(result: Schema, generator: Any, request: Any, public: bool) -> Schema:
    """Put the examples where readers and the page's forms find them."""
    known = examples.by_operation()
    for operation in _operations(result):
        for example in known.get(operation["operationId"], ()):
            _show(operation, example, result["components"]["responses"])
    return result


def _show(operation: Schema, example: Schema, shared: Schema) -> None:
    name, status = example["name"], str(example["status"])
    body = operation.get("requestBody", {}).get("content", {})
    if "body" in example and (media := body.get(example.get("content_type", "application/json"))):
        media.setdefault("examples", {})[name] = _told(example, example["body"])
    if example.get("answer") is not None and status in operation["responses"]:
        answer = operation["responses"][status]
        if "$ref" in answer:
            # What all operations share must not show the example of one.
            answer = deepcopy(shared[answer["$ref"].rpartition("/")[2]])
            operation["responses"][status] = answer
        for media in answer["content"].values():
            media.setdefault("examples", {})[name] = _told(example, example["answer"])
    for parameter in operation.get("parameters", ()):
        given = example.get(parameter["in"], {})
        if example["status"] < 300 and parameter["name"] in given:
            parameter.setdefault("examples", {})[name] = {"value": given[parameter["name"]]}


def _told(example: Schema, value: Any) -> Schema:
    return {"summary": example["summary"], "value": value}


def _operations(result: Schema) -> Iterator[Schema]:
    for path in result["paths"].values():
        for method, operation in path.items():
            if method in _METHODS:
                yield operation
