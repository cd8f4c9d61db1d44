"""Pieces of the OpenAPI document that no view says by itself."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from crisis_api.lib.drf import pages
from crisis_api.lib.drf.fields import TitleField

Schema = dict[str, Any]

PROBLEM: Schema = {
    "type": "object",
    "description": "RFC 9457. `code` is stable; texts are for people.",
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "JSON pointer (RFC 6901) into the body; `/query/<name>` and "
                        "`/headers/<name>` for parameters.",
                    },
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
                "required": ["pointer", "code", "detail"],
            },
        },
        "allowed": {
            "type": "array",
            "items": {"type": "string"},
            "description": "With `not_allowed_now`: the verbs that are possible instead.",
        },
    },
    "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
    "additionalProperties": True,
}

PROBLEMS = {
    400: "The request is not valid.",
    401: "Nobody is signed in, or the key is not good.",
    403: "The caller may not do this.",
    404: "There is no such thing, or the caller may not see it.",
    409: "Not possible in the present status, or a twin request is running.",
    412: "Somebody changed it since the caller read it.",
    413: "The body is too large.",
    415: "The content type or encoding is not read here.",
    422: "Refused in view of what is stored, or a reused Idempotency-Key.",
    428: "If-Match is missing.",
    429: "Too many requests.",
}

# What our fields refuse, said so that a client can know it beforehand.
_KEPT_OUT = r"\u0000-\u0008\u000b-\u001f\u007f-\u009f"
_TITLE_KEPT_OUT = _KEPT_OUT + r"\n\t\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"


def say_which_characters(field: Any, schema: Schema) -> None:
    """Add the pattern of what a text field of ours takes."""
    if isinstance(field, serializers.ListField):
        return say_which_characters(field.child, schema.get("items", {}))
    if isinstance(field, serializers.DictField):
        inside = schema.get("additionalProperties")
        return say_which_characters(field.child, inside if isinstance(inside, dict) else {})
    plain = type(field) in (serializers.CharField, TitleField)
    if not plain or "pattern" in schema or "string" not in schema.get("type", ""):
        return
    out = _TITLE_KEPT_OUT if isinstance(field, TitleField) else _KEPT_OUT
    blank = f"^[^{out}]*$"
    schema["pattern"] = blank if field.allow_blank else rf"^[^{out}]*[^\s{out}][^{out}]*$"


class Pages:
    """How spectacular wants to be told of our pages, with what some say besides their rows."""

    def __init__(self, members: Mapping[str, Schema]) -> None:
        self.members = members

    def get_paginated_response_schema(self, schema: Schema) -> Schema:
        """Return the page around the list."""
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["results", "next", "previous", *self.members],
            "properties": {"results": schema, "next": link, "previous": link, **self.members},
        }


def page_parameters() -> list[Schema]:
    """Return what every page takes."""
    size = {
        "type": "integer",
        "minimum": 1,
        "maximum": pages.MAX_PAGE_SIZE,
        "default": pages.PAGE_SIZE,
    }
    return [
        query("cursor", {"type": "string"}, "From `next` or `previous` of a page."),
        query("page_size", size),
    ]


def query(name: str, schema: Schema, description: str = "") -> Schema:
    """Return a query parameter; lists are written with commas."""
    parameter: Schema = {"name": name, "in": "query", "schema": schema}
    if description:
        parameter["description"] = description
    if schema.get("type") == "array":
        parameter |= {"style": "form", "explode": False}
    return parameter


def header(
    name: str, description: str, bounds: Schema | None = None, required: bool = False
) -> Schema:
    """Return a header parameter."""
    parameter: Schema = {
        "name": name,
        "in": "header",
        "schema": {"type": "string", **(bounds or {})},
        "description": description,
    }
    return parameter | ({"required": True} if required else {})
