"""`/mentions/`: what is listed, filtered, counted and moved."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.models import Event, Mention
from tests.factories.access import a_key, a_person, a_team, an_api, joins
from tests.factories.incidents import a_mention, an_account, an_incident
from tests.factories.intake import ANGRY, CALM, received, said

pytestmark = pytest.mark.django_db

URL = "/api/v1/mentions/"


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def account(team):
    return an_account(team)


@pytest.fixture
def api(team):
    return an_api(a_person(team))


def ids(response):
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]


def verb(api, mention, name, body=None, **headers):
    return api.post(f"{URL}{mention.pk}/{name}/", body or {}, headers=headers)


def test_lists_the_newest_first_with_the_same_fields_as_one(api, account, clock):
    old = a_mention(account, written_at=clock.now() - timedelta(hours=1))
    new = a_mention(account)
    response = api.get(URL)
    assert ids(response) == [str(new.pk), str(old.pk)]
    alone = api.get(f"{URL}{new.pk}/")
    assert alone.json() == response.json()["results"][0]
    assert alone.headers["ETag"] == '"1"'
    assert alone.json()["html_url"].endswith(f"/admin/incidents/mention/{new.pk}/change/")


def test_shows_nothing_of_another_team(api, account):
    foreign = a_mention(an_account(a_team()))
    assert ids(api.get(URL)) == []
    assert api.get(f"{URL}{foreign.pk}/").status_code == 404
    assert verb(api, foreign, "attach", {"incident": str(uuid.uuid4())}).status_code == 404


def test_needs_three_queries_whatever_the_page(team, account):
    received(account, [said(post_external_id=str(n)) for n in range(60)])
    api = an_api(a_key(team))
    api.get(URL)
    with CaptureQueriesContext(connection) as queries:
        assert len(ids(api.get(f"{URL}?page_size=50"))) == 50
    of_mentions = [query for query in queries if "incidents_mention" in query["sql"]]
    assert len(of_mentions) == 1
    assert "COUNT" not in str(list(queries))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=reply,comment", {"angry", "calm"}),
        ("kind=press_enquiry", {"press"}),
        ("language=ru", {"press"}),
        ("is_negative=true", {"angry"}),
        ("negativity__gte=60", {"angry"}),
        ("risk__lt=10", {"calm", "press"}),
        ("has_incident=true", {"angry"}),
        ("has_incident=false", {"calm", "press"}),
        ("incident=none", {"calm", "press"}),
        ("q=BURNED face", {"angry"}),
        ("q=ёлка", {"press"}),
        ("q=%25", set()),
        ("external_id=calm", {"calm"}),
        ("deleted=true", {"calm"}),
        ("hidden=false", {"angry", "calm", "press"}),
        ("written_at__lt=2026-11-22T09:00:00Z", {"press"}),
        ("received_at__gte=2000-01-01T00:00:00Z", {"angry", "calm", "press"}),
    ],
)
def test_filters(api, account, query, found):
    incident = an_incident(account.team)
    received(account, [said(ANGRY, external_id="angry")])
    received(account, [said(CALM, external_id="calm", deleted=True)])
    received(account, [said("Ёлка! Комментарий для газеты?", external_id="press")])
    Mention.objects.filter(external_id="angry").update(
        incident=incident, written_at="2026-11-22T10:00:00Z"
    )
    Mention.objects.filter(external_id="calm").update(written_at="2026-11-22T09:30:00Z")
    Mention.objects.filter(external_id="press").update(
        kind="press_enquiry", written_at="2026-11-22T08:00:00Z"
    )
    response = api.get(f"{URL}?{query}")
    assert {row["external_id"] for row in response.json()["results"]} == found


def test_filters_by_what_it_belongs_to(api, account):
    other = an_account(account.team)
    received(account, [said(external_id="1", author_external_id="a", post_external_id="p")])
    received(other, [said(external_id="2"), said(external_id="3")])
    row = Mention.objects.get(external_id="1")
    for query in (f"account={account.pk}", f"author={row.author_id}", f"post={row.post_id}"):
        assert ids(api.get(f"{URL}?{query}")) == [str(row.pk)]
    assert len(ids(api.get(f"{URL}?receipt={row.receipt_id}&team={row.team_id}"))) == 1


@pytest.mark.parametrize("ordering", ["written_at", "-risk", "negativity,-written_at"])
def test_orders_and_pages(api, account, ordering):
    received(account, [said(ANGRY if n % 2 else CALM) for n in range(7)])
    seen, address = [], f"{URL}?ordering={ordering}&page_size=3"
    while address:
        page = api.get(address).json()
        seen += [row["id"] for row in page["results"]]
        address = page["next"]
    assert len(seen) == len(set(seen)) == 7


@pytest.mark.parametrize(
    "query", ["kind=shout", "surprise=1", "ordering=text", "is_negative=yes", "account=1"]
)
def test_refuses_what_it_does_not_know(api, query):
    assert api.get(f"{URL}?{query}").status_code == 400


def test_counts(api, account):
    incident = an_incident(account.team)
    received(account, [said(ANGRY), said(CALM), said("Жжёт кожу, ужас, верните деньги!")])
    Mention.objects.filter(is_negative=True, language="en").update(incident=incident)
    counted = api.get(f"{URL}counts/").json()
    assert (counted["total"], counted["negative"], counted["without_incident"]) == (3, 2, 2)
    assert counted["by_kind"] == {"comment": 3}
    assert counted["by_language"] == {"en": 2, "ru": 1}
    assert counted["by_incident"] == [{"incident": str(incident.pk), "total": 1, "negative": 1}]
    assert api.get(f"{URL}counts/?language=ru").json()["total"] == 1
    assert api.get(f"{URL}counts/?cursor=1").status_code == 400


def test_attaches_moves_and_detaches(api, account):
    first, second = an_incident(account.team), an_incident(account.team)
    mention = a_mention(account)
    response = verb(api, mention, "attach", {"incident": str(first.pk)})
    assert (response.status_code, response.json()["incident"]) == (200, str(first.pk))
    again = verb(api, mention, "attach", {"incident": str(first.pk)})
    assert again.headers["ETag"] == response.headers["ETag"]
    verb(api, mention, "attach", {"incident": str(second.pk)})
    counts = {row.pk: (row.mention_count, row.negative_count) for row in _again(first, second)}
    assert counts == {first.pk: (0, 0), second.pk: (1, 1)}
    assert verb(api, mention, "detach").json()["incident"] is None
    assert verb(api, mention, "detach").status_code == 200
    kinds = Event.objects.filter(subject_id=mention.pk).order_by("id")
    assert list(kinds.values_list("kind", "incident_id")) == [
        ("mention.attached", first.pk),
        ("mention.detached", first.pk),
        ("mention.attached", second.pk),
        ("mention.detached", second.pk),
    ]


def _again(*rows):
    for row in rows:
        row.refresh_from_db()
    return rows


def test_attaches_to_what_an_incident_was_merged_into(api, account):
    target = an_incident(account.team)
    merged = an_incident(account.team, status="merged", merged_into=target)
    response = verb(api, a_mention(account), "attach", {"incident": str(merged.pk)})
    assert response.json()["incident"] == str(target.pk)


def test_attaches_to_no_incident_of_another_team(account):
    person = a_person(account.team)
    other = a_team()
    joins(person, other)
    foreign = an_incident(other)
    api = an_api(person)
    response = verb(api, a_mention(account), "attach", {"incident": str(foreign.pk)})
    assert (response.status_code, response.json()["errors"][0]["code"]) == (422, "unknown_incident")


def test_is_not_moved_by_a_viewer_or_from_an_old_version(account, api):
    mention = a_mention(account)
    incident = an_incident(account.team)
    body = {"incident": str(incident.pk)}
    viewer = an_api(a_person(account.team, "viewer"))
    assert verb(viewer, mention, "attach", body).status_code == 403
    assert verb(api, mention, "attach", body, if_match='"7"').status_code == 412
    assert verb(api, mention, "attach", body, if_match='"1"').status_code == 200


def test_changes_until_when_to_answer_and_its_references(api, account):
    mention = a_mention(account)
    body = {
        "answer_by": "2026-11-23T09:00:00Z",
        "external_refs": [{"system": "zendesk", "id": "12"}],
    }
    shown = api.patch(f"{URL}{mention.pk}/", body).json()
    assert shown["answer_by"].startswith("2026-11-23T09:00:00")
    assert shown["external_refs"] == [{"system": "zendesk", "id": "12", "url": ""}]
    assert ids(api.get(f"{URL}?external_refs=zendesk:12")) == [str(mention.pk)]
    assert api.patch(f"{URL}{mention.pk}/", {"text": "nicer"}).status_code == 400
    assert api.delete(f"{URL}{mention.pk}/").status_code == 405
