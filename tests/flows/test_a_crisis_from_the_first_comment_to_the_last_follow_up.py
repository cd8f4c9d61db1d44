"""One crisis, told as its people live it: from the recorded wave to the last promise kept.

Everything goes through the doors that they have: commands, the API, the link in a reminder, the
public page. Every process is real, and what reaches people is read in an independent journal.
"""

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
import requests
from django.conf import settings

from crisis_api import demo
from tests.flows.lumelle import SECONDS, WAVE, Lumelle
from tests.processes import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

ATOM = "{http://www.w3.org/2005/Atom}"
TEXT = {
    "en": {
        "title": "About Luma Glow, batch 0427",
        "body": "We have stopped selling batch 0427. If your skin burns, please see a doctor.",
    },
    "ru": {
        "title": "О креме Luma Glow, партия 0427",
        "body": "Мы остановили продажу партии 0427. Если кожа горит, обратитесь к врачу.",
    },
}


@dataclass
class Crisis:
    """What the story is about."""

    lumelle: Lumelle
    reference: str = ""
    id: str = ""
    # Who is on call when it begins, and so answers for it.
    owner: str = ""
    statement: str = ""
    action: str = ""
    commitment: str = ""

    def seen_by(self, name: str) -> Any:
        """Return the incident as somebody sees it."""
        return self.lumelle.people[name].get(f"incidents/{self.reference}/")

    def timeline(self, kind: str = "") -> list[Any]:
        """Return the events of one kind, or all, in order."""
        query = f"?kind={kind}" if kind else ""
        return self.lumelle.people["leo"].all(f"incidents/{self.reference}/timeline/{query}")

    def milestone(self, name: str) -> Any:
        """Return one of its milestones."""
        (found,) = [each for each in self.seen_by("leo")["milestones"] if each["name"] == name]
        return found


def test_a_crisis_from_the_first_comment_to_the_last_follow_up(lumelle):
    crisis = Crisis(lumelle)
    the_manager_prepares(crisis)
    a_wave_of_comments_opens_an_incident(crisis)
    its_owner_is_reminded_and_then_the_next_person(crisis)
    the_owner_acknowledges_by_the_link_of_a_reminder(crisis)
    nobody_is_called_any_more(crisis)
    a_ticket_for_the_platform_is_drafted(crisis)
    a_statement_is_written_and_its_author_may_not_approve_it(crisis)
    another_person_approves_it(crisis)
    it_is_published_where_it_should_be_and_nowhere_else(crisis)
    follow_ups_are_reminded_and_the_manager_hears_of_the_ignored_one(crisis)
    it_ends_and_stays_open_until_the_promise_is_kept(crisis)
    every_event_has_reached_the_system_that_listens(crisis)
    the_logs_tell_what_happened_and_nothing_of_people(crisis)


def the_manager_prepares(crisis):
    manager = crisis.lumelle.people["admin"]
    desk = manager.get(f"teams/{crisis.lumelle.team}/desk_settings/")
    assert "product_safety" in desk["ticket_categories"]
    (rotation,) = manager.get("rotations/")["results"]
    on_call = manager.get(f"rotations/{rotation['id']}/on_call/")["now"]["owner"]
    names = {pk: name for name, pk in crisis.lumelle.ids.items()}
    crisis.owner = names[on_call]


def a_wave_of_comments_opens_an_incident(crisis):
    said = crisis.lumelle.command("replay", WAVE, "--speed", "max")
    opened = re.search(r"incident (CR-\d{4}-\d{4,}) opened \(product_safety", said)
    assert opened is not None, said
    crisis.reference = opened[1]

    (incident,) = crisis.lumelle.people["leo"].get("incidents/")["results"]
    crisis.id = incident["id"]
    assert incident["reference"] == crisis.reference
    assert (incident["status"], incident["severity"]) == ("open", "critical")
    assert incident["actor"]["type"] == "system"
    assert incident["owner"] == crisis.lumelle.ids[crisis.owner]
    mentions = crisis.lumelle.people["leo"].all(f"mentions/?incident={crisis.id}&page_size=200")
    assert len(mentions) == incident["mention_count"] > 100
    # A moderator is not told of what the press asks.
    mias = crisis.lumelle.people["mia"].all(f"mentions/?incident={crisis.id}&page_size=200")
    press = [each for each in mentions if each["kind"] == "press_enquiry"]
    assert press
    assert len(mias) == len(mentions) - len(press)
    inbox = crisis.lumelle.people["mia"].get("mentions/inbox/")["results"]
    assert inbox[0]["priority"] > 10_000
    assert "injury" in {reason["code"] for reason in inbox[0]["reasons"]}


