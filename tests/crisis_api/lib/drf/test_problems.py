import json
import logging
from typing import Any

import pytest
from django.core import exceptions as core
from django.core.signals import got_request_exception
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection
from django.test import Client
from django.utils.translation import gettext_lazy
from rest_framework import exceptions as drf
from rest_framework import serializers

from crisis_api.access.models import ContactPoint, ExternalRef
from crisis_api.lib import constraints, logs
from crisis_api.lib.drf import problems
from crisis_api.lib.errors import (
    Conflict,
    FieldError,
    Forbidden,
    NotAllowedNow,
    Problem,
    Refused,
    Throttled,
)
from tests.factories.access import a_key, a_team, an_api

pytestmark = pytest.mark.urls("tests.crisis_api.lib.drf.sample")


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def problem_of(error: Exception) -> Problem:
    found = problems.problem_of(error)
    assert found is not None
    return found


def test_serves_all_members_of_rfc_9457() -> None:
    answer = Client().post("/api/v1/echo/", b"[", content_type="application/json")
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body.pop("detail").startswith("Expecting value")
    assert body.pop("request_id") == answer["X-Request-Id"]
    assert body == {
        "type": "urn:crisis-api:problem:malformed_json",
        "title": "The request is not valid",
        "status": 400,
        "instance": "/api/v1/echo/",
        "code": "malformed_json",
    }


def test_serves_extra_members_and_headers() -> None:
    problem = NotAllowedNow(allowed=["b", "a"], until=gettext_lazy("soon"))
    body = problems.as_json(problem)
    assert body["allowed"] == ["a", "b"]
    assert body["until"] == "soon"
    assert problems.respond(Throttled(headers={"Retry-After": "9"}))["Retry-After"] == "9"


def test_does_not_let_extra_members_hide_its_own() -> None:
    assert problems.as_json(Conflict(status_code=1, type="x", instance="y"))["type"].startswith(
        "urn"
    )


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (drf.ParseError(), 400, "malformed"),
        (drf.NotAuthenticated(), 401, "not_authenticated"),
        (drf.AuthenticationFailed(), 401, "not_authenticated"),
        (drf.PermissionDenied(), 403, "forbidden"),
        (drf.PermissionDenied("CSRF Failed: no cookie"), 403, "csrf_failed"),
        (drf.NotFound(), 404, "not_found"),
        (drf.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (drf.NotAcceptable(), 406, "not_acceptable"),
        (drf.UnsupportedMediaType("x/y"), 415, "unsupported_media_type"),
        (drf.Throttled(wait=3.2), 429, "throttled"),
        (core.PermissionDenied(), 403, "forbidden"),
        (core.ObjectDoesNotExist(), 404, "not_found"),
        (core.SuspiciousOperation(), 400, "invalid"),
        (core.BadRequest(), 400, "invalid"),
        (core.RequestDataTooBig(), 413, "too_large"),
        (core.TooManyFieldsSent(), 413, "too_large"),
        (DataError("out of range"), 400, "value_out_of_range"),
        (InterfaceError("connection already closed"), 503, "database_unavailable"),
        (OperationalError("server closed the connection"), 503, "database_unavailable"),
    ],
)
def test_knows_the_errors_of_django_and_drf(error: Exception, status: int, code: str) -> None:
    problem = problem_of(error)
    assert (problem.status, problem.code) == (status, code)


def test_says_when_to_come_back() -> None:
    assert problem_of(drf.Throttled(wait=3.2)).headers["Retry-After"] == "4"
    answer = problems.respond(problem_of(OperationalError("gone")))
    assert int(answer["Retry-After"]) > 0


@pytest.mark.django_db
def test_takes_a_wrong_statement_for_no_outage() -> None:
    with pytest.raises(Exception, match="no_such_table") as error, connection.cursor() as cursor:
        cursor.execute("SELECT * FROM no_such_table")
    assert problems.problem_of(error.value) is None


def test_flattens_nested_errors_to_pointers() -> None:
    class Line(serializers.Serializer[Any]):
        amount = serializers.IntegerField()

    class Order(serializers.Serializer[Any]):
        lines = Line(many=True)
        tags = serializers.ListField(child=serializers.IntegerField())
        a_name = serializers.CharField()

        def validate(self, attrs: Any) -> Any:
            raise serializers.ValidationError("never", code="never")

    data = {"lines": [{"amount": 1}, {"amount": "x"}], "tags": [1, "y"]}
    order = Order(data=data)
    assert not order.is_valid()
    found = {(each.pointer, each.code) for each in problems.flat(order.errors)}
    assert found == {
        ("/lines/1/amount", "invalid"),
        ("/tags/1", "invalid"),
        ("/a_name", "required"),
    }


