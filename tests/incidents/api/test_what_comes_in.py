"""Accounts, posts, authors, receipts and storm rules over the API."""

import pytest

from crisis_api.access.models import AuditEvent
from incidents.models import Account, Author, Post, Receipt, StormRule
from tests.factories.access import a_key, a_person, a_team, an_api, joins
from tests.factories.incidents import an_account
from tests.factories.intake import a_receipt, a_storm_rule, received, said

pytestmark = pytest.mark.django_db

API = "/api/v1"


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def manager(team):
    return an_api(a_person(team, "manager"))


@pytest.fixture
def responder(team):
    return an_api(a_person(team, "responder"))


def errors(response):
    return {(error["pointer"], error["code"]) for error in response.json()["errors"]}


def test_makes_an_account(manager, team):
    body = {"handle": "@Lumelle", "url": "https://www.tiktok.com/@lumelle"}
    response = manager.post(f"{API}/accounts/", body)
    assert response.status_code == 201
    shown = response.json()
    assert (shown["network"], shown["external_id"], shown["team"]) == (
        "manual",
        "lumelle",
        str(team.pk),
    )
    assert shown["replies_enabled"] is False
    assert "credentials" not in shown
    assert response.headers["Location"].endswith(f"/accounts/{shown['id']}/")
    assert AuditEvent.objects.get(action="account.created").team == team


def test_refuses_an_account_twice_and_on_an_unknown_network(manager):
    assert manager.post(f"{API}/accounts/", {"handle": "@a"}).status_code == 201
    again = manager.post(f"{API}/accounts/", {"handle": "@A"})
    assert (again.status_code, again.json()["code"]) == (409, "account_exists")
    response = manager.post(f"{API}/accounts/", {"handle": "@b", "network": "orkut"})
    assert (response.status_code, errors(response)) == (422, {("/network", "unknown_network")})


