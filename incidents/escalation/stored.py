"""Reading a stored plan, part by part; what is damaged says where."""

from datetime import timedelta
from typing import TypeVar

_T = TypeVar("_T")


class BrokenPlan(ValueError):
    """A stored plan that cannot be followed; `pointer` and `code` say what is damaged."""

    def __init__(self, pointer: str, code: str) -> None:
        super().__init__(f"{code} at {pointer or 'the top'} of a stored escalation plan")
        self.pointer = pointer
        self.code = code


def part(document: object, pointer: str, name: str, kind: type[_T]) -> _T:
    if not isinstance(document, dict):
        raise BrokenPlan(pointer, "not_an_object")
    if name not in document:
        raise BrokenPlan(f"{pointer}/{name}", "missing")
    value = document[name]
    # Not isinstance: true is no number of seconds, although bool is a kind of int.
    if type(value) is not kind:
        raise BrokenPlan(f"{pointer}/{name}", "wrong_type")
    return value


def name_in(document: object, pointer: str, name: str) -> str | None:
    if isinstance(document, dict) and document.get(name) is None:
        return None
    return part(document, pointer, name, str)


def wait_in(document: object, pointer: str, name: str) -> timedelta:
    try:
        return timedelta(seconds=part(document, pointer, name, int))
    except OverflowError:
        raise BrokenPlan(f"{pointer}/{name}", "wait_out_of_range") from None
