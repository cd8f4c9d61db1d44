"""What browsers are told on every answer, whatever it is."""

import re
from html.parser import HTMLParser

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from crisis_api.lib import clock
from incidents.escalation import links
from tests.contract.calling import call
from tests.contract.examples import good
from tests.contract.operations import operations
from tests.factories.admin import AdminPages, page

NOUNS = sorted(admin.site._registry, key=lambda model: model._meta.label)
VERSIONS = re.compile(r"(django|gunicorn|python|whitenoise)[/ ]v?\d", re.IGNORECASE)
# Everybody's: no sign-in needed, or none given.
OPEN = {
    "/": 302,
    "/admin/": 302,
    "/admin/login/": 200,
    "/static/unfold/css/styles.css": 200,
    "/static/nothing.js": 404,
    "/nothing/": 404,
    "/status/lumelle/": 200,
    "/status/lumelle/feed.atom": 200,
    "/status/nobody/": 404,
    "/ack/nonsense/": 404,
    "/healthz/live": 200,
    "/healthz/ready": 200,
    "/metrics": 200,
    "/api/v1/schema/": 200,
    "/api/v1/docs/": 200,
    "/api/v1/docs/?script=": 200,
    "/api/v1/incidents/": 401,
    "/api/v1/nothing/": 404,
    "/api/v1/incidents": 301,
}


def check(answer, *, style="'none'"):
    """Hold an answer to what every answer must say."""
    headers = answer.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] in ("same-origin", "no-referrer")
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-Request-Id"]
    assert "Server" not in headers
    assert "X-Powered-By" not in headers
    policy = dict(
        part.strip().partition(" ")[::2]
        for part in headers["Content-Security-Policy"].split(";")
        if part.strip()
    )
    assert policy["default-src"] == "'none'"
    assert policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] in ("'none'", "'self'")
    assert "'unsafe-inline'" not in policy.get("script-src", "")
    assert not any("http" in sources or "*" in sources for sources in policy.values())
    return policy


@pytest.mark.parametrize(("path", "status"), OPEN.items())
def test_says_so_to_strangers(path, status, world):
    answer = Client().get(path)
    assert answer.status_code == status
    policy = check(answer)
    # What runs scripts is the admin and the docs; no other page has any.
    assert ("script-src" in policy) is path.startswith(("/admin/", "/api/v1/docs/"))
    if answer.status_code >= 400:
        assert not VERSIONS.search(answer.content.decode())


@pytest.mark.parametrize("name", ["incidents_list", "incidents_create", "storm_rules_destroy"])
def test_says_so_to_callers_of_the_api(name, world, callers):
    answer = call(callers["manager"], good()[name], world.ids())
    assert answer.status_code < 300
    check(answer)
    assert answer.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(
    ("headers", "status"), [({"Host": "evil.example"}, 400), ({"Content-Length": "x"}, 401)]
)
def test_says_so_to_whoever_is_refused_before_any_view(headers, status):
    answer = Client().get("/api/v1/incidents/", headers=headers)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    check(answer)


def test_says_so_to_a_form_without_its_token():
    answer = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "x"})
    assert answer.status_code == 403
    check(answer)


def test_says_so_on_the_page_of_a_reminder(world):
    incident, owner = world.rows["open"], world.people["responder"]
    token = links.acknowledge_link(owner.pk, incident.pk, clock.now())
    answer = Client().get(token.removeprefix("http://testserver"))
    assert answer.status_code == 200
    policy = check(answer)
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert set(policy) == {"default-src", "style-src", "base-uri", "form-action", "frame-ancestors"}
    assert "'unsafe-inline'" not in policy["style-src"]


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "PROPFIND"])
@pytest.mark.parametrize("path", ["/", "/admin/login/", "/status/lumelle/", "/api/v1/incidents/"])
def test_knows_no_other_methods(method, path, world):
    answer = Client().generic(method, path, headers={"Cookie": "sessionid=secret"})
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert "secret" not in answer.content.decode()
    check(answer)


@pytest.mark.parametrize("path", sorted({each.path for each in operations()}))
def test_takes_only_the_methods_of_a_path(path, world, callers):
    known = {each.method for each in operations() if each.path == path}
    for method in {"GET", "PUT", "PATCH", "DELETE", "OPTIONS", "POST"} - known:
        there = re.sub(r"\{\w+\}", str(world.rows["open"].pk), path)
        answer = callers["manager"].generic(method, there)
        assert answer.status_code == 405, method
        allowed = set(answer.headers["Allow"].split(", "))
        assert allowed == known | ({"HEAD"} if "GET" in known else set())
        # A header must not make another method of it.
        tunnel = {"X-HTTP-Method-Override": sorted(known)[0], "X-Method-Override": "DELETE"}
        assert callers["manager"].generic(method, there, headers=tunnel).status_code == 405


class Inline(HTMLParser):
    """Finds scripts that stand in a page, which its policy would not let run."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        data = given.get("type") in ("application/json", "text/x-template")
        if tag == "script" and "src" not in given and not data:
            self.found.append(tag)
        self.found += [name for name in given if name.startswith("on")]
        for name in ("href", "src", "action", "formaction"):
            if (given.get(name) or "").strip().lower().startswith(("javascript:", "data:text")):
                self.found.append(given[name])


@pytest.mark.parametrize("model", NOUNS, ids=lambda model: model._meta.label)
def test_needs_no_script_in_a_page_of_the_admin(model, world):
    user = world.people["manager"].user
    user.is_superuser = True
    user.save()
    client = AdminPages(user).client
    pages = [page("changelist", model), page("add", model)]
    row = client.get(pages[0]).context["cl"].result_list[:1]
    pages += [page("change", each) for each in row]
    seen = [client.get(url) for url in pages]
    for answer in [each for each in seen if each.status_code == 200]:
        assert Inline(answer.content.decode()).found == []
        check(answer)
    assert seen[0].status_code == 200


def test_needs_no_script_in_the_other_pages(world):
    client = AdminPages(world.people["manager"]).client
    paths = ["/admin/", "/admin/login/", "/status/lumelle/", "/api/v1/docs/"]
    for path in [*paths, reverse("admin:password_change")]:
        answer = client.get(path, follow=True)
        assert answer.status_code == 200
        assert Inline(answer.content.decode()).found == [], path