def its_owner_is_reminded_and_then_the_next_person(crisis):
    lumelle, owner = crisis.lumelle, crisis.owner
    until(lambda: lumelle.told(owner, "escalation_step"), SECONDS)
    first = lumelle.told(owner, "escalation_step")[0]
    assert (first["reference"], first["severity"]) == (crisis.reference, "critical")
    assert lumelle.told("vera", "escalation_step") == []

    lumelle.later(minutes=1)
    lumelle.later(minutes=1)
    until(lambda: lumelle.told("vera", "escalation_step"), SECONDS)
    steps = [event["data"]["step"] for event in crisis.timeline("incident.escalated")]
    assert steps == [1, 2, 3]
    assert lumelle.told("admin", "escalation_step") == []


def the_owner_acknowledges_by_the_link_of_a_reminder(crisis):
    lumelle = crisis.lumelle
    link = lumelle.told(crisis.owner, "escalation_step")[-1]["acknowledge_link"]
    version = lumelle.people["leo"].etag(f"incidents/{crisis.reference}/")
    for look in (requests.head, requests.get, requests.get):
        assert look(link, timeout=30).status_code == 200
    assert lumelle.people["leo"].etag(f"incidents/{crisis.reference}/") == version

    # What a press of the button on that page sends.
    shown = requests.post(link, timeout=30)
    assert (shown.status_code, shown.url) == (200, link)
    incident = crisis.seen_by("leo")
    assert incident["status"] == "acknowledged"
    assert incident["acknowledged_by"] == lumelle.ids[crisis.owner]
    assert crisis.milestone("acknowledged")["reached_at"] is not None


def nobody_is_called_any_more(crisis):
    lumelle = crisis.lumelle
    lumelle.settle()
    before = len(lumelle.receiver.reminders())
    lumelle.later(minutes=10)
    assert len(lumelle.receiver.reminders()) == before
    reminders = lumelle.people["leo"].all(f"incidents/{crisis.reference}/reminders/")
    steps = {each["step"]: each["status"] for each in reminders if each["step"]}
    assert steps == {1: "fired", 2: "fired", 3: "fired", 4: "cancelled"}


def a_ticket_for_the_platform_is_drafted(crisis):
    (ticket,) = crisis.lumelle.people["leo"].get(f"support_tickets/?incident={crisis.id}")[
        "results"
    ]
    assert (ticket["status"], ticket["category"]) == ("draft", "product_safety")
    assert crisis.reference in str(ticket["sections"])
    assert "https://www.tiktok.com/@lumelle/video/" in str(ticket["sections"])


def a_statement_is_written_and_its_author_may_not_approve_it(crisis):
    # Vera may approve what others write.
    vera = crisis.lumelle.people["vera"]
    statement = vera.post("statements/", {"incident": crisis.id, "kind": "holding", "texts": TEXT})
    crisis.statement = statement["id"]
    path = f"statements/{crisis.statement}/"
    assert vera.refused(f"{path}publish/", {"targets": ["status_page"]}, If_Match="*")[0] == 409
    assert vera.post(f"{path}submit/")["status"] == "in_review"
    assert vera.refused(f"{path}approve/", If_Match="*") == (403, "four_eyes")
    until(lambda: crisis.lumelle.told("leo", "approval_needed"), SECONDS)
    assert crisis.lumelle.told("vera", "approval_needed") == []


