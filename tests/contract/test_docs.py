"""What the documentation names is there: pages, headings, commands, settings, addresses, JSON."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve

from crisis_api.settings import environment
from tests.contract import source

ROOT = Path(settings.BASE_DIR)
PAGES = sorted(
    [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")]
    + [ROOT / "incidents" / "demo" / "README.md"]
    + list((ROOT / "docs").rglob("*.md"))
)

FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# A JSON body after -d, with the shell's variables between its quotes.
BODY = re.compile(r"-d '(\{(?:[^']|'\$\w+')*)'")
AN_ID = "01a203fd-a6fb-75d7-9e4e-332f0fd90473"


class Block(NamedTuple):
    language: str
    text: str


class Page:
    """One page: its prose without blocks, its blocks, and the code inside its sentences."""

    def __init__(self, path: Path) -> None:
        self.path = path
        text = path.read_text(encoding="utf-8")
        self.blocks = [Block(*found) for found in FENCED.findall(text)]
        self.prose = FENCED.sub("", text)
        self.inline = INLINE.findall(self.prose)
        self.shell = "\n".join(block.text for block in self.blocks if block.language == "sh")
        self.code = "\n".join([*self.inline, *(block.text for block in self.blocks)])

    @property
    def headings(self) -> set[str]:
        """The anchors of its headings, as GitHub makes them."""
        titles = re.findall(r"^#+ (.+)$", self.prose, re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


pages = pytest.mark.parametrize(
    "page", [pytest.param(Page(path), id=source.name(path)) for path in PAGES]
)


@pages
def test_links_lead_somewhere(page):
    broken = []
    for link in LINK.findall(page.prose):
        target, _, anchor = link.partition("#")
        if target.startswith(("http://", "https://")):
            continue
        file = page.path.parent / target if target else page.path
        if not file.exists() or (anchor and anchor not in Page(file).headings):
            broken.append(link)
    assert broken == []


@pages
def test_every_target_of_make_exists(page):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z][a-z-]*)", page.code))
    assert named - targets == set()


@pages
def test_every_management_command_exists_with_its_options(page):
    commands = get_commands()
    wrong = []
    for command, rest in re.findall(r"manage\.py ([a-z_]+)([^\n`|)]*)", page.code):
        if command not in commands:
            wrong.append(command)
            continue
        app = commands[command]
        found = load_command_class(app, command) if isinstance(app, str) else app
        known = found.create_parser("manage.py", command)._option_string_actions
        given = re.findall(r"(?:^|\s)(--?[a-z][a-z-]*)", rest)
        wrong += [f"{command} {option}" for option in given if option not in known]
    assert wrong == []


@pages
def test_every_setting_is_in_the_table(page):
    known = {variable.name for variable in environment.variables()}
    # How long tests go on is asked of the tests alone.
    for file in (ROOT / "tests").rglob("*.py"):
        known |= set(re.findall(r"environ\.get\(\"([A-Z_]+)\"\)", file.read_text(encoding="utf-8")))
    assigned = set(re.findall(r"\b([A-Z][A-Z_]+)=", page.code))
    of_the_shell = set(re.findall(r"\$\{?([A-Z_]+)", page.code))
    worded = {word for word in page.inline if re.fullmatch(r"[A-Z]+(_[A-Z]+)+", word)}
    assert (assigned | worded) - known - of_the_shell == set()


def _addresses(page: Page) -> Iterator[str]:
    for path in re.findall(
        r"(?<![\w.])(/(?:api|healthz|status|metrics|ack|admin)\b[^\s`\"'?)]*)", page.code
    ):
        yield path
    for path in re.findall(r"\$API/([^\s`\"'?)]*)", page.code):
        yield f"/api/v1/{path}"


def _is_served(path: str) -> bool:
    path = re.sub(r"\{\w+\}|\$\w+", AN_ID, path).replace("<team>", "lumelle")
    if "…" in path or path in ("/api/v1", "/api/v1/", "/api/"):
        return True
    try:
        return bool(resolve(path))
    except Resolver404:
        return False


@pages
def test_every_address_is_served(page):
    assert [path for path in _addresses(page) if not _is_served(path)] == []


def _segments(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        yield from re.findall(r"[a-z_]+", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from _segments(pattern.url_patterns)


@pages
def test_every_verb_and_file_is_there(page):
    segments = set(_segments(get_resolver().url_patterns))
    verbs = {word for word in page.inline if re.fullmatch(r"(\{\w+\}/|[a-z_]+/)+", word)}
    unknown = {
        verb
        for verb in verbs
        if not set(re.findall(r"(?<!\{)\b[a-z_]+(?=/)", verb)) <= segments
        and not (ROOT / verb).exists()
        and not verb.startswith("var/")
    }
    files = {
        word for word in page.inline if re.fullmatch(r"[\w./-]+\.(py|md|toml|txt|po|jsonl)", word)
    }
    missing = {
        name
        for name in files
        if "/" in name and not name.startswith("locale/") and not (ROOT / name).exists()
    }
    assert unknown | missing == set()


@pages
def test_every_table_and_figure_is_there(page):
    tables = {model._meta.db_table for model in apps.get_models()}
    named = {
        word for word in page.inline if re.fullmatch(r"(access|incidents|responses)_[a-z]+", word)
    }
    written = "\n".join(path.read_text(encoding="utf-8") for path in source.files())
    figures = {word for word in page.inline if re.fullmatch(r"crisis_[a-z]+_[a-z_]+", word)}
    assert named - tables == set()
    assert {name for name in figures if name not in written} == set()


def _without_omissions(text: str) -> str:
    """Take out the `…` that stand for what an answer held besides, outside of strings."""
    parts = re.split(r'("(?:[^"\\]|\\.)*")', text)
    parts[::2] = [re.sub(r"(,\s*)?…", "", part) for part in parts[::2]]
    return "".join(parts)


def _documents(page: Page) -> Iterator[str]:
    for block in page.blocks:
        if block.language == "json":
            yield _without_omissions(block.text)
    for body in BODY.findall(page.shell):
        yield re.sub(r"'\$\w+'", "x", body)
    for word in page.inline:
        if word.startswith('{"'):
            yield word


@pages
def test_every_json_can_be_read(page):
    broken = []
    for document in _documents(page):
        try:
            json.loads(document)
        except ValueError as error:
            broken.append(f"{error}: {document[:200]}")
    assert broken == []


@pages
def test_every_command_for_a_shell_is_whole(page):
    for block in page.blocks:
        if block.language == "sh":
            shlex.split(block.text, comments=True)
