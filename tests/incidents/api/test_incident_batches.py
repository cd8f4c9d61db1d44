"""`/incidents/batch/`: many incidents in one request, with a result for each."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.models import Event, Incident, Milestone, Reminder
from tests.factories.access import a_key, a_person, a_team, an_api
from tests.factories.incidents import a_policy, an_account

pytestmark = pytest.mark.django_db

URL = "/api/v1/incidents/batch/"
BODY = {"title": "Burns", "category": "product_safety", "severity": "high"}


def posted(api, *items, **values):
    response = api.post(URL, {"incidents": list(items), **values})
    assert response.status_code == 200, response.content
    return response.json()


def test_opens_each_with_all_that_one_alone_has(clock):
    team = a_team()
    person, policy, account = a_person(team), a_policy(team), an_account(team)
    named = {"policy": str(policy.pk), "owner": str(person.pk), "account": str(account.pk)}
    items = [{**BODY, **named, "title": f"Burns {n}"} for n in range(3)]
    items[1]["external_refs"] = [{"system": "jira", "id": "CR-12"}]
    answer = posted(an_api(a_key(team)), *items)
    assert (answer["opened"], answer["joined"], answer["failed"]) == (3, 0, 0)
    assert [each["result"] for each in answer["results"]] == ["opened"] * 3
    references = [each["reference"] for each in answer["results"]]
    assert [reference[-4:] for reference in references] == ["0001", "0002", "0003"]
    rows = Incident.objects.order_by("reference")
    assert [row.title for row in rows] == ["Burns 0", "Burns 1", "Burns 2"]
    for row in rows:
        assert (row.owner, row.policy, row.account) == (person, policy, account)
        assert Milestone.objects.filter(incident=row).count() == 5
        assert Reminder.objects.filter(incident=row, kind="escalation_step").count() == 2
        assert [event.kind for event in Event.objects.filter(incident=row)] == ["incident.opened"]


def test_joins_what_is_open_and_what_came_before_in_the_batch(clock):
    api = an_api(a_key(a_team()))
    posted(api, {**BODY, "dedup_key": "b"})
    keys = ["a", "b", "a", "c", "a"]
    answer = posted(api, *({**BODY, "dedup_key": key} for key in keys))
    results = [each["result"] for each in answer["results"]]
    assert results == ["opened", "joined", "joined", "opened", "joined"]
    counts = Incident.objects.order_by("dedup_key").values_list("dedup_key", "signal_count")
    assert list(counts) == [("a", 3), ("b", 2), ("c", 1)]
    ids = [each["id"] for each in answer["results"]]
    assert ids[0] == ids[2] == ids[4]


def test_opens_the_good_ones_and_says_what_is_wrong_with_the_others(clock):
    team = a_team()
    gone = a_policy(team)
    gone.archived_at = clock.now()
    gone.save()
    twice = [{"system": "jira", "id": "CR-12"}] * 2
    answer = posted(
        an_api(a_key(team)),
        {**BODY, "severity": "huge"},
        BODY,
        {**BODY, "owner": str(uuid.uuid4())},
        {**BODY, "policy": str(gone.pk)},
        {**BODY, "external_refs": twice},
        {**BODY, "unheard": 1},
        "no object",
    )
    found = [
        (each["result"], *((error["pointer"], error["code"]) for error in each["errors"]))
        for each in answer["results"]
    ]
    assert found == [
        ("error", ("/incidents/0/severity", "invalid_choice")),
        ("opened",),
        ("error", ("/incidents/2/owner", "unknown_owner")),
        ("error", ("/incidents/3", "policy_archived")),
        ("error", ("/incidents/4/external_refs", "named_twice")),
        ("error", ("/incidents/5/unheard", "unknown_field")),
        ("error", ("/incidents/6", "invalid")),
    ]
    assert (answer["opened"], answer["failed"]) == (1, 6)
    assert Incident.objects.count() == 1


@pytest.mark.parametrize("incidents", [None, [], "one", [BODY] * 501])
def test_refuses_what_is_no_batch(clock, incidents):
    response = an_api(a_key(a_team())).post(URL, {"incidents": incidents})
    assert response.status_code == 400
    assert [error["code"] for error in response.json()["errors"]] == ["out_of_range"]


def test_opens_nothing_in_another_team_or_a_rehearsal(clock):
    team, other = a_team(), a_team()
    api = an_api(a_key(team))
    response = api.post(URL, {"team": str(other.pk), "incidents": [BODY]})
    assert response.status_code == 422
    assert api.post(f"{URL}?dry_run=true", {"incidents": [BODY]}).json()["opened"] == 1
    assert not Incident.objects.exists()


def test_costs_the_statements_of_one(clock):
    team = a_team()
    person, policy = a_person(team), a_policy(team)
    api = an_api(a_key(team))
    item = {**BODY, "owner": str(person.pk), "policy": str(policy.pk)}
    posted(api, item)
    costs = []
    for number in (1, 40):
        with CaptureQueriesContext(connection) as asked:
            posted(api, *[item] * number)
        costs.append(len(asked))
    assert costs[1] <= costs[0] + 12, "SQLite writes a large set in parts"