def another_person_approves_it(crisis):
    leo = crisis.lumelle.people["leo"]
    path = f"statements/{crisis.statement}/"
    assert leo.refused(f"{path}approve/")[0] == 428
    assert leo.refused(f"{path}approve/", If_Match='"1"')[0] == 412
    approved = leo.post(f"{path}approve/", If_Match=leo.etag(path))
    assert approved["status"] == "approved"
    (approval,) = approved["approvals"]
    assert approval["approver"] == crisis.lumelle.ids["leo"]
    assert approval["sha256"] == approved["revision"]["sha256"]


def it_is_published_where_it_should_be_and_nowhere_else(crisis):
    lumelle = crisis.lumelle
    ben, path = lumelle.people["ben"], f"statements/{crisis.statement}/"
    page = f"{lumelle.web.url}/status/lumelle/"
    assert TEXT["en"]["body"] not in requests.get(page, timeout=30).text
    assert ben.refused(f"{path}publish/", If_Match=ben.etag(path)) == (400, "invalid")
    published = ben.post(f"{path}publish/", {"targets": ["status_page"]}, If_Match=ben.etag(path))
    assert [each["target"] for each in published["publications"]] == ["status_page"]

    russian = requests.get(page, headers={"Accept-Language": "ru"}, timeout=30)
    assert TEXT["en"]["body"] in requests.get(page, timeout=30).text
    assert TEXT["ru"]["body"] in russian.text
    assert TEXT["en"]["body"] in requests.get(published["public_url"], timeout=30).text
    feed = ElementTree.fromstring(requests.get(f"{page}feed.atom", timeout=30).content)  # noqa: S314
    (entry,) = feed.findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}id") == f"urn:uuid:{crisis.statement}"
    response = crisis.milestone("first_public_response")
    assert response["reached_at"] == published["published_at"]
    assert response["reached_at"] < response["target_at"]


def follow_ups_are_reminded_and_the_manager_hears_of_the_ignored_one(crisis):
    lumelle, owner = crisis.lumelle, crisis.owner
    due_at = lumelle.later(minutes=1) + timedelta(days=3)
    common = {"incident": crisis.id, "due_at": due_at.isoformat()}
    manager = lumelle.people["admin"]
    action = {**common, "title": "Test batch 0427 again", "owner": lumelle.ids[owner]}
    crisis.action = manager.post("follow_ups/", action)["id"]
    promise = {
        **common,
        "kind": "commitment",
        "title": "Refund everybody who bought batch 0427",
        "owner": lumelle.ids["vera"],
        "statement": crisis.statement,
    }
    crisis.commitment = manager.post("follow_ups/", promise)["id"]

    lumelle.later(days=1, hours=23)
    assert lumelle.told("vera", "follow_up_due_soon") == []
    lumelle.later(hours=1)
    until(lambda: lumelle.told("vera", "follow_up_due_soon"), SECONDS)
    until(lambda: lumelle.told(owner, "follow_up_due_soon"), SECONDS)
    lumelle.people[owner].post(f"follow_ups/{crisis.action}/complete/", {"proof": "Lab report 12"})

    lumelle.later(days=1)
    until(lambda: lumelle.told("vera", "follow_up_overdue"), SECONDS)
    assert lumelle.told(owner, "follow_up_overdue") == []
    assert lumelle.told("admin", "follow_up_ignored") == []
    lumelle.later(days=1)
    until(lambda: lumelle.told("admin", "follow_up_ignored"), SECONDS)
    assert [len(crisis.timeline(f"follow_up.{word}")) for word in ("overdue", "ignored")] == [1, 1]


def it_ends_and_stays_open_until_the_promise_is_kept(crisis):
    owner = crisis.lumelle.people[crisis.owner]
    path = f"incidents/{crisis.reference}/"
    assert owner.post(f"{path}contain/")["status"] == "contained"
    assert owner.refused(f"{path}close/") == (409, "not_allowed_now")
    note = {"resolution_note": "The batch is recalled and the comments are calm again."}
    assert owner.post(f"{path}resolve/", note)["status"] == "resolved"
    assert owner.refused(f"{path}close/") == (409, "open_commitments")
    vera = crisis.lumelle.people["vera"]
    vera.post(f"follow_ups/{crisis.commitment}/complete/", {"proof": "214 refunds, list 7"})
    assert owner.post(f"{path}close/")["status"] == "closed"


