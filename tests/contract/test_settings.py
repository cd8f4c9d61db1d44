"""Settings come from one documented table, and from nowhere else."""

import ast

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from crisis_api.settings import environment
from tests.contract import source


def _reads(path):
    """Return the names this file asks the environment or the table for, where they are literal."""
    for node in ast.walk(source.tree(path)):
        match node:
            case ast.Call(
                func=ast.Attribute(value=value, attr="get" | "getenv" | "read" | "pop"),
                args=[ast.Constant(value=str(name)), *_],
            ) if ast.unparse(value) in {"os.environ", "os", "environment"}:
                yield name
            case ast.Subscript(value=value, slice=ast.Constant(value=str(name))) if (
                ast.unparse(value) == "os.environ"
            ):
                yield name


def test_the_page_is_what_the_table_says():
    page = settings.BASE_DIR / "docs" / "settings.md"

    assert page.read_text(encoding="utf-8") == environment.as_markdown(), "run `make docs`"


def test_every_variable_that_is_read_is_documented():
    documented = {variable.name for variable in environment.variables()}
    read = {name for path in source.files() for name in _reads(path)}

    assert read - documented == set()


def test_every_variable_that_is_documented_is_read():
    read = {name for path in source.files() for name in _reads(path)}

    assert {variable.name for variable in environment.variables()} - read == set()


def test_only_the_settings_and_what_tests_move_look_at_the_environment():
    looking = {source.name(path) for path in source.files() if any(_reads(path))}

    assert {name for name in looking if not name.startswith("crisis_api/settings/")} <= {
        "crisis_api/lib/clock.py",
        "crisis_api/lib/crash.py",
        "crisis_api/management/commands/run.py",
    }


def test_an_empty_variable_counts_as_unset(monkeypatch):
    monkeypatch.setenv("PORT", " ")

    assert environment.read("PORT") == 8000


def test_a_value_of_the_wrong_kind_is_named(monkeypatch):
    monkeypatch.setenv("PORT", "http")

    with pytest.raises(ImproperlyConfigured, match="PORT should be a number, not 'http'"):
        environment.read("PORT")


def test_lists_are_separated_by_commas(monkeypatch):
    monkeypatch.setenv("ALLOWED_HOSTS", "a.example, b.example")

    assert environment.read("ALLOWED_HOSTS") == ["a.example", "b.example"]
