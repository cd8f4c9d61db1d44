from datetime import timedelta

import pytest

from crisis_api.lib import clock as the_clock
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.errors import Conflict, Invalid, NotAllowedNow, Refused, Stale
from incidents import timeline
from incidents.masking import masked
from incidents.models import Author, Event, Mention
from responses.models import DeskSettings, SupportTicket
from responses.services import ticket_drafting, ticket_facts, tickets
from responses.services.ticket_drafting import draft_waiting
from tests.factories.access import a_person, a_team, the_actor
from tests.factories.incidents import a_mention, an_account, an_incident

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    team = a_team(name="Lumelle")
    DeskSettings.objects.create(
        team=team, contact_name="Anna Ivanova", contact_email="anna@example.com"
    )
    return team


@pytest.fixture
def person(team):
    return the_actor(a_person(team))


@pytest.fixture
def account(team):
    return an_account(team, handle="@lumelle", network="tiktok")


@pytest.fixture
def incident(team, account):
    return an_incident(team, account=account, category="personal_data_leak")


@pytest.fixture
def leak(account, incident):
    author = Author.objects.create(
        team=account.team, network="tiktok", external_id="u1", name="@gossip"
    )
    return a_mention(
        account,
        incident=incident,
        author=author,
        text="Call her: +7 900 000-00-11",
        url="https://www.tiktok.com/@lumelle/video/1?comment=2",
        risk=90,
        reasons=[{"code": "personal_data", "start": 10, "end": 26, "weight": 90}],
    )


@pytest.fixture
def draft(incident, leak, person):
    ticket = tickets.create(incident=incident, by=person)
    assert draft_waiting() == 1
    ticket.refresh_from_db()
    return ticket


def events(ticket):
    rows = Event.objects.filter(subject_id=ticket.pk, kind__startswith="support_ticket.")
    return [kind.removeprefix("support_ticket.") for kind in rows.values_list("kind", flat=True)]


# Drafting


def test_says_what_happens_to_whom_and_lists_who_wrote_what_when_and_where(draft, leak, incident):
    assert draft.status == "draft"
    summary, mentions = draft.sections["summary"], draft.sections["mentions"]
    assert "Lumelle" in summary
    assert "@lumelle" in summary
    assert incident.reference in summary
    for part in ("@gossip", masked(leak.text), leak.url, str(leak.written_at.year)):
        assert part in mentions
    assert leak.text not in mentions
    assert "Anna Ivanova" in draft.sections["contact"]
    assert draft.sections["what_is_asked"]
    assert events(draft) == ["created", "drafted"]


def test_lists_what_is_still_missing(draft):
    assert "add_affected_person" in draft.missing
    assert "add_contact" not in draft.missing
    assert draft.sections["missing"]


def test_is_written_in_the_language_of_the_team(team, incident, leak, person):
    DeskSettings.objects.filter(team=team).update(ticket_language="ru")

    ticket = tickets.create(incident=incident, by=person)
    draft_waiting()

    ticket.refresh_from_db()
    assert "официальн" in ticket.sections["summary"]


def test_keeps_the_names_and_words_of_mentions_off_the_timeline(draft):
    told = str(list(Event.objects.values_list("data", flat=True)))

    assert "gossip" not in told
    assert "900" not in told


def test_complains_only_of_mentions_of_its_kind(account, incident, leak):
    a_mention(account, incident=incident, text="My face burns", risk=95, reasons=["injury"])

    facts = gathered(incident)

    assert [mention.text for mention in facts.mentions] == [masked(leak.text)]
    assert (facts.total, facts.authors, facts.peak_per_minute) == (1, 1, 1)


def test_complains_of_no_customer_where_the_incident_is_about_a_product(account, incident):
    a_mention(account, incident=incident, text="My face burns", risk=95, reasons=["injury"])
    a_mention(account, incident=incident, text="Win a phone here", risk=20, reasons=["spam"])

    found = gathered(incident, "product_safety").mentions

    assert [mention.text for mention in found] == ["Win a phone here"]


