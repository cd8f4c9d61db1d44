"""Two incidents turn out to be one crisis: nothing is lost, and what comes later follows."""

import re

from tests.factories.incidents import an_account
from tests.flows.desk import said

EVERYBODY = ("anna", "ben", "mara")


def mentions_of(desk, incident, number):
    account = an_account(desk.team)
    at = desk.clock.now().isoformat()
    given = [
        {"external_id": f"c{n}", "author_id": f"u{n}", "text": "It burns", "written_at": at}
        for n in range(number)
    ]
    batch = {"account": str(account.pk), "mentions": given}
    for each in desk.ben.post("mentions/batch/", batch)["results"]:
        desk.ben.post(f"mentions/{each['id']}/attach/", {"incident": incident["id"]})


def merged(desk, source, target):
    return desk.ben.post(f"incidents/{source['id']}/merge/", {"into": target["id"]})


def test_what_belonged_to_one_belongs_to_the_other(desk):
    desk.answers_by_rule(desk.anna)
    source = desk.opens(title="Burns", severity="critical", dedup_key="burns")
    target = desk.opens(title="Rash", severity="medium", dedup_key="rash")
    mentions_of(desk, source, 3)
    mentions_of(desk, target, 2)
    statement = {"kind": "holding", "texts": {"en": {"title": "Burns", "body": "We look at it."}}}
    desk.anna.post("statements/", {**statement, "incident": source["id"]})

    gone = merged(desk, source, target)
    assert (gone["status"], gone["merged_into"]) == ("merged", target["id"])
    now = desk.anna.get(f"incidents/{target['id']}/")
    assert (now["severity"], now["mention_count"], now["signal_count"]) == ("critical", 5, 2)
    assert [each["id"] for each in now["merged_incidents"]] == [source["id"]]
    assert "incident.merged" in desk.kinds(source)
    assert "incident.merged" in desk.kinds(target)
    # Merged already: nothing changes, and it is final.
    assert merged(desk, source, target)["merged_into"] == target["id"]
    assert desk.ben.refused(f"incidents/{source['id']}/acknowledge/")[0] == 409


def test_what_comes_later_follows(desk):
    desk.answers_by_rule(desk.anna)
    source = desk.opens(title="Burns", severity="high", dedup_key="burns")
    (link,) = re.findall(r"/ack/\S+", desk.mailbox("anna")[0])
    target = desk.opens(title="Rash", severity="high", dedup_key="rash")
    merged(desk, source, target)

    joined = desk.ben.send("POST", "incidents/", signal("burns"))
    assert (joined.status_code, joined.json()["id"]) == (200, target["id"])
    statement = {"kind": "holding", "texts": {"en": {"title": "Burns", "body": "We look at it."}}}
    drafted = desk.anna.post("statements/", {**statement, "incident": source["id"]})
    assert drafted["incident"] == target["id"]
    # A link that was sent about the one acknowledges the other.
    assert desk.anna.client.post(link).status_code == 302
    assert desk.anna.get(f"incidents/{target['id']}/")["acknowledged_by"] == desk.anna.id


def signal(key):
    return {"title": "S", "category": "product_safety", "severity": "high", "dedup_key": key}


def test_nobody_is_called_for_the_one_that_is_gone(desk):
    desk.answers_by_rule(desk.anna)
    source, target = desk.opens(title="Burns"), desk.opens(title="Rash")
    merged(desk, source, target)
    for name in EVERYBODY:
        desk.mailbox(name)
    desk.later(minutes=5)
    desk.later(minutes=5)
    desk.later(hours=3)
    told = [message for name in EVERYBODY for message in desk.mailbox(name)]
    assert said(told, target["reference"]) > 0
    assert said(told, source["reference"]) == 0


def test_a_graver_one_that_is_open_opens_the_other_again(desk):
    desk.answers_by_rule(desk.anna)
    target = desk.opens(title="Rash", severity="low")
    desk.anna.post(f"incidents/{target['id']}/resolve/", {"resolution_note": "Calm."})
    source = desk.opens(title="Burns", severity="critical")
    desk.called(*EVERYBODY)
    desk.clock.move(minutes=1)
    merged(desk, source, target)
    desk.work()
    again = desk.anna.get(f"incidents/{target['id']}/")
    assert (again["status"], again["severity"]) == ("open", "critical")
    assert desk.called(*EVERYBODY) == ["anna"]


def test_a_milder_one_leaves_what_was_acknowledged_in_peace(desk):
    desk.answers_by_rule(desk.anna)
    target = desk.opens(title="Rash", severity="high")
    desk.anna.post(f"incidents/{target['id']}/acknowledge/")
    source = desk.opens(title="Burns", severity="medium")
    desk.called(*EVERYBODY)
    merged(desk, source, target)
    desk.later(hours=1)
    assert desk.called(*EVERYBODY) == []
    assert desk.anna.get(f"incidents/{target['id']}/")["status"] == "acknowledged"
