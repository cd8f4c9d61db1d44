"""The moderators' inbox over the API: the queue, leases, outcomes, many at once, figures."""

import threading
import uuid
from datetime import timedelta

import pytest

from crisis_api.lib.actors import SYSTEM
from incidents.models import Event, Incident, Mention
from incidents.services import handling, inbox
from tests.factories.access import a_key, a_person, a_team, an_api, joins
from tests.factories.incidents import a_mention, an_account, an_incident

pytestmark = pytest.mark.django_db

URL = "/api/v1/mentions/"
INJURY = [{"code": "injury", "start": 0, "end": 5, "weight": 90}]
INSULT = [{"code": "insult", "start": 0, "end": 5, "weight": 90}]


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def account(team):
    return an_account(team)


@pytest.fixture
def mia(team):
    return a_person(team, "moderator", name="Mia")


@pytest.fixture
def api(mia):
    return an_api(mia)


@pytest.fixture
def bens(team):
    return an_api(a_person(team, "moderator", name="Ben"))


def verb(api, mention, name, body=None, **headers):
    return api.post(f"{URL}{mention.pk}/{name}/", body or {}, headers=headers)


def page(api, **query):
    response = api.get(f"{URL}inbox/", query)
    assert response.status_code == 200, response.content
    return response.json()


def shown(api, **query):
    return [row["id"] for row in page(api, **query)["results"]]


def ids(*rows):
    return [str(row.pk) for row in rows]


def test_shows_what_waits_the_most_pressing_first(api, account):
    low, high = a_mention(account, risk=20), a_mention(account, risk=90)
    hurt = a_mention(account, risk=10, reasons=INJURY)
    a_mention(account, is_negative=False)
    a_mention(an_account(a_team()), risk=90)
    assert shown(api) == ids(hurt, high, low)
    assert page(api)["left_out"] == []


def test_goes_through_many_of_one_priority_page_by_page(api, account):
    rows = [a_mention(account, risk=50) for _ in range(7)]
    seen, url = [], f"{URL}inbox/?page_size=3"
    while url:
        answer = api.get(url).json()
        seen += [row["id"] for row in answer["results"]]
        url = answer["next"]
    assert seen == ids(*rows)


def test_chooses_by_what_moderators_ask_for(api, mia, team, account):
    other = an_account(team)
    incident = an_incident(team)
    ours = a_mention(account, risk=80, language="ru", kind="direct_message")
    theirs = a_mention(other, risk=10, language="en", incident=incident)
    verb(api, ours, "lease")
    for query, found in [
        ({"account": str(other.pk)}, [theirs]),
        ({"kind": "direct_message"}, [ours]),
        ({"language": "ru"}, [ours]),
        ({"risk__gte": 70}, [ours]),
        ({"has_incident": "false"}, [ours]),
        ({"leased": "false"}, [theirs]),
        ({"mine": "true"}, [ours]),
        ({"mine": "false"}, [theirs]),
    ]:
        assert shown(api, **query) == ids(*found), query
    assert api.get(f"{URL}inbox/", {"nonsense": "1"}).status_code == 400


def test_lists_what_waits_among_all_mentions_too(api, account):
    waits, calm = a_mention(account), a_mention(account, is_negative=False)
    for flag, found in (("true", waits), ("false", calm)):
        rows = api.get(URL, {"unanswered": flag}).json()["results"]
        assert [row["id"] for row in rows] == ids(found)


def test_keeps_others_off_what_a_person_has_taken(api, bens, mia, account, clock):
    mention = a_mention(account)
    taken = verb(api, mention, "lease")
    assert taken.status_code == 200
    assert taken.json()["lease"]["owner"] == str(mia.pk)
    for name, body in (("lease", {}), ("handle", {"outcome": "answered"})):
        refused = verb(bens, mention, name, body)
        assert refused.status_code == 409
        told = refused.json()
        assert (told["code"], told["leased_by_name"]) == ("leased", "Mia")
        assert told["leased_by"] == str(mia.pk)
    assert verb(bens, mention, "release").json()["code"] == "not_your_lease"
    clock.move(minutes=10)
    assert api.get(f"{URL}{mention.pk}/").json()["lease"] is None
    assert verb(bens, mention, "lease").status_code == 200