def test_complains_of_all_that_was_attached_where_none_is_known_to_be_of_its_kind(
    account, incident
):
    a_mention(account, incident=incident, text="Her street is Lindenweg", risk=10, reasons=[])

    assert len(gathered(incident).mentions) == 1


def test_complains_of_nobody_whom_a_storm_has_swept_in_without_an_offence(account, incident):
    incident.storm_key = "a storm's"
    a_mention(account, incident=incident, text="My face burns", risk=95, reasons=["injury"])

    assert gathered(incident, "product_safety").mentions == ()


def test_leaves_supporters_and_what_is_deleted_already_out(account, incident):
    a_mention(account, incident=incident, is_negative=False, risk=0)
    a_mention(account, incident=incident, risk=50, deleted_at=the_clock.now())

    assert gathered(incident).mentions == ()


def test_names_two_hundred_mentions_at_most_the_riskiest_first(account, incident):
    Mention.objects.bulk_create(
        Mention(
            team=account.team,
            account=account,
            incident=incident,
            external_id=f"m{n}",
            text=f"Text {n}",
            risk=n % 100,
            is_negative=True,
            written_at=the_clock.now(),
        )
        for n in range(300)
    )

    found = gathered(incident).mentions

    assert len(found) == 200
    risks = [int(mention.text.split()[1]) % 100 for mention in found]
    assert risks == sorted(risks, reverse=True)


def test_counts_what_it_complains_of_and_its_worst_minute(account, incident, leak, clock):
    minute = the_clock.now().replace(second=0, microsecond=0) - timedelta(hours=1)
    for second in (1, 20, 59):
        at = minute + timedelta(seconds=second)
        a_mention(account, incident=incident, reasons=["personal_data"], written_at=at)
        a_mention(account, incident=incident, reasons=["injury"], written_at=at)

    facts = gathered(incident)

    assert (facts.total, facts.peak_per_minute) == (4, 3)
    assert facts.since == minute + timedelta(seconds=1)
    # Three of them came without an author.
    assert facts.authors == 0


def test_counts_nothing_where_it_cannot_count_all(account, incident, leak, monkeypatch):
    monkeypatch.setattr(ticket_facts, "LOOKED_THROUGH", 1)

    facts = gathered(incident)

    assert (facts.total, facts.since, len(facts.mentions)) == (0, None, 1)


def test_takes_what_was_attached_to_an_incident_of_another_kind_for_no_offence(account, incident):
    a_mention(account, incident=incident, text="Awful cream", reasons=[])

    assert gathered(incident, "harassment").mentions == ()
    assert gathered(incident, "other").mentions == ()


def test_tells_of_the_first_of_many_escalations(incident):
    for kind in ("incident.opened", "incident.escalated", "incident.escalated", "reminder.fired"):
        timeline.record(kind, incident, by=SYSTEM)

    assert [line.type for line in gathered(incident).timeline] == [
        "incident.opened",
        "incident.escalated",
    ]


def gathered(incident, category="personal_data_leak"):
    ticket = SupportTicket(team=incident.team, incident=incident, category=category)
    return ticket_facts.gather(
        ticket, DeskSettings.objects.get(team=incident.team), as_of=the_clock.now()
    )


def test_is_drafted_once_however_often_it_is_hinted_at(draft):
    assert draft_waiting(only=[draft.pk]) == 0
    assert events(draft).count("drafted") == 1


def test_lets_nobody_else_draft_while_one_does(incident, person, monkeypatch):
    ticket = tickets.create(incident=incident, by=person)
    gather = ticket_facts.gather

    def while_others_try(*args, **kwargs):
        assert draft_waiting() == 0
        return gather(*args, **kwargs)

    monkeypatch.setattr(ticket_facts, "gather", while_others_try)

    assert draft_waiting() == 1
    assert events(ticket).count("drafted") == 1


