"""Whoever asks for quiet gets it, until what they said is over or things get worse."""

from datetime import timedelta

EVERYBODY = ("anna", "ben", "mara")


def test_a_snooze_keeps_everybody_in_peace_and_ends_by_itself(desk):
    desk.answers_by_rule(desk.anna)
    incident = desk.opens()
    path = f"incidents/{incident['id']}/"
    assert desk.called(*EVERYBODY) == ["anna"]

    desk.clock.move(minutes=1)
    until = desk.clock.now() + timedelta(hours=2)
    snoozed = desk.anna.post(f"{path}snooze/", {"snoozed_until": until.isoformat()})
    assert snoozed["status"] == "open"
    desk.later(minutes=119)
    assert desk.called(*EVERYBODY) == []

    desk.later(minutes=1)
    assert desk.called(*EVERYBODY) == ["anna"]
    assert desk.anna.get(path)["snoozed_until"] is None
    desk.later(minutes=5)
    assert desk.called(*EVERYBODY) == ["ben"]
    happened = [kind for kind in desk.kinds(incident) if "snooze" in kind or "stopped" in kind]
    assert happened == ["incident.snoozed", "incident.escalation_stopped", "incident.snooze_ended"]


def test_an_acknowledgement_that_expires_calls_again_from_the_first_step(desk):
    desk.answers_by_rule(desk.anna)
    incident = desk.opens()
    path = f"incidents/{incident['id']}/"
    assert desk.called(*EVERYBODY) == ["anna"]
    desk.later(minutes=5)
    assert desk.called(*EVERYBODY) == ["ben"]

    acknowledged = desk.ben.post(f"{path}acknowledge/", {"expires_in_seconds": 1800})
    assert acknowledged["acknowledged_by"] == desk.ben.id
    # A second one by somebody else takes nothing over.
    assert desk.anna.post(f"{path}acknowledge/")["acknowledged_by"] == desk.ben.id
    desk.later(minutes=29)
    assert desk.called(*EVERYBODY) == []

    desk.later(minutes=1)
    assert desk.called(*EVERYBODY) == ["anna"]
    expired = desk.anna.get(path)
    assert (expired["status"], expired["acknowledged_by"]) == ("open", None)
    assert expired["owner"] == desk.anna.id
    desk.later(minutes=5)
    desk.later(minutes=5)
    assert desk.called(*EVERYBODY) == ["ben", "mara"]

    desk.anna.post(f"{path}acknowledge/")
    desk.later(days=30)
    assert desk.called(*EVERYBODY) == []


def test_one_that_is_extended_in_time_goes_on_being_quiet(desk):
    desk.answers_by_rule(desk.anna)
    path = f"incidents/{desk.opens()['id']}/"
    desk.anna.post(f"{path}acknowledge/", {"expires_in_seconds": 1800})
    desk.called(*EVERYBODY)
    desk.later(minutes=20)
    desk.anna.post(f"{path}acknowledge/", {"expires_in_seconds": 3600})
    desk.later(minutes=59)
    assert desk.called(*EVERYBODY) == []
    desk.later(minutes=1)
    assert desk.called(*EVERYBODY) == ["anna"]


def test_a_raise_of_severity_wakes_everybody(desk):
    desk.answers_by_rule(desk.anna)
    incident = desk.opens(severity="medium")
    path = f"incidents/{incident['id']}/"
    desk.anna.post(f"{path}acknowledge/")
    desk.called(*EVERYBODY)
    desk.later(minutes=30)
    desk.anna.patch(path, {"severity": "low"})
    desk.later(minutes=30)
    assert desk.called(*EVERYBODY) == []

    raised = desk.ben.patch(path, {"severity": "critical"})
    assert (raised["status"], raised["acknowledged_by"]) == ("open", None)
    desk.work()
    assert desk.called(*EVERYBODY) == ["anna"]
    desk.later(minutes=5)
    assert desk.called(*EVERYBODY) == ["ben"]


def test_a_raise_of_severity_ends_a_snooze(desk):
    desk.answers_by_rule(desk.anna)
    path = f"incidents/{desk.opens(severity='low')['id']}/"
    until = desk.clock.now() + timedelta(days=1)
    desk.anna.post(f"{path}snooze/", {"snoozed_until": until.isoformat()})
    desk.called(*EVERYBODY)
    desk.later(hours=1)
    assert desk.called(*EVERYBODY) == []

    assert desk.ben.patch(path, {"severity": "high"})["snoozed_until"] is None
    desk.work()
    assert desk.called(*EVERYBODY) == ["anna"]
    desk.later(days=1)
    # The time that it was to end at by itself passes without starting anything anew.
    assert desk.kinds(desk.anna.get(path)).count("incident.snooze_ended") == 1
