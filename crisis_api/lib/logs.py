"""Lines of the log: for people or, with LOG_FORMAT=json, for machines; without personal data.

What is known of the work in hand (the request, the task, the message that is being sent) stands on
each line by its id. An exception is told by its kind and place: its words may quote a row, and with
it somebody's address. As a last fence, whatever looks like a secret or an address is taken out.
"""

import logging
import re
import sqlite3
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar

import orjson
from django.core.exceptions import ImproperlyConfigured
from django.db.utils import Error as DatabaseError
from redis import RedisError

from crisis_api.lib.errors import ChannelError, Problem

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_about: ContextVar[Mapping[str, str]] = ContextVar("about", default=MappingProxyType({}))

# Classes of SQLSTATE whose first sentence names rules and servers, never values.
_TELLING = ("08", "23", "40", "53", "55", "57")

_SECRETS = re.compile(
    r"""
      (?P<ack>/(?:ack|calendar)/)[^\s/"'<>]+             # who has it is taken for that person
    | \b(?P<key>ck_|whsec_|enc1:|Bearer\ )[\w.~+/=-]+    # keys, signing secrets, stored secrets
    | (?P<web>\bhttps?://[^\s/"'<>@]+)/[^\s"'<>]*        # addresses of webhooks are secrets too
    | \b(?P<own>https?|postgres(?:ql)?|rediss?|smtp\S*?)://[^\s/@"']*@[^\s"'<>]*
    | \b(?P<other>(?!https?|postgres|redis|unix|sqlite|file)[a-z][a-z0-9+.-]+)://[^\s"'<>]+
    | (?P<mail>\b(?!celery@)[\w.+-]+@[\w-]+\.[\w.-]*\w)
    | (?P<phone>\+\d[\d\ ().-]{7,}\d)
    """,
    re.VERBOSE,
)
_KEPT = {"ack": "{}…", "key": "{}…", "web": "{}/…", "own": "{}://…", "other": "{}://…"}


def scrubbed(text: str) -> str:
    """Return the text without what looks like a key, a link of one person's, or an address."""
    return _SECRETS.sub(_hidden, text)


def _hidden(match: re.Match[str]) -> str:
    kind = match.lastgroup or ""
    return _KEPT.get(kind, "…").format(match.group(kind))


@contextmanager
def about(**ids: object) -> Iterator[None]:
    """Put ids on every line that is written inside; ids and references only, never texts."""
    token = _about.set({**_about.get(), **{name: str(value) for name, value in ids.items()}})
    try:
        yield
    finally:
        _about.reset(token)


def begin(**ids: object) -> None:
    """Have the lines from here on bear these ids alone: where no function surrounds the work."""
    _about.set({name: str(value) for name, value in ids.items()})


def named(name: str) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """Decorate a function whose first argument is an id, or a row, that its lines should bear."""

    def decorate(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        @wraps(function)
        def within(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            with about(**{name: getattr(args[0], "pk", args[0])}):
                return function(*args, **kwargs)

        return within

    return decorate


def context() -> Mapping[str, str]:
    """Return the ids of the work in hand."""
    return _about.get()


def told(error: BaseException) -> str:
    """Return what may be said of an exception besides its kind; often nothing."""
    if isinstance(error, ChannelError | Problem):
        return error.code
    if isinstance(error, DatabaseError) and error.__cause__ is not None:
        return told(error.__cause__)
    if isinstance(error, sqlite3.Error | RedisError | ImproperlyConfigured):
        return str(error)
    if isinstance(error, OSError):
        return error.strerror or ""
    return _of_postgresql(error)


def _of_postgresql(error: BaseException) -> str:
    diagnosis = getattr(error, "diag", None)
    if diagnosis is None:
        return ""
    state = getattr(error, "sqlstate", None)
    if state is None:
        # It never got as far as the server, so it knows no values.
        return str(error).partition("\n")[0]
    if state.startswith(_TELLING):
        return str(diagnosis.message_primary or state)
    return f"SQLSTATE {state}"


def trace(error: BaseException) -> str:
    """Return where it was raised, and what led to it, without the words of any exception."""
    chain: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in chain:
        chain.append(following)
        earlier = None if following.__suppress_context__ else following.__context__
        following = following.__cause__ or earlier
    return "\nwhich led to:\n".join(map(_one, reversed(chain)))


def _one(error: BaseException) -> str:
    places = "".join(traceback.format_tb(error.__traceback__))
    words = told(error)
    return f"{places}{type(error).__qualname__}{': ' if words else ''}{words}"


class _Lines(logging.Formatter):
    """What both kinds of lines share: UTC, ids, and nothing that must not be told."""

    converter = staticmethod(time.gmtime)
    default_msec_format = "%s.%03dZ"
    default_time_format = "%Y-%m-%dT%H:%M:%S"

    def message(self, record: logging.LogRecord) -> str:
        """Return the record's words; Celery quotes the exception and its trace among them."""
        failure = record.exc_info[1] if record.exc_info else None
        if failure is not None and isinstance(record.args, dict) and "exc" in record.args:
            record.args = {**record.args, "exc": type(failure).__name__, "traceback": ""}
        return scrubbed(record.getMessage())

    def ids(self, record: logging.LogRecord) -> dict[str, str]:
        """Return the ids of the work in hand; Django has a last word after it, with the request."""
        request_id = getattr(getattr(record, "request", None), "crisis_id", "")
        return {**({"request_id": request_id} if request_id else {}), **context()}

    def failure(self, record: logging.LogRecord) -> str:
        """Return the trace, where there is one."""
        error = record.exc_info[1] if record.exc_info else None
        return scrubbed(trace(error)) if error is not None else ""


class TextFormatter(_Lines):
    """Lines for people."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and below it the trace, where there is one."""
        ids = self.ids(record)
        line = (
            f"{self.formatTime(record)} {record.levelname} {record.name} "
            f"[{ids.pop('request_id', '-')}] {self.message(record)}"
        )
        line += "".join(f" {name}={value}" for name, value in ids.items())
        failure = self.failure(record)
        return f"{line}\n{failure}" if failure else line


class JsonFormatter(_Lines):
    """Lines for machines: one object each, whatever the message holds."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object."""
        line: dict[str, Any] = {
            "at": self.formatTime(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.message(record),
            "process": record.process,
            **self.ids(record),
        }
        if failure := self.failure(record):
            line["exception"] = failure
        return orjson.dumps(line, option=orjson.OPT_NON_STR_KEYS, default=str).decode()


FORMATS: dict[str, type[logging.Formatter]] = {"text": TextFormatter, "json": JsonFormatter}


def formatter(form: str) -> logging.Formatter:
    """Return the formatter that LOG_FORMAT names."""
    if form not in FORMATS:
        raise ImproperlyConfigured(f"LOG_FORMAT should be {' or '.join(FORMATS)}, not {form!r}.")
    return FORMATS[form]()