def test_lasts_longer_when_it_is_taken_again_and_as_long_as_the_team_says(
    api, team, account, clock
):
    settings = inbox.settings_of(team, by=SYSTEM)
    inbox.change_settings(settings, by=SYSTEM, values={"lease_seconds": 60})
    mention = a_mention(account)
    first = verb(api, mention, "lease").json()["lease"]["until"]
    clock.move(seconds=50)
    assert verb(api, mention, "lease").json()["lease"]["until"] > first
    clock.move(seconds=50)
    assert shown(api, leased="true") == ids(mention)
    clock.move(seconds=10)
    assert shown(api, leased="true") == []


def test_lets_others_take_what_was_released(api, bens, team, account):
    mention = a_mention(account)
    verb(api, mention, "lease")
    assert verb(api, mention, "release").json()["lease"] is None
    assert verb(api, mention, "release").status_code == 200
    assert verb(bens, mention, "lease").status_code == 200
    manager = an_api(a_person(team, "manager"))
    assert verb(manager, mention, "release").status_code == 200
    assert verb(api, mention, "lease").status_code == 200


def test_is_taken_by_people_only(team, account):
    mention = a_mention(account)
    answer = verb(an_api(a_key(team)), mention, "lease")
    assert (answer.status_code, answer.json()["code"]) == (422, "no_person")


@pytest.mark.django_db(transaction=True)
def test_is_taken_by_one_of_two_who_reach_for_it_at_once(team, account):
    mention = a_mention(account)
    people = [a_person(team, "moderator") for _ in range(4)]
    answers, start = [], threading.Barrier(4)

    def reach(person):
        from django.db import connections

        client = an_api(person)
        start.wait()
        answers.append(verb(client, mention, "lease").status_code)
        connections.close_all()

    threads = [threading.Thread(target=reach, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 409, 409, 409]


@pytest.mark.parametrize("outcome", ["answered", "no_answer_needed", "hidden"])
def test_leaves_the_queue_once_it_is_dealt_with(api, mia, account, outcome, clock):
    mention = a_mention(account, written_at=clock.now() - timedelta(minutes=5))
    verb(api, mention, "lease")
    answer = verb(api, mention, "handle", {"outcome": outcome})
    assert answer.status_code == 200
    told = answer.json()
    assert (told["outcome"], told["handled_by"]) == (outcome, str(mia.pk))
    assert (told["priority"], told["lease"]) == (0, None)
    assert shown(api) == []
    event = Event.objects.get(kind="mention.handled")
    assert (event.subject_id, event.actor_id) == (mention.pk, mia.user_id)
    assert event.data == {"outcome": outcome, "waited_seconds": 300, "of": None}


def test_changes_nothing_when_it_is_dealt_with_already(api, bens, mia, account):
    mention = a_mention(account)
    verb(api, mention, "handle", {"outcome": "answered"})
    again = verb(bens, mention, "handle", {"outcome": "answered"})
    assert (again.status_code, again.json()["handled_by"]) == (200, str(mia.pk))
    other = verb(bens, mention, "handle", {"outcome": "hidden"})
    assert (other.status_code, other.json()["allowed"]) == (409, ["reopen"])
    assert verb(bens, mention, "lease").json()["code"] == "already_handled"
    assert Event.objects.filter(kind="mention.handled").count() == 1


def test_comes_back_when_it_is_reopened(api, account):
    mention = a_mention(account, risk=40)
    verb(api, mention, "handle", {"outcome": "answered"})
    back = verb(api, mention, "reopen").json()
    assert (back["outcome"], back["handled_at"], back["handled_by"]) == ("", None, None)
    assert shown(api) == ids(mention)
    assert verb(api, mention, "reopen").status_code == 200
    assert Event.objects.get(kind="mention.reopened").data == {"before": "answered"}


def test_refuses_an_outcome_that_has_a_verb_of_its_own(api, account):
    mention = a_mention(account)
    assert verb(api, mention, "handle", {"outcome": "handed_off"}).status_code == 400
    assert (
        verb(api, mention, "handle", {"outcome": "answered"}, **{"If-Match": '"7"'}).status_code
        == 412
    )


def test_takes_a_reply_that_was_sent_for_an_answer(api, account):
    taken, said, other = a_mention(account), a_mention(account), a_mention(account)
    verb(api, taken, "lease")
    verb(api, said, "handle", {"outcome": "no_answer_needed"})
    both = [taken.pk, said.pk]
    assert handling.answered(both, owner=None, by=SYSTEM) == 2
    assert handling.answered(both, owner=None, by=SYSTEM) == 0
    assert set(Mention.objects.filter(outcome="answered").values_list("pk", flat=True)) == set(both)
    assert shown(api) == ids(other)


def test_deals_with_many_and_says_what_became_of_each(api, bens, team, account):
    good, hurt = a_mention(account), a_mention(account, reasons=INJURY)
    taken, done = a_mention(account), a_mention(account)
    foreign = a_mention(an_account(a_team()))
    verb(bens, taken, "lease")
    verb(bens, done, "handle", {"outcome": "no_answer_needed"})
    rows = [good, hurt, taken, done, foreign]
    body = {"mentions": ids(*rows), "outcome": "no_answer_needed"}
    answer = api.post(f"{URL}handle/batch/", body)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["done"], told["unchanged"], told["failed"]) == (1, 1, 3)
    assert [(each["id"], each["result"]) for each in told["results"]] == [
        (str(good.pk), "done"),
        (str(hurt.pk), "error"),
        (str(taken.pk), "error"),
        (str(done.pk), "unchanged"),
        (str(foreign.pk), "error"),
    ]
    codes = [error["code"] for each in told["results"] for error in each["errors"]]
    assert codes == ["injury_not_in_a_batch", "leased", "not_found"]
    assert Event.objects.filter(kind="mention.handled").count() == 2


