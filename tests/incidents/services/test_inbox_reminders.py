"""Who is reminded of press enquiries, of hand-offs, and of what nobody has answered."""

from datetime import timedelta

import pytest

from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.errors import Conflict, Invalid, Refused
from incidents.escalation import decide, deliver, message
from incidents.models import Event, HandOff, Mention, Notification, Reminder
from incidents.services import hand_offs, handling, inbox, mentions, press_enquiries, waiting
from tests.factories.access import a_contact_point, a_person, a_team, an_api
from tests.factories.admin import AdminPages
from tests.factories.incidents import (
    a_mention,
    a_rotation,
    an_account,
    an_assignment_rule,
    an_incident,
)

pytestmark = pytest.mark.django_db

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def account(team):
    return an_account(team)


def somebody(team, role="responder", **values):
    person = a_person(team, role, **values)
    a_contact_point(person)
    return person


@pytest.fixture
def boss(team):
    return somebody(team, "manager", name="Boss")


def told():
    """Return who is told what, of all that is due now."""
    decide.fire_all_due()
    found = {}
    for row in Notification.objects.filter(status="pending"):
        claimed = deliver.claim(row.pk)
        if claimed is not None:
            found[row.owner.name] = message.compose(claimed)
    return found


def an_enquiry(account, **values):
    return a_mention(account, kind="press_enquiry", is_negative=False, **values)


def ahead(kind):
    return list(Reminder.objects.pending().filter(kind=kind).order_by("due_at"))


def test_reminds_of_a_press_enquiry_before_its_time_at_it_and_every_hour(
    team, account, boss, clock
):
    start = clock.now()
    an_enquiry(account, answer_by=start + 4 * HOUR, received_at=start)
    for moment in (3 * HOUR, 4 * HOUR, 5 * HOUR, 6 * HOUR):
        press_enquiries.lay_out()
        press_enquiries.lay_out()
        (reminder,) = ahead("press_enquiry")
        assert reminder.due_at - start == moment
        clock.set(reminder.due_at)
        said = told()
        assert list(said) == ["Boss"]
    assert "should have been answered" in said["Boss"].body_text


def test_gives_an_enquiry_the_teams_time_where_it_says_none(team, account, boss, clock):
    settings = inbox.settings_of(team, by=SYSTEM)
    inbox.change_settings(settings, by=SYSTEM, values={"press_answer_minutes": 60})
    enquiry = an_enquiry(account, received_at=clock.now())
    press_enquiries.lay_out()
    enquiry.refresh_from_db()
    assert enquiry.answer_by == clock.now() + HOUR
    (reminder,) = ahead("press_enquiry")
    assert reminder.due_at == clock.now() + HOUR / 2


def test_reminds_the_owner_of_its_incident_and_the_managers_once_it_is_late(
    team, account, boss, clock
):
    owner = somebody(team, name="Owner")
    incident = an_incident(team, owner=owner)
    an_enquiry(account, incident=incident, answer_by=clock.now() + 2 * HOUR)
    press_enquiries.lay_out()
    clock.move(HOUR)
    assert set(told()) == {"Owner"}
    press_enquiries.lay_out()
    clock.move(HOUR)
    assert set(told()) == {"Owner", "Boss"}


def test_stops_when_the_enquiry_is_dealt_with_and_moves_with_its_time(team, account, boss, clock):
    enquiry = an_enquiry(account, answer_by=clock.now() + 4 * HOUR)
    press_enquiries.lay_out()
    later = clock.now() + 9 * HOUR
    mentions.change(enquiry, by=SYSTEM, values={"answer_by": later})
    press_enquiries.lay_out()
    (reminder,) = ahead("press_enquiry")
    assert reminder.due_at == later - HOUR
    handling.handle(enquiry, outcome="answered", owner=boss, by=SYSTEM)
    assert ahead("press_enquiry") == []
    press_enquiries.lay_out()
    assert ahead("press_enquiry") == []
    handling.reopen(enquiry, by=SYSTEM)
    press_enquiries.lay_out()
    assert len(ahead("press_enquiry")) == 1


