"""An incident without anybody is loud until somebody has it."""

from tests.flows.desk import said

NOBODY = "nobody is responsible"


def test_an_incident_without_owner_asks_the_managers_until_somebody_has_it(desk):
    desk.answers_by_rule()
    incident = desk.opens()
    path = f"incidents/{incident['id']}/"
    assert incident["owner"] is None
    assert desk.mara.get("incidents/counts/")["unresolved"]["without_owner"] == 1
    assert [row["id"] for row in desk.mara.get("incidents/?owner=none")["results"]] == [
        incident["id"]
    ]
    assert said(desk.mailbox("mara"), NOBODY) == 1
    # The step that means the owner finds nobody, so the next person is called at once.
    assert desk.called("ben") == ["ben"]

    for _ in range(3):
        desk.later(minutes=10)
        assert said(desk.mailbox("mara"), NOBODY) == 1

    assert desk.anna.post(f"{path}acknowledge/")["owner"] == desk.anna.id
    desk.later(hours=1)
    assert said(desk.mailbox("mara"), NOBODY) == 0
    assert desk.kinds(incident).count("incident.left_without_owner") == 1


def test_whoever_leaves_leaves_nothing_behind_unseen(desk):
    desk.answers_by_rule(desk.anna)
    incident = desk.opens()
    path = f"incidents/{incident['id']}/"
    desk.anna.post(f"{path}acknowledge/")
    desk.mailbox("mara")

    desk.mara.post(f"owners/{desk.anna.id}/deactivate/")
    desk.later(minutes=1)
    assert desk.mara.get(path)["owner"] is None
    assert said(desk.mailbox("mara"), NOBODY) == 1
    # A rule that names somebody who has left names nobody.
    assert desk.opens(title="Another")["owner"] is None

    desk.mara.post(f"{path}assign/", {"owner": desk.ben.id})
    desk.later(minutes=1)
    assert desk.mara.get(path)["owner"] == desk.ben.id


def test_a_team_without_any_policy_hears_of_it_at_once(desk):
    incident = desk.opens()
    assert incident["policy"] is None
    assert said(desk.mailbox("mara"), "has no escalation policy") == 1