def test_deals_with_five_hundred_in_a_handful_of_statements(
    api, account, django_assert_max_num_queries
):
    rows = [a_mention(account) for _ in range(500)]
    body = {"mentions": ids(*rows), "outcome": "no_answer_needed"}
    with django_assert_max_num_queries(20):
        answer = api.post(f"{URL}handle/batch/", body)
    assert answer.json()["done"] == 500
    assert shown(api) == []


def test_takes_at_most_five_hundred(api):
    body = {"mentions": [str(uuid.uuid4()) for _ in range(501)], "outcome": "answered"}
    assert api.post(f"{URL}handle/batch/", body).status_code == 400


def test_puts_many_into_an_incident_and_takes_them_out(api, team, account):
    incident, other = an_incident(team), an_incident(team, mention_count=1, negative_count=1)
    free, calm = a_mention(account), a_mention(account, is_negative=False)
    moved, there = a_mention(account, incident=other), a_mention(account, incident=incident)
    body = {"mentions": ids(free, calm, moved, there), "incident": str(incident.pk)}
    told = api.post(f"{URL}attach/batch/", body).json()
    assert [each["result"] for each in told["results"]] == ["done", "done", "done", "unchanged"]
    incident.refresh_from_db()
    other.refresh_from_db()
    assert (incident.mention_count, incident.negative_count) == (3, 2)
    assert (other.mention_count, other.negative_count) == (0, 0)
    (event,) = Event.objects.filter(incident=incident)
    assert (event.kind, event.data) == ("incident.mentions_attached", {"mentions": 3})
    told = api.post(f"{URL}detach/batch/", {"mentions": ids(free, calm)}).json()
    assert told["done"] == 2
    assert Incident.objects.get(pk=incident.pk).mention_count == 1
    assert not Mention.objects.filter(pk__in=[free.pk, calm.pk], incident__isnull=False).exists()


def test_puts_nothing_of_one_team_into_an_incident_of_another(mia, team, account):
    second = a_team()
    joins(mia, second, "moderator")
    foreign = an_incident(second)
    body = {"mentions": ids(a_mention(account)), "incident": str(foreign.pk)}
    told = an_api(mia).post(f"{URL}attach/batch/", body).json()
    assert told["results"][0]["errors"][0]["code"] == "different_teams"