def test_stores_nothing_where_another_took_over(incident, person, monkeypatch, clock):
    ticket = tickets.create(incident=incident, by=person)
    gather = ticket_facts.gather
    slow = [True]

    def slowly(*args, **kwargs):
        facts = gather(*args, **kwargs)
        if slow.pop() if slow else False:
            clock.move(ticket_drafting.LEASE)
            assert draft_waiting() == 1
        return facts

    monkeypatch.setattr(ticket_facts, "gather", slowly)

    assert draft_waiting() == 0
    assert events(ticket).count("drafted") == 1


def test_is_left_to_a_person_with_an_alarm_after_five_failures(
    incident, person, monkeypatch, clock
):
    ticket = tickets.create(incident=incident, by=person)

    def fail(*args, **kwargs):
        raise ValueError("cannot be read")

    with monkeypatch.context() as patch:
        patch.setattr(ticket_facts, "gather", fail)
        for _ in range(8):
            draft_waiting()
            clock.move(minutes=10)

    ticket.refresh_from_db()
    assert (ticket.status, ticket.due_at, ticket.attempts) == ("drafting", None, 5)
    assert ticket.last_error == "ValueError"
    assert Event.objects.filter(kind="alarm.raised", data__code="ticket_not_drafted").count() == 1

    tickets.redraft(ticket, by=person)
    assert draft_waiting() == 1


def test_is_left_to_a_person_where_each_attempt_kills_its_process(incident, person, clock):
    ticket = tickets.create(incident=incident, by=person)
    SupportTicket.objects.filter(pk=ticket.pk).update(attempts=5)

    assert draft_waiting() == 0

    ticket.refresh_from_db()
    assert (ticket.due_at, ticket.last_error) == (None, "died")


# People


def test_has_one_open_ticket_of_a_kind(draft, incident, person):
    with pytest.raises(Conflict) as refused:
        tickets.create(incident=incident, by=person)
    assert refused.value.code == "ticket_exists"
    assert refused.value.extra["ticket"] == str(draft.pk)

    tickets.close(draft, by=person)
    assert tickets.create(incident=incident, by=person).pk != draft.pk


def test_may_be_made_for_any_incident_under_another_category(draft, incident, person):
    other = tickets.create(incident=incident, category="harassment", language="ru", by=person)

    assert (other.category, other.language) == ("harassment", "ru")


def test_keeps_what_a_person_wrote_when_it_is_drafted_again(draft, account, incident, person):
    tickets.edit(draft, sections={"summary": "It is worse than that."}, by=person)
    a_mention(
        account, incident=incident, text="Here is her flat", risk=80, reasons=["personal_data"]
    )
    tickets.redraft(draft, by=person)
    draft_waiting()

    draft.refresh_from_db()
    assert draft.status == "draft"
    assert draft.sections["summary"] == "It is worse than that."
    assert "Here is her flat" in draft.sections["mentions"]
    assert draft.edited_sections == ["summary"]


def test_keeps_what_a_person_writes_while_it_is_being_drafted(incident, leak, person, monkeypatch):
    ticket = tickets.create(incident=incident, by=person)
    gather = ticket_facts.gather

    def meanwhile(*args, **kwargs):
        tickets.edit(ticket, sections={"summary": "Mine"}, by=person)
        return gather(*args, **kwargs)

    monkeypatch.setattr(ticket_facts, "gather", meanwhile)
    draft_waiting()

    ticket.refresh_from_db()
    assert ticket.sections["summary"] == "Mine"
    assert ticket.sections["mentions"]


def test_is_not_ready_while_something_is_missing_unless_that_is_accepted(draft, person):
    with pytest.raises(Refused) as refused:
        tickets.mark_ready(draft, by=person)
    assert refused.value.code == "still_missing"
    assert refused.value.extra["missing"] == draft.missing

    assert tickets.mark_ready(draft, accept_missing=True, by=person).status == "ready"


