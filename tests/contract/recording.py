"""What examples are answered with, written down for the documentation."""

import json
import re
from typing import Any

from crisis_api.api_docs import examples as recorded
from tests.contract.calling import filled
from tests.contract.examples.shapes import Example
from tests.contract.world import Names

# What is new with every run, and would be a change with every recording.
_FRESH = (
    (
        re.compile(r"\bck_[a-z0-9]{8}_[\w-]+"),
        "ck_r6hd2mfw_8LzVnKbT0sQx5cJe1yGp7uWa3iRo9dFh2mNk4tXv6Bs",
    ),
    (re.compile(r'"prefix": "[a-z0-9]{8}"'), '"prefix": "r6hd2mfw"'),
    (re.compile(r"\bwhsec_[\w+/=]+"), "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"),
    (re.compile(r"cursor=[\w%-]+"), "cursor=WyItb3BlbmVkX2F0IixbXSwibmV4dCJd"),
    (re.compile(r"http://testserver"), "https://crisis.example.com"),
)


def shown(example: Example, answer: Any, names: Names) -> dict[str, Any]:
    """Return the example with its answer as the documentation shows it."""
    told: dict[str, Any] = {"name": example.name, "summary": example.summary}
    ids = {name: names[name] for name in names.known()}
    for part in ("path", "query"):
        if given := filled(getattr(example, part), ids):
            told[part] = given
    if example.match:
        told["header"] = {"If-Match": '"3"'}
    if example.content_type != "application/json":
        told["content_type"] = example.content_type
    if example.body is not None:
        told["body"] = filled(example.body, ids)
    told["status"] = example.status
    told["answer"] = json.loads(_steady(answer.content.decode(), names)) if answer.content else None
    return told


def _steady(text: str, names: Names) -> str:
    text = names.written(text)
    for fresh, steady in _FRESH:
        text = fresh.sub(steady, text)
    return text


def write(name: str, told: dict[str, list[dict[str, Any]]]) -> None:
    """Write one file of the documentation's examples."""
    text = json.dumps(told, indent=1, ensure_ascii=False)
    (recorded.FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def shape(value: Any) -> Any:
    """Return what a value is like: the names and kinds of what is in it, not what they are."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number"
    return type(value).__name__
