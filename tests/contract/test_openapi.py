"""The OpenAPI document says all that the API does, and says it well."""

import re
from http import HTTPMethod

import pytest
from django.core.management import call_command
from django.test import Client
from openapi_spec_validator import validate

from crisis_api.settings.api_docs import TAGS
from tests.contract.operations import document, operations, routed

OPERATIONS = operations()


def test_is_a_valid_document():
    assert document()["openapi"] == "3.1.1"
    validate(document())


def test_leaves_nothing_to_be_guessed(tmp_path):
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "openapi"))


def test_holds_exactly_what_the_urls_have():
    told = {(each.method, each.path) for each in OPERATIONS}

    # Networks speak to their doors in formats of their own, which their channels know.
    doors = {"/api/v1/webhooks/{network}/", "/api/v1/webhooks/{network}/{account}/"}
    ours = {(method, path) for method, path, _view, _action in routed() if path not in doors}
    assert ours == told


def test_names_every_operation_once():
    assert len({each.id for each in OPERATIONS}) == len(OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_names_the_problems_of_an_operation(operation):
    expected = {"400", "401", "403", "429", "default"}
    if operation.parameters:
        expected.add("404")
    if operation.changes:
        expected |= {"409", "413", "415", "422"}
    if "If-Match" in operation.headers():
        expected.add("412")
    if operation.action in operation.view.match_required:
        expected.add("428")
    answers = operation.document["responses"]
    problems = {code for code in answers if code == "default" or int(code) >= 400}

    assert problems == expected
    for code in problems:
        told = answers[code]
        if "$ref" in told:
            told = document()["components"]["responses"][told["$ref"].rpartition("/")[2]]
        assert list(told["content"]) == ["application/problem+json"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_says_in_words_what_an_operation_does_and_who_may(operation):
    summary = operation.document["summary"]

    assert re.match(r"[A-Z]", summary), summary
    assert len(summary) <= 100
    assert not summary.endswith(".")
    assert not summary.startswith("Return ")
    assert "**Who may" in operation.document["description"]
    for answer in operation.document["responses"].values():
        assert answer.get("description") or "$ref" in answer


def test_tells_what_each_group_is_in_the_order_of_reading():
    assert [each["name"] for each in document()["tags"]] == [name for name, _words in TAGS]
    assert {tag for each in OPERATIONS for tag in each.document["tags"]} == {
        name for name, _words in TAGS
    }


def test_is_made_once_for_everybody():
    client = Client()
    first = client.get("/api/v1/schema/")
    again = client.get("/api/v1/schema/", headers={"If-None-Match": first["ETag"]})
    russian = client.get("/api/v1/schema/", headers={"Accept-Language": "ru"})

    assert (again.status_code, again.content) == (304, b"")
    assert russian.content == first.content
    assert client.get("/api/v1/schema/?lang=ru").status_code == 400


def test_reads_well_without_a_network():
    client = Client()
    page = client.get("/api/v1/docs/")
    addresses = re.findall(r'(?:src|href)="([^"]*)"', page.content.decode())
    assert addresses
    for address in addresses:
        assert address.startswith("/"), address
        answer = client.get(address.replace("&amp;", "&"))
        assert answer.status_code == 200, address
    script = client.get("/api/v1/docs/?script=").content.decode()

    assert '"validatorUrl": null' in script
    assert "default-src 'none'" in page["Content-Security-Policy"]
    assert "http" not in page["Content-Security-Policy"]


@pytest.mark.parametrize("method", [HTTPMethod.POST, HTTPMethod.DELETE, HTTPMethod.TRACE])
@pytest.mark.parametrize("path", ["/api/v1/schema/", "/api/v1/docs/"])
def test_is_only_read(method, path):
    assert Client().generic(method, path).status_code == 405