def every_event_has_reached_the_system_that_listens(crisis):
    lumelle = crisis.lumelle
    lumelle.settle()
    timeline = crisis.timeline()
    assert [event["sequence"] for event in timeline] == list(range(1, len(timeline) + 1))
    told = [
        event
        for event in lumelle.events()
        if (event["data"]["incident"] or {}).get("reference") == crisis.reference
    ]
    # Two are sent at a time, so neighbours may change places; the number puts them in order.
    told.sort(key=lambda event: event["data"]["sequence"])
    assert [(each["data"]["sequence"], each["type"]) for each in told] == [
        (each["sequence"], each["kind"]) for each in timeline
    ]
    assert lumelle.all_signed()
    happened = [each["type"] for each in told if each["type"] in THE_STORY]
    assert list(dict.fromkeys(happened)) == THE_STORY


def the_logs_tell_what_happened_and_nothing_of_people(crisis):
    written = "\n".join(process.output() for process in crisis.lumelle.processes)
    # The console is a phone of the demo's, not a log: it prints the links it was given.
    of_a_phone = ("Reminder to ", "  open ", "  acknowledge ")
    lines = [line for line in written.splitlines() if not line.startswith(of_a_phone)]
    told = [json.loads(line) for line in lines if line.startswith("{")]
    assert {line["logger"] for line in told} >= {"crisis.requests", "crisis.deliver"}

    acknowledged = [line for line in told if "POST /ack/<str:token>/" in line["message"]]
    assert [line["request_id"] for line in acknowledged if line["request_id"]]
    sent = [line for line in told if line["message"].startswith("sent to webhook")]
    assert [line for line in sent if crisis.reference in line["message"] and line["notification"]]
    # What a worker does bears the request that it follows from.
    requests_of = {line["request_id"] for line in told if line["logger"] == "crisis.requests"}
    assert [line for line in told if "task" in line and line.get("request_id") in requests_of]

    text = "\n".join(lines).lower()
    assert [word for word in _secrets_of(crisis.lumelle) if word.lower() in text] == []
    words = set(zip(*[_words(text)[start:] for start in range(3)], strict=False))
    assert _said_in_comments() & words == set()


def _secrets_of(lumelle):
    """Return what only its owner may know, and how people are called and reached."""
    journal = [line["body"] for line in lumelle.receiver.journal()]
    links = set(re.findall(r"/ack/([\w.~:=-]+)", "\n".join(journal)))
    assert links
    secrets = [secret for each in lumelle.secrets.values() for secret in each]
    cookies = [value for api in lumelle.people.values() for value in api.http.cookies.values()]
    reached = [lumelle.receiver.url(path) for path in lumelle.secrets]
    keys = [lumelle.variables[name] for name in ("SECRET_KEY", "FIELD_KEYS", "BLIND_INDEX_KEY")]
    called = [name for _, name, _, _ in demo.PEOPLE]
    authors = [each[word] for each in _comments() for word in ("author_id", "author_name")]
    return [lumelle.password, *links, *secrets, *cookies, *reached, *keys, *called, *authors]


def _comments():
    lines = (settings.BASE_DIR / WAVE).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def _words(text):
    return re.findall(r"\w+", text)


def _said_in_comments():
    """Return every three words that stand together in a comment."""
    found = set()
    for each in _comments():
        words = _words(each["text"].lower())
        found |= set(zip(words, words[1:], words[2:], strict=False))
    assert len(found) > 500
    return found


THE_STORY = [
    "incident.opened",
    "storm.detected",
    "incident.escalated",
    "incident.acknowledged",
    "incident.escalation_stopped",
    "statement.drafted",
    "statement.submitted",
    "statement.approved",
    "statement.published",
    "follow_up.created",
    "follow_up.overdue",
    "follow_up.ignored",
    "incident.contained",
    "incident.resolved",
    "incident.closed",
]
