"""Every error of the API as RFC 9457 problem+json: `handle` for views, handlers for the rest.

    {"type": "urn:crisis-api:problem:invalid", "title": …, "status": 400, "detail": …,
     "instance": "/api/v1/incidents/", "code": "invalid", "request_id": …,
     "errors": [{"pointer": "/severity", "code": "invalid_choice", "detail": …}]}

Pointers are RFC 6901 into the body; parameters are `/query/<name>`, headers `/headers/<name>`.
"""

import logging
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson
from django.core import exceptions as core
from django.core.signals import got_request_exception
from django.db import DatabaseError, DataError, IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.encoding import force_str
from rest_framework import exceptions as drf

from crisis_api.lib import constraints
from crisis_api.lib.drf import request_id
from crisis_api.lib.drf.outages import outage
from crisis_api.lib.errors import (
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    NotAuthenticated,
    NotFound,
    Problem,
    Refused,
    Throttled,
    TooLarge,
    UnsupportedMedia,
)

MEDIA_TYPE = "application/problem+json"
API_PREFIX = "/api/"

log = logging.getLogger(__name__)
_rules: dict[str, Callable[[], Problem]] = {}


class MethodNotAllowed(Problem):
    """405: this path does not know this method; `Allow` names those it knows."""

    status, code, title = 405, "method_not_allowed", "This method is not allowed here"


class NotAcceptable(Problem):
    """406: the caller accepts nothing that is served here."""

    status, code, title = 406, "not_acceptable", "Only JSON is served here"


class ProblemResponse(HttpResponse):
    """A problem, already rendered; `data` holds it for tests and logs."""

    def __init__(self, data: dict[str, Any], status: int, headers: Mapping[str, str]) -> None:
        super().__init__(orjson.dumps(data), content_type=MEDIA_TYPE, status=status)
        self.data = data
        for name, value in headers.items():
            self.headers[name] = value


def on_constraint(name: str, problem: Callable[[], Problem]) -> None:
    """Say which problem a broken database rule is, by the name of the constraint."""
    _rules[name] = problem


