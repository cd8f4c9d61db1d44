"""Support tickets and follow-ups in the admin."""

from datetime import timedelta

import pytest
from django.urls import reverse

from incidents.models import Event
from responses.models import FollowUp, SupportTicket
from responses.services import follow_ups, ticket_drafting, tickets
from tests.factories.access import a_person, a_team, the_actor
from tests.factories.admin import AdminPages, at, errors, fields, page, said
from tests.factories.incidents import an_incident
from tests.factories.responses import a_statement_in_review

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def anna(team):
    return a_person(team, name="Anna")


@pytest.fixture
def pages(anna):
    return AdminPages(anna)


@pytest.fixture
def ticket(team, anna):
    made = tickets.create(incident=an_incident(team), category="spam", by=the_actor(anna))
    ticket_drafting.draft_waiting()
    made.refresh_from_db()
    return made


def test_has_a_ticket_drafted_and_says_that_there_is_one(pages, team, anna):
    incident = an_incident(team, category="spam")
    response = pages.add(SupportTicket, incident=str(incident.pk))
    assert response.status_code == 302, errors(response)
    ticket = SupportTicket.objects.get()
    assert (ticket.category, ticket.language, ticket.status) == ("spam", "en", "drafting")
    assert Event.objects.get(kind="support_ticket.created").actor == the_actor(anna)
    assert "such a ticket already" in errors(pages.add(SupportTicket, incident=str(incident.pk)))
    foreign = an_incident(a_team())
    response = pages.add(SupportTicket, incident=str(foreign.pk))
    assert "Select a valid choice" in errors(response)


def test_keeps_what_a_person_writes_and_touches_nothing_else(pages, ticket):
    before = dict(ticket.sections)
    response = pages.edit(ticket, section_evidence="Screenshots:\r\n1. …")
    assert response.status_code == 302, errors(response)
    ticket.refresh_from_db()
    missing = ticket.sections["missing"]
    assert ticket.sections == {**before, "evidence": "Screenshots:\n1. …", "missing": missing}
    assert "Add evidence" in before["missing"]
    assert "Add evidence" not in missing
    assert ticket.edited_sections == ["evidence"]
    pages.do("redraft", ticket)
    ticket_drafting.draft_waiting()
    ticket.refresh_from_db()
    assert ticket.sections["evidence"] == "Screenshots:\n1. …"


def test_refuses_an_edit_of_what_was_drafted_again_meanwhile(pages, ticket):
    typed = fields(pages.open(ticket))
    tickets.redraft(ticket, by=ticket.actor)
    ticket_drafting.draft_waiting()
    response = pages.client.post(page("change", ticket), {**typed, "section_facts": "Mine"})
    assert "Somebody changed this" in errors(response)


def test_goes_from_ready_to_answered_appealed_and_closed(pages, ticket):
    assert pages.offered(ticket) == {"mark_ready", "redraft", "close"}
    assert "still missing" in errors(pages.do("mark_ready", ticket))
    pages.do("mark_ready", ticket, accept_missing="on")
    pages.do("mark_submitted", ticket, platform_ref="TT-1")
    ticket.refresh_from_db()
    assert (ticket.status, ticket.platform_ref) == ("submitted", "TT-1")
    assert pages.open(ticket).context["show_save"] is False
    assert "required" in errors(pages.do("record_answer", ticket, answer=" "))
    pages.do("record_answer", ticket, answer="No.")
    pages.do("appeal", ticket, reason="It is spam.")
    pages.do("record_answer", ticket, answer="Yes.")
    pages.do("close", ticket)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.answer) == ("closed", "No.\n\nYes.")
    assert pages.offered(ticket) == set()
    response = pages.press("appeal", ticket, reason="Again", version=ticket.version)
    assert "not possible in the present status" in errors(response)


@pytest.mark.parametrize("verb", ["mark_ready", "redraft", "close"])
def test_a_viewer_moves_no_ticket(team, ticket, verb):
    pages = AdminPages(a_person(team, "viewer"))
    assert pages.press(verb, ticket, version=ticket.version).status_code == 403


def a_follow_up(team, owner, clock, **values):
    due_at = clock.now() + timedelta(days=2)
    given = {"title": "Ask the factory", "due_at": due_at, "by": the_actor(owner), **values}
    return follow_ups.create(team=team, owner=owner, **given)


def test_writes_down_a_follow_up_and_refuses_one_that_cannot_be(pages, team, anna, clock):
    due = clock.now().replace(microsecond=0) + timedelta(days=3)
    typed = {"title": "Publish the report", "owner": str(anna.pk), "kind": "commitment"}
    past = at("due_at", clock.now() - timedelta(days=1))
    assert "in the past" in errors(pages.add(FollowUp, **typed, **past))
    stranger = {**typed, "owner": str(a_person(a_team()).pk)}
    response = pages.add(FollowUp, **stranger, **at("due_at", due))
    assert "Select a valid choice" in errors(response)
    response = pages.add(FollowUp, **typed, **at("due_at", due), remind_before_seconds="2h")
    assert response.status_code == 302, errors(response)
    row = FollowUp.objects.get()
    assert (row.due_at, row.remind_before_seconds, row.kind) == (due, 7200, "commitment")
    assert Event.objects.get(kind="follow_up.created").actor == the_actor(anna)


