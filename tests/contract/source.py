"""The product's own source, for tests that read it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

PACKAGES = ("crisis_api", "incidents", "responses")


def files() -> Iterator[Path]:
    """Return every Python file of the product; migrations are written by Django."""
    for package in PACKAGES:
        for path in sorted((settings.BASE_DIR / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def name(path: Path) -> str:
    """Return the path as it is seen from the checkout."""
    return str(path.relative_to(settings.BASE_DIR))


def tree(path: Path) -> ast.Module:
    """Return the parsed file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def calls(path: Path) -> Iterator[ast.Call]:
    """Return every call in the file."""
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call))