def handle(exc: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Return the problem+json for whatever a view raised; DRF's EXCEPTION_HANDLER.

    What nobody foresaw becomes a 500 that tells nothing, and is logged with its trace.
    """
    request = context.get("request")
    http_request = getattr(request, "_request", request)
    problem = problem_of(exc)
    if problem is None:
        log.error("unforeseen error", exc_info=exc)
        # Error trackers listen to it, and the test client raises what it carries.
        got_request_exception.send(sender=type(context.get("view")), request=http_request)
        problem = Problem(code="internal_error")
    return respond(problem, http_request)


def respond(problem: Problem, request: HttpRequest | None = None) -> ProblemResponse:
    """Return the response that tells the caller of the problem."""
    headers = dict(problem.headers)
    if problem.status == 401:
        headers.setdefault("WWW-Authenticate", 'Bearer realm="crisis-api"')
    if problem.status in (429, 503):
        headers.setdefault("Retry-After", "1")
    return ProblemResponse(as_json(problem, request), problem.status, headers)


def as_json(problem: Problem, request: HttpRequest | None = None) -> dict[str, Any]:
    """Return the members of the problem, its own extra ones among them."""
    data: dict[str, Any] = {
        **{name: _plain(value) for name, value in problem.extra.items()},
        "type": f"urn:crisis-api:problem:{problem.code}",
        "title": str(problem.title),
        "status": problem.status,
        "detail": str(problem.detail),
        "instance": _sendable(request.path) if request is not None else "",
        "code": problem.code,
        "request_id": request_id.current(),
    }
    if problem.errors:
        data["errors"] = [
            {"pointer": each.pointer, "code": each.code, "detail": _sendable(str(each.detail))}
            for each in problem.errors
        ]
    return data


def problem_of(exc: BaseException) -> Problem | None:
    """Return the problem that an exception is, None where nobody foresaw it."""
    if isinstance(exc, Problem):
        return exc
    if isinstance(exc, drf.APIException):
        return _from_drf(exc)
    if isinstance(exc, DatabaseError):
        return _from_database(exc)
    if isinstance(exc, Http404 | core.ObjectDoesNotExist):
        return NotFound()
    if isinstance(exc, core.PermissionDenied):
        return Forbidden()
    if isinstance(exc, core.RequestDataTooBig | core.TooManyFieldsSent | core.TooManyFilesSent):
        return TooLarge()
    if isinstance(exc, core.BadRequest | core.SuspiciousOperation):
        return Invalid()
    return outage(exc)


def _from_drf(exc: drf.APIException) -> Problem:
    detail = force_str(exc.detail) if isinstance(exc.detail, str) else ""
    match exc:
        case drf.ValidationError():
            return Invalid(errors=flat(exc.detail))
        case drf.ParseError():
            return Invalid(detail, code="malformed")
        case drf.AuthenticationFailed() | drf.NotAuthenticated():
            return NotAuthenticated(detail)
        case drf.PermissionDenied():
            # DRF refuses a session without its CSRF token this way, in words for people.
            csrf = detail.startswith("CSRF")
            return Forbidden(detail, code="csrf_failed" if csrf else None)
        case drf.NotFound():
            return NotFound()
        case drf.MethodNotAllowed():
            return MethodNotAllowed(detail)
        case drf.NotAcceptable():
            return NotAcceptable()
        case drf.UnsupportedMediaType():
            return UnsupportedMedia(detail)
        case drf.Throttled():
            wait = max(1, math.ceil(getattr(exc, "wait", None) or 1))
            return Throttled(headers={"Retry-After": str(wait)}, retry_after_seconds=wait)
    problem = Problem(detail, code=str(exc.default_code))
    problem.status = exc.status_code
    return problem


def _from_database(exc: DatabaseError) -> Problem | None:
    if isinstance(exc, DataError):
        log.warning("value refused by the database", exc_info=exc)
        return Invalid("A value is out of range.", code="value_out_of_range")
    if not isinstance(exc, IntegrityError):
        return outage(exc)
    name, kind = constraints.name_of(exc), constraints.kind_of(exc)
    if name in _rules:
        return _rules[name]()
    log.warning("rule %s broken", name or kind, exc_info=exc)
    match kind:
        case "unique":
            return Conflict(code="already_exists", rule=name)
        case "trigger":
            return Conflict("What is stored here does not change.", code="immutable", rule=name)
        case "check":
            return Refused(code="rule_broken", rule=name)
        case "foreign_key":
            return Conflict("Something this refers to is missing.", code="missing_reference")
    return None


def flat(detail: Any, pointer: str = "") -> list[FieldError]:
    """Return a serializer's nested errors as one list, each with its JSON pointer."""
    return list(_flat(detail, pointer))


def _flat(detail: Any, pointer: str) -> Iterator[FieldError]:
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            whole = key == "non_field_errors"
            yield from _flat(value, pointer if whole else f"{pointer}/{escaped(key)}")
    elif isinstance(detail, list | tuple):
        for index, value in enumerate(detail):
            # A list holds either the messages about one thing or the errors of its items.
            inside = isinstance(value, Mapping | list | tuple)
            yield from _flat(value, f"{pointer}/{index}" if inside else pointer)
    else:
        yield FieldError(pointer, str(getattr(detail, "code", "invalid")), force_str(detail))


def escaped(key: object) -> str:
    """Return a key as one step of a JSON pointer (RFC 6901)."""
    return _sendable(str(key))[:200].replace("~", "~0").replace("/", "~1")


def _sendable(text: str) -> str:
    """Replace what UTF-8 cannot carry, such as half of a surrogate pair from a hostile path."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in value]
    return _sendable(str(value))


class ApiErrorsMiddleware:
    """Turns every error under `/api/` that is not problem+json yet into one.

    Such as what Django itself answers where no view was reached, with DEBUG on or off.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, replacing an HTML error."""
        response = self.get_response(request)
        if response.status_code < 400 or not request.path.startswith(API_PREFIX):
            return response
        if "json" in response.headers.get("Content-Type", ""):
            return response
        replacement = respond(_of_status(response.status_code), request)
        for name in ("Allow", "Retry-After", "Vary"):
            if name in response.headers:
                replacement.headers[name] = response.headers[name]
        return replacement


def _of_status(status: int) -> Problem:
    known: dict[int, type[Problem]] = {
        each.status: each
        for each in (Invalid, NotAuthenticated, Forbidden, NotFound, MethodNotAllowed, TooLarge)
    }
    problem = known.get(status, Problem)()
    if type(problem) is Problem:
        problem.status = status
        problem.code = "internal_error" if status >= 500 else "error"
    return problem