def test_points_at_the_whole_for_errors_of_no_field() -> None:
    error = drf.ValidationError({"x": {"non_field_errors": ["bad"]}, "a/b~c": ["worse"]})
    assert [each.pointer for each in problem_of(error).errors] == ["/x", "/a~1b~0c"]


@pytest.mark.django_db
def test_names_a_broken_rule_on_both_engines() -> None:
    a_team(name="Lumelle")
    with pytest.raises(IntegrityError) as error:
        a_team(name="Lumelle")
    assert constraints.kind_of(error.value) == "unique"
    problem = problem_of(error.value)
    assert (problem.status, problem.code) == (409, "already_exists")


@pytest.mark.django_db
def test_names_a_unique_constraint() -> None:
    team = a_team()
    ref = {"team": team, "subject_type": "x", "subject_id": team.pk, "system": "jira"}
    ExternalRef.objects.create(**ref, external_id="1")
    with pytest.raises(IntegrityError) as unique:
        ExternalRef.objects.create(**ref, external_id="1")
    assert constraints.name_of(unique.value) == "one_external_ref_per_subject_system_and_id"


@pytest.mark.django_db
def test_names_a_check_constraint() -> None:
    with pytest.raises(IntegrityError) as check:
        ContactPoint.objects.create(kind="console", address="console")
    assert constraints.kind_of(check.value) == "check"
    assert constraints.name_of(check.value) == "contact_point_is_a_persons_or_a_teams"
    problem = problem_of(check.value)
    assert (problem.status, problem.code) == (422, "rule_broken")
    assert problem.extra["rule"] == "contact_point_is_a_persons_or_a_teams"


@pytest.mark.django_db
def test_tells_a_registered_rule_in_its_own_way() -> None:
    name = "contact_point_is_a_persons_or_a_teams"
    problems.on_constraint(name, lambda: Refused(code="whose"))
    try:
        with pytest.raises(IntegrityError) as check:
            ContactPoint.objects.create(kind="console", address="console")
        assert problem_of(check.value).code == "whose"
    finally:
        problems._rules.pop(name)


@pytest.mark.django_db
def test_tells_nothing_of_an_unforeseen_error_and_logs_it(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    key = a_key(a_team())
    caplog.handler.setFormatter(logs.formatter("json"))
    with caplog.at_level(logging.ERROR):
        answer = client.get("/api/v1/teams/broken/", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 500
    assert b"secret" not in answer.content
    assert answer.json()["code"] == "internal_error"
    lines = [json.loads(line) for line in caplog.text.splitlines()]
    assert {line["request_id"] for line in lines} == {answer["X-Request-Id"]}
    assert "in broken" in lines[0]["exception"]
    assert "RuntimeError: secret words" not in caplog.text


@pytest.mark.django_db
def test_tells_error_trackers_of_an_unforeseen_error() -> None:
    heard: list[object] = []

    def listen(sender: object, **kwargs: object) -> None:
        heard.append(sender)

    got_request_exception.connect(listen)
    try:
        api = an_api(a_key(a_team()))
        with pytest.raises(RuntimeError):
            api.get("/api/v1/teams/broken/")
    finally:
        got_request_exception.disconnect(listen)
    assert heard


def test_answers_unknown_paths_of_the_api_with_a_problem(client: Client) -> None:
    answer = client.get("/api/v1/nowhere/")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == "not_found"
    assert client.get("/nowhere/")["Content-Type"].startswith("text/html")


def test_answers_errors_outside_of_views_with_a_problem(client: Client) -> None:
    answer = client.get("/api/v1/crash/")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert b"secret" not in answer.content


def test_answers_a_foreign_host_with_a_problem(client: Client) -> None:
    answer = client.post("/api/v1/teams", headers={"Host": "evil.example"})
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_survives_hostile_paths(client: Client) -> None:
    for path in ("/api/v1/%00/", "/api/v1/%ff%fe/", "/api/v1/%ed%a0%80/", "/api/v1/teams/%00/"):
        assert client.get(path).status_code in (401, 404)


def test_has_one_status_per_problem() -> None:
    kinds = [Forbidden, Conflict, problems.MethodNotAllowed, problems.NotAcceptable]
    assert all(problems.respond(kind()).status_code == kind.status for kind in kinds)
    error = FieldError("/a", "b", "c")
    assert problems.as_json(Conflict(errors=[error]))["errors"] == [
        {"pointer": "/a", "code": "b", "detail": "c"}
    ]


@pytest.mark.parametrize("debug", [True, False])
def test_answers_with_problems_whether_debugging_or_not(
    client: Client, settings: Any, debug: bool
) -> None:
    settings.DEBUG = debug
    for path, status in (("nowhere", 404), ("crash", 500)):
        answer = client.get(f"/api/v1/{path}/")
        assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
        assert b"secret" not in answer.content