def test_reminds_who_is_on_call_of_what_has_waited_too_long(team, account, boss, clock):
    anna = somebody(team, name="Anna")
    an_assignment_rule(team, rotation=a_rotation(team, [anna]))
    a_mention(account, risk=80, text="It burns my face")
    a_mention(account, risk=80, incident=an_incident(team))
    a_mention(account, risk=10)
    waiting.lay_out()
    assert ahead("mentions_waiting") == []
    clock.move(31 * MINUTE)
    waiting.lay_out()
    waiting.lay_out()
    said = told()
    assert list(said) == ["Anna"]
    assert "1 mention is waiting for an answer" in said["Anna"].body_text
    assert "burns" not in said["Anna"].body_text
    waiting.lay_out()
    assert ahead("mentions_waiting") == []
    clock.move(30 * MINUTE)
    waiting.lay_out()
    assert list(told()) == ["Anna"]


def test_reminds_nobody_once_it_is_answered_or_where_the_team_wants_none(
    team, account, boss, clock
):
    mention = a_mention(account, risk=80)
    clock.move(HOUR)
    waiting.lay_out()
    handling.handle(mention, outcome="answered", owner=boss, by=SYSTEM)
    assert told() == {}
    a_mention(account, risk=80)
    settings = inbox.settings_of(team, by=SYSTEM)
    inbox.change_settings(settings, by=SYSTEM, values={"remind_after_minutes": None})
    clock.move(HOUR)
    waiting.lay_out()
    assert ahead("mentions_waiting") == []


def test_hands_an_injury_to_a_person_who_is_reminded_until_it_is_closed(team, account, boss, clock):
    care = somebody(team, name="Care")
    incident = an_incident(team)
    mention = a_mention(account, incident=incident)
    row = hand_offs.hand_off(mention, reason="Burned", to=care.pk, owner=boss, by=SYSTEM)
    mention.refresh_from_db()
    assert (mention.outcome, mention.priority) == ("handed_off", 0)
    event = Event.objects.get(kind="mention.handed_off")
    assert event.incident_id == incident.pk
    assert event.data == {"hand_off": str(row.pk), "owner": str(care.pk)}
    for _round in range(3):
        said = told()
        assert list(said) == ["Care"]
        clock.move(240 * MINUTE)
    hand_offs.close(row, owner=care, by=SYSTEM)
    hand_offs.close(row, owner=care, by=SYSTEM)
    assert told() == {}
    assert ahead("hand_off") == []
    assert Event.objects.filter(kind="hand_off.closed").count() == 1
    handling.reopen(mention, by=SYSTEM)


def test_reminds_the_managers_of_what_a_desk_outside_has(team, account, boss):
    hand_offs.hand_off(a_mention(account), reason="Burned", desk="Care", owner=None, by=SYSTEM)
    assert list(told()) == ["Boss"]


def test_refuses_a_hand_off_to_nobody_to_a_stranger_and_a_second_one(team, account, boss):
    mention, stranger = a_mention(account), a_person(a_team())
    with pytest.raises(Invalid):
        hand_offs.hand_off(mention, reason="x", desk="  ", owner=boss, by=SYSTEM)
    with pytest.raises(Refused):
        hand_offs.hand_off(mention, reason="x", to=stranger.pk, owner=boss, by=SYSTEM)
    hand_offs.hand_off(mention, reason="x", desk="Care", owner=boss, by=SYSTEM)
    with pytest.raises(Conflict):
        hand_offs.hand_off(mention, reason="x", desk="Care", owner=boss, by=SYSTEM)
    with pytest.raises(Conflict) as refused:
        handling.reopen(mention, by=SYSTEM)
    assert refused.value.code == "open_hand_off"
    assert HandOff.objects.count() == 1


def test_is_handed_off_and_closed_over_the_api_and_in_the_admin(team, account):
    mia = a_person(team, "moderator")
    api, first, second = an_api(mia), a_mention(account), a_mention(account)
    body = {"desk": "Customer care", "reason": "Her face is swollen."}
    told = api.post(f"/api/v1/mentions/{first.pk}/hand_off/", body).json()
    assert told["outcome"] == "handed_off"
    (row,) = api.get("/api/v1/hand_offs/", {"status": "open"}).json()["results"]
    assert (row["desk"], row["mention"]) == ("Customer care", str(first.pk))
    assert api.post(f"/api/v1/hand_offs/{row['id']}/close/").json()["status"] == "closed"
    pages = AdminPages(mia)
    answer = pages.do("hand_off", second, desk="Customer care", reason="Burned")
    assert answer.status_code == 302
    pages.do("close", HandOff.objects.get(status="open"))
    assert not HandOff.objects.filter(status="open").exists()
    assert Mention.objects.filter(outcome="handed_off").count() == 2
