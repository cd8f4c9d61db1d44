"""Examples of requests with the answers they really get.

The files beside this one are recorded by the contract tests (`make docs`), which also hold them to
the truth: `{"incidents_acknowledge": [{"name": …, "path": {…}, "body": {…}, "answer": {…}}]}`.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@cache
def by_operation() -> dict[str, list[dict[str, Any]]]:
    """Return the recorded examples of each operation."""
    found: dict[str, list[dict[str, Any]]] = {}
    for file in sorted(FOLDER.glob("*.json")):
        found.update(json.loads(file.read_text(encoding="utf-8")))
    return found
