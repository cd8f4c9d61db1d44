import json
import re
from typing import Any

import pytest
from django.test import Client
from openapi_spec_validator import validate

pytestmark = pytest.mark.urls("tests.crisis_api.lib.drf.sample")


@pytest.fixture
def schema() -> dict[str, Any]:
    answer = Client().get("/api/v1/schema/")
    assert answer.status_code == 200
    body: dict[str, Any] = json.loads(answer.content)
    return body


def parameters(operation: dict[str, Any], place: str) -> dict[str, Any]:
    return {each["name"]: each for each in operation["parameters"] if each["in"] == place}


def test_is_a_valid_openapi_document(schema: dict[str, Any]) -> None:
    assert schema["openapi"] == "3.1.1"
    validate(schema)


def test_names_the_problems_of_every_operation(schema: dict[str, Any]) -> None:
    teams = schema["paths"]["/api/v1/teams/"]
    team = schema["paths"]["/api/v1/teams/{id}/"]
    codes = {
        "list": set(teams["get"]["responses"]),
        "create": set(teams["post"]["responses"]),
        "retrieve": set(team["get"]["responses"]),
        "change": set(team["patch"]["responses"]),
    }
    assert codes["list"] == {"200", "400", "401", "403", "429", "default"}
    assert codes["retrieve"] == {"200", "304", "400", "401", "403", "404", "429", "default"}
    assert codes["create"] >= {"201", "409", "413", "415", "422"}
    assert codes["change"] >= {"200", "404", "409", "412", "422", "428"}
    for operation in [*teams.values(), *team.values()]:
        for code, response in operation["responses"].items():
            if code == "default" or int(code) >= 400:
                name = response["$ref"].rpartition("/")[2]
                told = schema["components"]["responses"][name]
                assert list(told["content"]) == ["application/problem+json"]
    problem = schema["components"]["schemas"]["Problem"]
    assert {"type", "code", "request_id"} <= set(problem["required"])


def test_describes_pages_filters_and_orderings(schema: dict[str, Any]) -> None:
    listing = schema["paths"]["/api/v1/teams/"]["get"]
    query = parameters(listing, "query")
    assert set(query) == {
        "cursor",
        "page_size",
        "language",
        "created_at__gte",
        "created_at__gt",
        "created_at__lte",
        "created_at__lt",
        "q",
        "ordering",
    }
    assert query["language"]["schema"]["items"]["enum"] == ["en", "ru"]
    assert query["language"]["explode"] is False
    assert query["page_size"]["schema"]["maximum"] == 200
    reference = listing["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    page = schema["components"]["schemas"][reference.rpartition("/")[2]]
    assert page["required"] == ["results", "next", "previous"]


def test_describes_retries_and_versions(schema: dict[str, Any]) -> None:
    paths = schema["paths"]
    assert set(parameters(paths["/api/v1/teams/"]["post"], "header")) == {"Idempotency-Key"}
    assert "dry_run" in parameters(paths["/api/v1/teams/"]["post"], "query")
    change = paths["/api/v1/teams/{id}/"]["patch"]
    assert parameters(change, "header")["If-Match"]["required"] is True
    assert "ETag" in change["responses"]["200"]["headers"]
    verb = paths["/api/v1/teams/{id}/shout/"]["post"]
    assert "required" not in parameters(verb, "header")["If-Match"]
    assert "If-None-Match" in parameters(paths["/api/v1/teams/{id}/"]["get"], "header")


def test_describes_what_comes_in_and_goes_out(schema: dict[str, Any]) -> None:
    components = schema["components"]["schemas"]
    given = components["TeamInputRequest"]
    assert given["additionalProperties"] is False
    name = given["properties"]["name"]
    assert name["maxLength"] == 100
    assert re.search(name["pattern"], "Люмель & Co")
    for bad in ("", "a\nb", "a\u202eb", "  ", "a\x00"):
        assert not re.search(name["pattern"], bad), ascii(bad)
    read = components["TeamRead"]["properties"]
    assert read["shout"]["type"] == "string"
    assert read["html_url"]["format"] == "uri"
    assert read["external_refs"]["items"] == {"$ref": "#/components/schemas/RefRead"}
    assert read["member_ids"]["items"]["format"] == "uuid"
    assert set(components["TeamRead"]["required"]) == set(read)
    actor = components["Actor"]["properties"]
    assert set(actor) == {"type", "id"}


def test_says_how_to_sign_in(schema: dict[str, Any]) -> None:
    schemes = schema["components"]["securitySchemes"]
    assert schemes["apiKey"]["scheme"] == "bearer"
    assert schemes["session"]["in"] == "cookie"
    for path in schema["paths"].values():
        for operation in path.values():
            assert operation["security"] == [{"apiKey": []}, {"session": []}]


def test_is_served_as_yaml_too() -> None:
    answer = Client().get("/api/v1/schema/", headers={"Accept": "application/vnd.oai.openapi"})
    assert answer.content.startswith(b"openapi: 3.1.1")


# The page


def test_shows_the_document_without_anything_from_outside(client: Client) -> None:
    page = client.get("/api/v1/docs/")
    assert page.status_code == 200
    text = page.content.decode()
    addresses = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert len(addresses) >= 4
    assert all(each.startswith("/") for each in addresses), addresses
    assert "<script>" not in text
    assert "https://" not in text
    policy = page["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "default-src 'none'" in policy
    (script,) = [each for each in addresses if "script" in each and "/static/" not in each]
    answer = client.get(script.replace("&amp;", "&"))
    assert answer.status_code == 200
    assert "javascript" in answer["Content-Type"]
    assert b"/api/v1/schema/" in answer.content or b"../schema/" in answer.content


def test_serves_the_page_s_own_files(client: Client) -> None:
    text = client.get("/api/v1/docs/").content.decode()
    for address in re.findall(r'(?:src|href)="(/static/[^"]*)"', text):
        assert client.get(address).status_code == 200, address