def test_counts_for_a_wallboard_what_waits(api, account, clock):
    since = clock.now() - timedelta(hours=3)
    a_mention(account, risk=90, written_at=since)
    a_mention(account, risk=75, reasons=INJURY)
    a_mention(account, risk=40)
    a_mention(account, is_negative=False)
    told = api.get(f"{URL}counts/").json()
    assert (told["total"], told["unanswered"]) == (4, 3)
    assert told["unanswered_by_risk"] == {"high": 2, "medium": 1, "low": 0}
    assert told["unanswered_injuries"] == 1
    assert told["oldest_unanswered_at"][:19] == f"{since:%Y-%m-%dT%H:%M:%S}"
    assert api.get(f"{URL}counts/", {"unanswered": "true"}).json()["total"] == 3


def test_says_what_each_person_dealt_with_and_how_fast(api, mia, team, account, clock):
    manager = a_person(team, "manager")
    now = clock.now()
    for minutes, reasons in ((1, []), (2, INSULT), (30, [])):
        row = a_mention(account, written_at=now - timedelta(minutes=minutes), reasons=reasons)
        handling.handle(row, outcome="answered", owner=mia, by=SYSTEM)
    handling.handle(a_mention(account), outcome="hidden", owner=manager, by=SYSTEM)
    since = {"handled_at__gte": (now - timedelta(days=1)).isoformat()}
    both = an_api(manager).get(f"{URL}handled_counts/", since).json()["people"]
    mine = {
        "team": str(team.pk),
        "owner": str(mia.pk),
        "handled": 3,
        "toxic": 1,
        "by_outcome": {"answered": 3},
        "median_seconds": 120,
    }
    assert [each["owner"] for each in both] == ids(mia, manager)
    assert both[0] == mine
    assert api.get(f"{URL}handled_counts/", since).json()["people"] == [mine]
    assert api.get(f"{URL}handled_counts/").status_code == 400


def test_spares_a_person_further_insults_within_the_hour(api, bens, mia, team, account, clock):
    settings = inbox.settings_of(team, by=SYSTEM)
    inbox.change_settings(settings, by=SYSTEM, values={"toxic_per_hour": 2})
    for _ in range(2):
        row = a_mention(account, reasons=INSULT)
        handling.handle(row, outcome="hidden", owner=mia, by=SYSTEM)
    rude, plain = a_mention(account, risk=90, reasons=INSULT), a_mention(account, risk=10)
    hurt = a_mention(account, reasons=[*INSULT, *INJURY])
    found = page(api)
    assert [row["id"] for row in found["results"]] == ids(hurt, plain)
    assert found["left_out"] == ["toxic"]
    assert shown(bens) == ids(hurt, rude, plain)
    clock.move(hours=1)
    assert shown(api) == ids(hurt, rude, plain)


def test_hands_over_with_a_note_the_latest_first(api, bens, mia, team):
    url = "/api/v1/handover_notes/"
    assert api.post(url, {"text": "Batch L0427: wait for legal."}).status_code == 201
    assert bens.post(url, {"text": "Quiet night."}).status_code == 201
    rows = api.get(url).json()["results"]
    assert [row["text"] for row in rows] == ["Quiet night.", "Batch L0427: wait for legal."]
    assert rows[1]["author"] == str(mia.pk)
    assert api.post(url, {"text": "  "}).status_code == 400
    assert an_api(a_person(a_team(), "manager")).get(url).json()["results"] == []
    assert api.patch(f"{url}{rows[0]['id']}/", {"text": "x"}).status_code == 405


def test_settings_are_the_managers(api, team):
    url = f"/api/v1/teams/{team.pk}/inbox_settings/"
    assert api.get(url).json()["lease_seconds"] == 600
    assert api.patch(url, {"lease_seconds": 60}).status_code == 403
    manager = an_api(a_person(team, "manager"))
    assert manager.patch(url, {"lease_seconds": 10}).status_code == 400
    told = manager.patch(url, {"lease_seconds": 60, "toxic_per_hour": 30}).json()
    assert (told["lease_seconds"], told["toxic_per_hour"]) == (60, 30)
