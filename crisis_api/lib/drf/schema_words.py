"""How operations are called, and what is said of them, in the OpenAPI document.

An action says it in its docstring: the first paragraph is the summary, the rest the description.
Where it is the base's own `list` or `retrieve`, the summary is made from the path.
"""

import inspect
import re

from crisis_api.lib.drf.views import ResourceViewSet

_PLAIN = frozenset({"list", "create", "retrieve", "update", "partial_update", "destroy"})
_OF_METHODS = {"get": "retrieve", "patch": "partial_update", "put": "update", "delete": "destroy"}
_PARAMETER = re.compile(r"\{[^}]+\}")

_ANSWERS = {200: "As it is now.", 201: "Made, as it is now.", 202: "On its way."}


def operation_id(view: ResourceViewSet, tokens: list[str], method: str) -> str:
    """Return `incidents_list`, `incidents_acknowledge`, `incidents_notes_create`."""
    verb = hasattr(getattr(view, view.action, None), "mapping") or (
        method == "POST" and view.action not in _PLAIN
    )
    if verb:
        return "_".join(tokens)
    action = view.action if view.action in _PLAIN else _OF_METHODS[method.lower()]
    return "_".join([*tokens, action])


def told(view: ResourceViewSet, path: str) -> tuple[str, str]:
    """Return the summary of an action and what else there is to say."""
    handler = getattr(type(view), view.action)
    inherited = handler in (ResourceViewSet.list, ResourceViewSet.retrieve)
    text = inspect.getdoc(type(view) if inherited else handler) or ""
    if view.action == "list":
        return f"List {_things(view, path)}", text
    if view.action == "retrieve":
        return f"Read {_thing(view, path)}", text
    summary, _gap, rest = text.partition("\n\n")
    return " ".join(summary.split()).rstrip("."), rest


def of_an_answer(view: ResourceViewSet, status: int) -> str:
    """Return what is said of a good answer."""
    if status == 204:
        return "Done; there is nothing more to show."
    if view.action in view.paged:
        return "A page of them."
    return _ANSWERS.get(status, "Done.")


def _things(view: ResourceViewSet, path: str) -> str:
    *parents, _last = _nouns(path)
    name = f"{view.noun}s" if view.noun else _words(_last)
    return name + _of(parents)


def _thing(view: ResourceViewSet, path: str) -> str:
    *parents, last = _nouns(path)
    if not _PARAMETER.search(path.rstrip("/").rpartition("/")[2]):
        return f"the {_words(last)}" + _of(parents)
    return _with_article(view.noun or _singular(_words(last))) + _of(parents)


def _of(parents: list[str]) -> str:
    return "".join(f" of {_with_article(_singular(_words(each)))}" for each in reversed(parents))


def _nouns(path: str) -> list[str]:
    below = path.partition("/v1/")[2] or path
    return [part for part in below.split("/") if part and not _PARAMETER.fullmatch(part)]


def _words(noun: str) -> str:
    return noun.replace("follow_up", "follow-up").replace("_", " ").replace("api ", "API ")


def _singular(words: str) -> str:
    return f"{words[:-3]}y" if words.endswith("ies") else words.removesuffix("s")


def _with_article(words: str) -> str:
    return f"an {words}" if words[0] in "aeioA" else f"a {words}"