def test_becomes_a_draft_again_when_it_is_edited(draft, person):
    ready = tickets.mark_ready(draft, accept_missing=True, by=person)

    edited = tickets.edit(ready, sections={"summary": "Other words"}, by=person)

    assert edited.status == "draft"


def test_stays_ready_where_nothing_differs(draft, person):
    ready = tickets.mark_ready(draft, accept_missing=True, by=person)

    same = tickets.edit(ready, sections={"summary": ready.sections["summary"]}, by=person)

    assert (same.status, same.version) == ("ready", ready.version)


def test_goes_its_way_to_the_platform_and_back(draft, person):
    row = tickets.mark_ready(draft, accept_missing=True, by=person)
    row = tickets.mark_submitted(row, platform_ref="TT-77", by=person)
    row = tickets.record_answer(row, answer="We found no violation.", by=person)
    row = tickets.appeal(row, reason="Her address is still there.", by=person)
    row = tickets.record_answer(row, answer="Removed.", by=person)
    row = tickets.close(row, by=person)

    assert row.status == "closed"
    assert row.platform_ref == "TT-77"
    assert row.answer == "We found no violation.\n\nRemoved."
    assert row.sections["appeal"] == "Her address is still there."
    assert None not in (row.submitted_at, row.answered_at, row.closed_at)
    assert events(row) == [
        "created",
        "drafted",
        "marked_ready",
        "submitted",
        "answered",
        "appealed",
        "answered",
        "closed",
    ]
    assert "violation" not in str(list(Event.objects.values_list("data", flat=True)))


def test_changes_nothing_when_it_is_done_already(draft, person):
    ready = tickets.mark_ready(draft, accept_missing=True, by=person)
    assert tickets.mark_ready(ready, by=person).version == ready.version
    submitted = tickets.mark_submitted(ready, platform_ref="TT-77", by=person)
    again = tickets.mark_submitted(submitted, platform_ref="TT-77", by=person)

    assert again.version == submitted.version


def test_says_what_is_allowed_instead(draft, person):
    with pytest.raises(NotAllowedNow) as refused:
        tickets.mark_submitted(draft, by=person)

    assert refused.value.extra["allowed"] == ["close", "edit", "mark_ready", "redraft"]


def test_tells_the_platform_of_earlier_tickets(draft, incident, person):
    row = tickets.mark_ready(draft, accept_missing=True, by=person)
    row = tickets.mark_submitted(row, platform_ref="TT-77", by=person)
    tickets.close(row, by=person)

    again = tickets.create(incident=incident, by=person)
    draft_waiting()

    again.refresh_from_db()
    assert "TT-77" in again.sections["facts"]


def test_tells_the_platform_nothing_of_tickets_about_something_else(draft, incident, person):
    row = tickets.mark_ready(draft, accept_missing=True, by=person)
    tickets.mark_submitted(row, platform_ref="TT-77", by=person)

    other = tickets.create(incident=incident, category="harassment", by=person)
    draft_waiting()

    other.refresh_from_db()
    assert "TT-77" not in other.sections["facts"]


def test_refuses_sections_that_there_are_not(draft, person):
    with pytest.raises(Invalid) as refused:
        tickets.edit(draft, sections={"missing": "nothing"}, by=person)

    assert [error.pointer for error in refused.value.errors] == ["/sections/missing"]


@pytest.mark.parametrize("verb", ["record_answer", "appeal"])
def test_refuses_blank_words(draft, person, verb):
    word = {"record_answer": "answer", "appeal": "reason"}[verb]

    with pytest.raises(Invalid):
        getattr(tickets, verb)(draft, by=person, **{word: " "})


def test_refuses_a_change_of_a_version_that_is_gone(draft, person):
    tickets.edit(draft, sections={"summary": "Mine"}, by=person)

    with pytest.raises(Stale):
        tickets.edit(draft, sections={"summary": "Hers"}, by=person, version=draft.version)