def test_changes_an_account(manager, team):
    account = an_account(team)
    an_account(team, external_id="taken")
    address = f"{API}/accounts/{account.pk}/"
    refs = [{"system": "crm", "id": "9"}]
    response = manager.patch(address, {"handle": "@new", "external_refs": refs})
    assert (response.json()["handle"], response.headers["ETag"]) == ("@new", '"2"')
    assert manager.patch(address, {"external_id": "taken"}).status_code == 409
    assert manager.patch(address, {"replies_enabled": True}).status_code == 400
    assert manager.patch(address, {"network": "tiktok"}).status_code == 400
    stale = manager.patch(address, {"handle": "@x"}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    assert manager.delete(address).status_code == 405


def test_leaves_accounts_and_rules_to_managers(responder, team):
    account, rule = an_account(team), a_storm_rule(team)
    assert responder.get(f"{API}/accounts/{account.pk}/").status_code == 200
    assert responder.get(f"{API}/storm_rules/{rule.pk}/").status_code == 200
    assert responder.post(f"{API}/accounts/", {"handle": "@a"}).status_code == 403
    assert responder.patch(f"{API}/accounts/{account.pk}/", {"handle": "@b"}).status_code == 403
    assert responder.post(f"{API}/storm_rules/", {"name": "a"}).status_code == 403
    assert responder.delete(f"{API}/storm_rules/{rule.pk}/").status_code == 403


@pytest.mark.parametrize("resource", ["accounts", "posts", "authors", "receipts", "storm_rules"])
def test_shows_nothing_of_another_team(manager, resource):
    other = an_account(a_team())
    received(other, [said(post_external_id="1")])
    a_storm_rule(other.team)
    model = {
        "accounts": Account,
        "posts": Post,
        "authors": Author,
        "receipts": Receipt,
        "storm_rules": StormRule,
    }[resource]
    assert manager.get(f"{API}/{resource}/").json()["results"] == []
    address = f"{API}/{resource}/{model.objects.get().pk}/"
    assert manager.get(address).status_code == 404
    assert manager.patch(address, {}).status_code in (404, 405)


def test_lets_people_say_what_no_network_tells(responder, team):
    received(an_account(team), [said(post_external_id="1", author_name="@anna")])
    post, author = Post.objects.get(), Author.objects.get()
    shown = responder.patch(f"{API}/posts/{post.pk}/", {"reach": 2_000_000, "title": "Burns"})
    assert (shown.json()["reach"], shown.json()["title"]) == (2_000_000, "Burns")
    shown = responder.patch(f"{API}/authors/{author.pk}/", {"kind": "press", "followers": 7})
    assert (shown.json()["kind"], shown.json()["followers"]) == ("press", 7)
    assert responder.patch(f"{API}/authors/{author.pk}/", {"name": "x"}).status_code == 400
    assert responder.patch(f"{API}/posts/{post.pk}/", {"reach": -1}).status_code == 400
    assert responder.patch(f"{API}/posts/{post.pk}/", {"reach": 10**30}).status_code == 400
    rows = responder.get(f"{API}/authors/?kind=press&followers__gte=7&name=@anna").json()
    assert len(rows["results"]) == 1
    assert len(responder.get(f"{API}/posts/?account=none&reach__gt=5").json()["results"]) == 1


def test_shows_receipts_to_those_who_take_in_and_bodies_one_by_one(team):
    receipt = a_receipt(an_account(team), body="жжёт".encode() + b"\xff\x00")
    api = an_api(a_key(team, ["intake"]))
    (row,) = api.get(f"{API}/receipts/?status=new&source=api").json()["results"]
    assert "body" not in row
    assert row["body_sha256"] == receipt.body_sha256
    assert api.get(f"{API}/receipts/{receipt.pk}/").json()["body"] == "жжёт\ufffd\x00"
    assert an_api(a_key(team, ["read"])).get(f"{API}/receipts/").status_code == 403
    viewer = an_api(a_person(team, "viewer"))
    assert viewer.get(f"{API}/receipts/{receipt.pk}/").status_code == 403
    assert api.post(f"{API}/receipts/", {}).status_code == 405


def test_makes_changes_and_deletes_a_storm_rule(manager, team):
    account = an_account(team)
    response = manager.post(
        f"{API}/storm_rules/",
        {"name": "Burst", "account": str(account.pk), "min_negative": 20, "severity": "high"},
    )
    assert response.status_code == 201
    shown = response.json()
    assert (shown["severity"], shown["category"], shown["window_seconds"]) == ("high", None, 600)
    address = f"{API}/storm_rules/{shown['id']}/"
    changed = manager.patch(address, {"category": "spam", "account": None, "factor": 2})
    assert (changed.json()["category"], changed.json()["account"]) == ("spam", None)
    assert manager.delete(address).status_code == 204
    assert not StormRule.objects.exists()
    actions = AuditEvent.objects.filter(object_type="stormrule").order_by("id")
    assert [event.action for event in actions] == [
        "storm_rule.created",
        "storm_rule.changed",
        "storm_rule.deleted",
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"factor": 1}, ("/factor", "out_of_range")),
        ({"factor": "3"}, ("/factor", "wrong_type")),
        ({"min_negative": 1}, ("/min_negative", "min_value")),
        ({"baseline_seconds": 60}, ("/baseline_seconds", "shorter_than_window")),
        ({"window_seconds": 5}, ("/window_seconds", "min_value")),
        ({"severity": 3}, ("/severity", "wrong_type")),
    ],
)
def test_refuses_a_rule_that_makes_no_sense(manager, team, change, expected):
    response = manager.post(f"{API}/storm_rules/", {"name": "A", **change})
    assert (response.status_code, errors(response)) == (400, {expected})


def test_refuses_a_rule_for_an_account_of_another_team(manager, team):
    foreign = an_account(a_team())
    response = manager.post(f"{API}/storm_rules/", {"name": "A", "account": str(foreign.pk)})
    assert (response.status_code, errors(response)) == (422, {("/account", "unknown_account")})


def test_asks_for_the_team_where_there_are_several(team):
    person = a_person(team, "manager")
    other = a_team()
    joins(person, other, "viewer")
    api = an_api(person)
    assert errors(api.post(f"{API}/accounts/", {"handle": "@a"})) == {("/team", "required")}
    made = api.post(f"{API}/accounts/", {"handle": "@a", "team": str(team.pk)})
    assert made.status_code == 201
    refused = api.post(f"{API}/accounts/", {"handle": "@a", "team": str(other.pk)})
    assert refused.status_code == 403
