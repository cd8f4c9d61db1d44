"""Gathers what the product says into the catalogues: `make messages`.

Pure Python, so that neither a developer's machine nor CI needs GNU gettext. The contract test
reads the same list, so that a text nobody translated is noticed with the change that brought it.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import django
import polib
import unfold
from django.conf import settings
from django.utils.translation.template import templatize

PACKAGES = tuple(settings.BASE_DIR / name for name in ("crisis_api", "incidents", "responses"))
# Unfold has no Russian of its own, and a catalogue in LOCALE_PATHS goes before those of packages.
BORROWED = Path(unfold.__file__).parent
DJANGO = Path(django.__file__).parent

# By function: how many of its first arguments are a context, and how many are texts.
FUNCTIONS = {
    "gettext": (0, 1),
    "gettext_lazy": (0, 1),
    "gettext_noop": (0, 1),
    "ngettext": (0, 2),
    "ngettext_lazy": (0, 2),
    "pgettext": (1, 1),
    "pgettext_lazy": (1, 1),
    "npgettext": (1, 2),
    "npgettext_lazy": (1, 2),
}
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sdif]")
IN_TEMPLATES = re.compile(r"\b(?P<name>n?p?gettext|_)(?=\()")


@dataclass(frozen=True, slots=True)
class Message:
    """One text that is to be translated; `plural` is empty where nothing is counted."""

    text: str
    plural: str = ""
    context: str | None = None

    @property
    def key(self) -> tuple[str | None, str]:
        """Return what a catalogue files it under."""
        return self.context, self.text


def ours() -> dict[Message, str]:
    """Return every text of the product, and a file that says it."""
    found: dict[Message, str] = {}
    for package in PACKAGES:
        for path in sorted(package.rglob("*")):
            for message in _in_file(path):
                found.setdefault(message, str(path.relative_to(settings.BASE_DIR)))
    return found


def borrowed() -> dict[Message, str]:
    """Return the texts of Unfold's own pages that Django has no Russian for."""
    known = _known_to_django()
    found: dict[Message, str] = {}
    for path in sorted(BORROWED.rglob("*")):
        inside = path.relative_to(BORROWED.parent)
        if (
            inside.parts[1] == "contrib"
            and ".".join(inside.parts[:3]) not in settings.INSTALLED_APPS
        ):
            continue
        for message in _in_file(path):
            if message.key not in known:
                found.setdefault(message, str(inside))
    return found


def _known_to_django() -> set[tuple[str | None, str]]:
    folders = [DJANGO / "conf", *(DJANGO / "contrib" / name for name in ("admin", "auth"))]
    return {
        (entry.msgctxt, entry.msgid)
        for folder in folders
        for entry in polib.mofile(str(folder / "locale/ru/LC_MESSAGES/django.mo"))
    }


def merge(catalogue: polib.POFile) -> polib.POFile:
    """Return the catalogue with every text that is said and no other, in a fixed order."""
    said = {**borrowed(), **ours()}
    # A text counted in one place and plain in another is one entry: gettext knows no difference.
    wanted: dict[tuple[str | None, str], Message] = {}
    for message in said:
        if message.plural or message.key not in wanted:
            wanted[message.key] = message
    kept = {(entry.msgctxt, entry.msgid): entry for entry in catalogue if not entry.obsolete}
    merged = polib.POFile(wrapwidth=100)
    merged.metadata = catalogue.metadata
    for key in sorted(wanted, key=lambda key: (key[1].casefold(), key[1], key[0] or "")):
        merged.append(_entry(wanted[key], kept.get(key)))
    return merged


def _entry(message: Message, before: polib.POEntry | None) -> polib.POEntry:
    entry = polib.POEntry(msgid=message.text, msgctxt=message.context)
    if message.plural:
        entry.msgid_plural = message.plural
        entry.msgstr_plural = dict.fromkeys(range(4), "")
    if PLACEHOLDER.search(message.text + message.plural):
        entry.flags.append("python-format")
    if before is not None and bool(before.msgid_plural) == bool(message.plural):
        entry.msgstr, entry.msgstr_plural = before.msgstr, before.msgstr_plural
        entry.tcomment = before.tcomment
    return entry


def main() -> int:
    """Merge and compile every catalogue; say what still has to be translated."""
    lacking = 0
    for path in sorted(settings.BASE_DIR.glob("locale/*/LC_MESSAGES/django.po")):
        merged = merge(polib.pofile(str(path)))
        merged.save(str(path))
        merged.save_as_mofile(str(path.with_suffix(".mo")))
        untranslated = merged.untranslated_entries()
        lacking += len(untranslated)
        name = path.relative_to(settings.BASE_DIR)
        sys.stdout.write(f"{name}: {len(merged)} texts, {len(untranslated)} not translated\n")
        for entry in untranslated:
            sys.stdout.write(f"  {entry.msgid!r}\n")
    return 1 if lacking else 0


def _in_file(path: Path) -> Iterator[Message]:
    if path.suffix == ".py" and "migrations" not in path.parts:
        yield from in_python(ast.parse(path.read_text(encoding="utf-8"), filename=str(path)))
    elif path.suffix in {".html", ".txt", ".xml"} and "templates" in path.parts:
        yield from in_template(path.read_text(encoding="utf-8"))


def in_python(tree: ast.Module) -> Iterator[Message]:
    """Find the texts of a module, under whatever names it imports gettext."""
    names = dict(_imported(tree))
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        match call.func:
            case ast.Name(id=said) if said in names:
                yield from _message(names[said], call)
            case ast.Attribute(attr=said) if said in FUNCTIONS:
                yield from _message(said, call)


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            for alias in node.names:
                if alias.name in FUNCTIONS:
                    yield alias.asname or alias.name, alias.name


def _message(function: str, call: ast.Call) -> Iterator[Message]:
    contexts, texts = FUNCTIONS[function]
    said = [
        argument.value if isinstance(argument, ast.Constant) else None
        for argument in call.args[: contexts + texts]
    ]
    # A text that is worked out when it is needed is written out, and found, somewhere else.
    if all(isinstance(text, str) for text in said) and said:
        text = [str(part) for part in said]
        yield Message(
            context=text[0] if contexts else None,
            text=text[contexts],
            plural=text[contexts + 1] if texts == 2 else "",
        )


def in_template(source: str) -> Iterator[Message]:
    """Find the texts of a template."""
    # Django writes its tags as calls between crossed-out text; each call is Python of its own.
    written = templatize(source)
    for found in IN_TEMPLATES.finditer(written):
        name = "gettext" if found["name"] == "_" else found["name"]
        yield from _message(name, _call(written, found))


def _call(written: str, found: re.Match[str]) -> ast.Call:
    end = found.end()
    while True:
        end = written.index(")", end) + 1
        try:
            call = ast.parse(written[found.start() : end], mode="eval").body
        except SyntaxError:
            continue
        assert isinstance(call, ast.Call)
        return call


if __name__ == "__main__":
    sys.exit(main())