def test_renames_it_elsewhere_at_any_time_without_making_it_a_draft(draft, person):
    row = tickets.mark_ready(draft, accept_missing=True, by=person)
    row = tickets.mark_submitted(row, by=person)

    after = tickets.edit(row, external_refs=[{"system": "jira", "id": "CR-1"}], by=person)

    assert (after.status, after.version) == ("submitted", row.version + 1)


# What is missing


def test_is_ready_once_people_wrote_and_ticked_off_what_was_missing(draft, person):
    assert "add_evidence" in draft.missing
    row = tickets.edit(
        draft,
        sections={"evidence": "Screenshots 1 to 3", "contact": "Anna Ivanova, France"},
        by=person,
    )
    assert row.missing == ["add_affected_person", "add_agreement"]
    assert "screenshot" not in row.sections["missing"]

    row = tickets.edit(row, settled=["add_affected_person", "add_agreement"], by=person)

    assert row.missing == []
    assert {each["actor_id"] for each in row.settled} == {str(person.id)}
    assert tickets.mark_ready(row, by=person).status == "ready"


def test_keeps_what_was_ticked_off_when_it_is_drafted_again(draft, person):
    tickets.edit(draft, settled=["add_agreement"], by=person)
    tickets.redraft(draft, by=person)
    draft_waiting()

    draft.refresh_from_db()
    assert "add_agreement" not in draft.missing
    assert "add_evidence" in draft.missing


def test_misses_again_what_is_no_longer_written_or_ticked_off(draft, person):
    row = tickets.edit(draft, sections={"evidence": "Shots"}, settled=["add_agreement"], by=person)
    row = tickets.edit(row, sections={"evidence": " "}, settled=[], by=person)

    assert row.missing == draft.missing
    assert row.sections["missing"] == draft.sections["missing"]


def test_ticks_off_only_what_is_missing(draft, person):
    with pytest.raises(Invalid) as refused:
        tickets.edit(draft, settled=["add_agreement", "add_magic"], by=person)

    assert [error.pointer for error in refused.value.errors] == ["/settled/1"]


# Growing by itself


@pytest.fixture
def drafted_by_itself(incident):
    event = timeline.record("incident.opened", incident, incident=incident, by=SYSTEM)
    tickets.open_for_incidents([event], the_clock.now())
    draft_waiting()
    return SupportTicket.objects.get()


def grow(account, incident):
    a_mention(account, incident=incident, text="Her flat", risk=80, reasons=["personal_data"])
    type(incident).objects.filter(pk=incident.pk).change(mention_count=incident.mention_count + 1)


def test_is_drafted_again_by_itself_as_its_incident_grows(
    drafted_by_itself, account, incident, clock
):
    grow(account, incident)
    assert draft_waiting() == 0

    clock.move(minutes=2)

    assert draft_waiting() == 1
    drafted_by_itself.refresh_from_db()
    assert drafted_by_itself.status == "draft"
    assert "Her flat" in drafted_by_itself.sections["mentions"]
    clock.move(minutes=2)
    assert draft_waiting() == 0


def test_tells_the_timeline_only_where_it_lists_something_else(drafted_by_itself, incident, clock):
    type(incident).objects.filter(pk=incident.pk).change(mention_count=5)
    clock.move(minutes=2)

    assert draft_waiting() == 1
    assert events(drafted_by_itself).count("drafted") == 1


@pytest.mark.parametrize(
    "touched", [{"sections": {"summary": "Mine"}}, {"settled": ["add_agreement"]}]
)
def test_is_left_alone_once_a_person_has_touched_it(
    drafted_by_itself, account, incident, person, clock, touched
):
    tickets.edit(drafted_by_itself, by=person, **touched)
    grow(account, incident)
    clock.move(minutes=2)

    assert draft_waiting() == 0
