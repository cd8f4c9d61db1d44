"""Requests made from the document, valid and not, are answered as the document says.

SCHEMATHESIS_EXAMPLES says how many there are for each operation besides the systematic ones; a
long run finds what a short one doesn't.
"""

import os
from collections.abc import Callable
from functools import cache
from typing import Any
from uuid import UUID

import hypothesis
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from schemathesis.checks import load_all_checks
from schemathesis.generation.hypothesis.builder import (
    HypothesisTestConfig,
    HypothesisTestMode,
    create_test,
)
from schemathesis.specs.openapi import checks

from crisis_api.access.models import Team
from tests.contract.calling import filled, undone
from tests.contract.examples import good
from tests.contract.operations import BASE, operations

load_all_checks()
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.response_schema_conformance,
    checks.content_type_conformance,
    checks.unsupported_method,
    checks.ignored_auth,
]
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "5"))
LONG = EXAMPLES >= 50
GOOD = good()
# Rows of the world for the names of fields; what is not named here is nobody's id.
ROWS = {
    "team": "team",
    "owner": "responder",
    "incident": "open",
    "into": "open",
    "other": "other",
    "account": "account",
    "policy": "policy",
    "default_policy": "policy",
    "rotation": "rotation",
    "statement": "published",
    "corrects": "published",
    "endpoint": "endpoint",
    "participants": "responder",
    "order": "email_of_the_manager",
    "mention_ids": "second_mention",
    "author": "author_of_comments",
    "post": "post",
    "receipt": "receipt",
}

SETTINGS = hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    # Each run of the suite asks the same; a long run may ask what nobody has asked yet.
    derandomize=not LONG,
    suppress_health_check=list(hypothesis.HealthCheck),
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
)


@cache
def _schema() -> Any:
    return schemathesis.openapi.from_wsgi(f"{BASE}schema/", get_wsgi_application())


def _requests(operation: Any, send: Callable[[Any], None]) -> Callable[[], None]:
    """Return what sends the examples, the systematic requests and random ones of an operation.

    Its own `parametrize` makes those of all operations while tests are collected, for half a
    minute, whichever tests are then run.
    """
    config, subject = _schema().config, _schema()[operation.path][operation.method]
    modes = [HypothesisTestMode.EXAMPLES, HypothesisTestMode.FUZZING]
    if LONG or operation.changes or operation.action not in operation.view.paged | {"counts"}:
        # Of each filter by itself there are thousands, and all are made of the same few kinds.
        modes.append(HypothesisTestMode.COVERAGE)
    how = HypothesisTestConfig(modes=modes, project=config, seed=config.seed, settings=None)
    return create_test(operation=subject, test_func=SETTINGS(send), config=how)


@pytest.fixture
def key(world):
    """The key of a manager who may do everything, and a server that leaves connections open."""
    Team.objects.update(personal_keys_may_approve=True)
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield world.keys["personal"]
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.timeout(0 if LONG else 120)
@pytest.mark.parametrize("operation", operations(), ids=str)
def test_answers_as_the_document_says(operation, world, key):
    ids, example = world.ids(), GOOD[operation.id]

    def send(case: Any) -> None:
        case.path_parameters = _path(case.path_parameters or {}, example, ids)
        case.body = _with_rows(case.body, "", ids)
        case.query = _with_rows(case.query, "", ids)
        if "If-Match" in (case.headers or {}):
            # Else nearly every change would be refused for the version it was made from.
            case.headers["If-Match"] = "*"
        with undone():
            case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Bearer {key}"})

    _requests(operation, send)()


def _path(given: dict[str, Any], example: Any, ids: dict[str, str]) -> dict[str, Any]:
    """Return the path with rows that there are in the place of ids that could be."""
    real = filled(example.path, ids)
    return {
        name: real[name] if _is_an_id(value) and name in real else value
        for name, value in given.items()
    }


def _with_rows(value: Any, name: str, ids: dict[str, str]) -> Any:
    """Return a body with rows that there are in the place of most ids that could be."""
    if isinstance(value, dict):
        return {key: _with_rows(each, key, ids) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_rows(each, name, ids) for each in value]
    if name in ROWS and _is_an_id(value) and UUID(value).int % 5:
        return ids[ROWS[name]]
    return value


def _is_an_id(value: Any) -> bool:
    try:
        return str(UUID(value)) == value
    except (ValueError, TypeError, AttributeError):
        return False