def test_moves_a_follow_up_and_its_reminders(pages, team, anna, clock):
    row = a_follow_up(team, anna, clock)
    later = clock.now().replace(microsecond=0) + timedelta(days=9)
    assert pages.edit(row, **at("due_at", later)).status_code == 302
    row.refresh_from_db()
    assert row.due_at == later
    typed = fields(pages.open(row))
    pages.edit(row, title="Changed")
    response = pages.client.post(page("change", row), {**typed, "title": "Late"})
    assert "Somebody changed this" in errors(response)


def test_starts_and_completes_a_follow_up_with_proof(pages, team, anna, clock):
    row = a_follow_up(team, anna, clock)
    assert pages.offered(row) == {"start", "complete", "cancel"}
    pages.do("start", row)
    row.refresh_from_db()
    assert row.status == "in_progress"
    assert "required" in errors(pages.do("complete", row, proof=" "))
    pages.do("complete", row, proof="https://example.com/report")
    row.refresh_from_db()
    assert (row.status, row.proof) == ("done", "https://example.com/report")
    response = pages.press("cancel", row, reason="x", version=row.version)
    assert "not possible in the present status" in errors(response)
    assert pages.open(row).context["show_save"] is False


def test_cancels_a_follow_up_for_a_reason(pages, team, anna, clock):
    row = a_follow_up(team, anna, clock)
    assert "required" in errors(pages.do("cancel", row))
    pages.do("cancel", row, reason="The factory has closed.")
    row.refresh_from_db()
    assert (row.status, row.cancel_reason) == ("cancelled", "The factory has closed.")


def test_starts_several_and_names_what_it_cannot(pages, team, anna, clock):
    first = a_follow_up(team, anna, clock)
    done = a_follow_up(team, anna, clock, title="Done already")
    follow_ups.complete(done, proof="Yes", by=the_actor(anna))
    texts = said(pages.do_with("start", first, done))
    assert texts[0] == "Done with 1."
    assert "Done already" in texts[1]


def test_open_promises_keep_an_incident_from_being_closed(pages, team, anna, clock):
    incident = an_incident(team, status="resolved")
    a_follow_up(team, anna, clock, incident=incident, kind="commitment")
    assert "promised in public is not done" in errors(pages.do("close", incident))


def test_the_first_page_counts_what_waits(pages, team, anna, clock):
    a_follow_up(team, anna, clock)
    a_statement_in_review(team)
    a_statement_in_review(a_team())
    stuck = tickets.create(incident=an_incident(team), category="spam", by=the_actor(anna))
    SupportTicket.objects.filter(pk=stuck.pk).update(due_at=None)
    clock.move(days=3)
    cards = {card.name: card for card in pages.get(reverse("admin:index")).context["cards"]}
    names = ("approvals", "follow_ups_overdue", "tickets_stuck")
    assert [cards[name].figure for name in names] == [1, 1, 1]
    assert "deliveries_dead" not in cards
    for name in names:
        found = pages.get(cards[name].url).context["cl"].result_list
        assert len(found) == 1, name


def test_lets_people_tick_off_what_only_they_can_know(pages, team, anna):
    incident = an_incident(team, category="personal_data_leak")
    ticket = tickets.create(incident=incident, by=the_actor(anna))
    ticket_drafting.draft_waiting()
    ticket.refresh_from_db()
    assert "add_agreement" in ticket.missing
    response = pages.edit(ticket, ticked=["add_agreement"])
    assert response.status_code == 302, errors(response)
    ticket.refresh_from_db()
    assert [each["code"] for each in ticket.settled] == ["add_agreement"]
    assert "add_agreement" not in ticket.missing
    assert ticket.edited_sections == []
    assert "Anna" in AdminPages(a_person(team, "viewer")).open(ticket).content.decode()
    assert pages.edit(ticket, ticked=[]).status_code == 302
    ticket.refresh_from_db()
    assert "add_agreement" in ticket.missing


def test_takes_the_first_words_of_a_person_however_often_the_machine_has_drafted(pages, ticket):
    SupportTicket.objects.filter(pk=ticket.pk).update(actor_type="system", actor_id=None)
    typed = fields(pages.open(ticket))
    newer = {**ticket.sections, "facts": "Newer facts"}
    SupportTicket.objects.filter(pk=ticket.pk).change(sections=newer)
    answer = pages.client.post(page("change", ticket), {**typed, "section_evidence": "Mine"})
    assert answer.status_code == 302, errors(answer)
    ticket.refresh_from_db()
    assert (ticket.sections["facts"], ticket.sections["evidence"]) == ("Newer facts", "Mine")
    assert ticket.edited_sections == ["evidence"]
    answer = pages.client.post(page("change", ticket), {**typed, "section_evidence": "Late"})
    assert "Somebody changed this" in errors(answer)
