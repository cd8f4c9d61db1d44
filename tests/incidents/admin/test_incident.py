"""The page of an incident: every verb once, with its refusal, and what stands on the page."""

from datetime import timedelta

import pytest

from crisis_api.lib import clock as the_clock
from crisis_api.lib.actors import SYSTEM
from incidents.escalation import engine
from incidents.models import Event, Incident, Mention, Note, Reminder
from incidents.services import lifecycle
from tests.factories.access import a_contact_point, a_person, a_team, joins, the_actor
from tests.factories.admin import AdminPages, at, errors, fields, page, said
from tests.factories.incidents import a_mention, a_policy, an_account, an_incident

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def anna(team):
    person = a_person(team, name="Anna")
    a_contact_point(person)
    return person


@pytest.fixture
def pages(anna):
    return AdminPages(anna)


def opened(team, **values):
    given = {
        "category": "product_safety",
        "severity": 3,
        "title": "The cream burns",
        "policy": a_policy(team),
        **values,
    }
    return lifecycle.open_incident(team=team, by=SYSTEM, **given).incident


@pytest.fixture
def incident(team, anna):
    return opened(team, owner=anna)


def latest(incident, kind):
    return Event.objects.filter(incident=incident, kind=kind).order_by("sequence").last()


def test_opens_an_incident_in_the_persons_name(pages, team, anna):
    response = pages.add(
        Incident,
        title="Spam under the video",
        category="spam",
        severity=2,
        links="https://example.com/v The video",
        external_refs="jira CR-7",
    )
    assert response.status_code == 302, errors(response)
    row = Incident.objects.get()
    assert (row.team, row.title, row.severity) == (team, "Spam under the video", 2)
    assert row.links == [{"title": "The video", "url": "https://example.com/v"}]
    assert latest(row, "incident.opened").actor == the_actor(anna)


def test_asks_what_it_is_and_how_grave(pages):
    response = pages.add(Incident, title="Something")
    assert "category" in errors(response)
    assert "severity" in errors(response)
    assert not Incident.objects.exists()


def test_joins_the_incident_with_the_same_key_and_says_so(pages, team):
    row = opened(team, dedup_key="cream")
    typed = {"title": "Again", "category": "spam", "severity": 2, "dedup_key": "cream"}
    response = pages.add(Incident, **typed)
    assert any("joined" in text for text in said(response))
    row.refresh_from_db()
    assert (Incident.objects.count(), row.signal_count) == (1, 2)


def test_refuses_what_belongs_to_another_team(pages, team):
    foreign = a_team()
    typed = {"title": "X", "category": "spam", "severity": 2}
    for name, row in (
        ("policy", a_policy(foreign)),
        ("account", an_account(foreign)),
        ("owner", a_person(foreign)),
        ("team", foreign),
    ):
        response = pages.add(Incident, **{**typed, name: str(row.pk)})
        assert "Select a valid choice" in errors(response), name
    assert not Incident.objects.exists()


def test_refuses_a_person_of_another_of_the_persons_teams(anna, team):
    other = a_team()
    joins(anna, other, "responder")
    stranger = a_person(other)
    response = AdminPages(anna).add(
        Incident, team=str(team.pk), title="X", category="spam", severity=2, owner=str(stranger.pk)
    )
    assert "not an active member" in errors(response)
    assert not Incident.objects.exists()


def test_edits_an_incident_through_the_timeline(pages, incident, anna):
    response = pages.edit(incident, title="It burns more", severity=4)
    assert response.status_code == 302, errors(response)
    incident.refresh_from_db()
    assert (incident.title, incident.severity) == ("It burns more", 4)
    assert latest(incident, "incident.edited").actor == the_actor(anna)
    assert latest(incident, "incident.severity_changed").data == {"from": "high", "to": "critical"}


def test_a_storm_meanwhile_does_not_spoil_an_edit_but_another_edit_does(pages, incident):
    typed = fields(pages.open(incident))
    Incident.objects.filter(pk=incident.pk).change(mention_count=99)
    response = pages.client.post(page("change", incident), {**typed, "title": "Kept"})
    assert response.status_code == 302, errors(response)
    response = pages.client.post(page("change", incident), {**typed, "title": "Stale"})
    assert "Somebody changed this" in errors(response)
    incident.refresh_from_db()
    assert (incident.title, incident.mention_count) == ("Kept", 99)


def test_keeps_a_policy_once_there_is_one(pages, incident):
    assert "Choose another one" in errors(pages.edit(incident, policy=""))


def test_shows_that_severity_and_policy_stay_once_it_is_resolved(pages, incident):
    assert {"severity", "policy"} <= fields(pages.open(incident)).keys()
    lifecycle.resolve(incident, note="Over.", by=SYSTEM)
    asked = fields(pages.open(incident))
    assert "title" in asked
    assert not {"severity", "policy"} & asked.keys()
    response = pages.edit(incident, severity=1, title="Burns")
    assert response.status_code == 302, errors(response)
    incident.refresh_from_db()
    assert (incident.severity, incident.title) == (3, "Burns")


def test_a_title_is_one_line(pages, incident):
    assert "One line" in errors(pages.edit(incident, title="Two\x0blines"))


@pytest.mark.parametrize(
    ("status", "buttons"),
    [
        (
            "open",
            {"acknowledge", "assign", "escalate", "snooze", "resolve", "merge"},
        ),
        ("acknowledged", {"assign", "escalate", "contain", "resolve", "merge"}),
        ("contained", {"assign", "resolve", "reopen", "merge"}),
        ("resolved", {"assign", "close", "reopen", "merge"}),
        ("closed", {"reopen", "merge"}),
    ],
)
def test_offers_what_the_status_allows(pages, team, status, buttons):
    incident = an_incident(team, status=status)
    assert pages.offered(incident) == {*buttons, "note", "relate", "unrelate"}


def test_acknowledges_for_a_while_and_again_for_longer(pages, incident, anna, clock):
    response = pages.do("acknowledge", incident, expires_in="30m")
    assert response.status_code == 302
    incident.refresh_from_db()
    assert incident.acknowledged_by == anna
    assert incident.acknowledged_until == clock.now() + timedelta(minutes=30)
    assert latest(incident, "incident.acknowledged").actor == the_actor(anna)
    assert "acknowledge" in pages.offered(incident)
    pages.do("acknowledge", incident, expires_in="1h")
    incident.refresh_from_db()
    assert incident.acknowledged_until == clock.now() + timedelta(hours=1)
    assert "A minute at least" in errors(pages.do("acknowledge", incident, expires_in="5s"))


def test_refuses_to_acknowledge_what_is_contained(pages, team):
    incident = an_incident(team, status="contained")
    response = pages.press("acknowledge", incident, version=incident.version)
    assert "What is: Resolve, Assign, Reopen, Merge, Split" in errors(response)


def test_acknowledges_several_at_once_and_names_those_that_it_cannot(pages, team, incident):
    other, done = opened(team, title="Other"), an_incident(team, status="closed")
    foreign = an_incident(a_team())
    response = pages.do_with("acknowledge", incident, other, done, foreign)
    texts = said(response)
    assert texts[0] == "Done with 2."
    assert done.reference in texts[1]
    foreign.refresh_from_db()
    assert foreign.status == "open"


def test_assigns_to_a_member_and_to_nobody_else(pages, team, incident):
    ben = a_person(team, name="Ben")
    pages.do("assign", incident, owner=str(ben.pk))
    incident.refresh_from_db()
    assert incident.owner == ben
    stranger = a_person(a_team())
    response = pages.do("assign", incident, owner=str(stranger.pk))
    assert "Select a valid choice" in errors(response)


def test_escalates_now_and_says_where_there_is_nothing_to_escalate(pages, team, incident):
    pages.do("escalate", incident)
    assert latest(incident, "incident.escalation_requested") is not None
    bare = an_incident(team)
    assert "no escalation policy" in errors(pages.do("escalate", bare))


def test_snoozes_until_a_time_of_the_persons_own_zone(team, clock):
    anna = a_person(team, time_zone="Europe/Moscow")
    incident = opened(team, owner=anna)
    until = clock.now().replace(microsecond=0) + timedelta(hours=5)
    local = until + timedelta(hours=3)
    AdminPages(anna).do("snooze", incident, **at("snoozed_until", local))
    incident.refresh_from_db()
    assert incident.snoozed_until == until
    response = AdminPages(anna).do("snooze", incident, **at("snoozed_until", clock.now()))
    assert "ends in the future" in errors(response)


def test_contains_resolves_closes_and_reopens(pages, incident, anna):
    pages.do("acknowledge", incident)
    pages.do("contain", incident)
    incident.refresh_from_db()
    assert incident.status == "contained"
    assert "required" in errors(pages.do("resolve", incident, resolution_note=" "))
    pages.do("resolve", incident, resolution_note="The batch was recalled.")
    pages.do("close", incident)
    incident.refresh_from_db()
    assert (incident.status, incident.resolution_note) == ("closed", "The batch was recalled.")
    pages.do("reopen", incident, reason="It goes on.")
    incident.refresh_from_db()
    assert incident.status == "open"
    assert set(Note.objects.values_list("text", flat=True)) == {
        "The batch was recalled.",
        "It goes on.",
    }
    assert "not possible" in errors(pages.press("contain", incident, version=incident.version))


def test_merges_with_an_incident_of_the_team_only(pages, team, incident):
    target = opened(team, title="The same")
    foreign = an_incident(a_team())
    response = pages.do("merge", incident, into=str(foreign.pk))
    assert "Select a valid choice" in errors(response)
    assert "Select a valid choice" in errors(pages.do("merge", incident, into=str(incident.pk)))
    pages.do("merge", incident, into=str(target.pk))
    incident.refresh_from_db()
    assert (incident.status, incident.merged_into) == ("merged", target)
    assert pages.open(incident).context["show_save"] is False


def test_splits_some_mentions_off_and_goes_to_the_new_incident(pages, team, incident):
    account = an_account(team)
    mention = a_mention(account, incident=incident)
    foreign = a_mention(an_account(a_team()))
    Incident.objects.filter(pk=incident.pk).update(mention_count=1, negative_count=1)
    typed = {"title": "Another thing", "category": "spam", "severity": 2}
    response = pages.do("split", incident, mention_ids=[str(foreign.pk)], **typed)
    assert "Select a valid choice" in errors(response)
    response = pages.do("split", incident, mention_ids=[str(mention.pk)], **typed)
    fresh = Incident.objects.get(title="Another thing")
    assert response.headers["Location"] == page("change", fresh)
    mention.refresh_from_db()
    assert mention.incident == fresh


def test_relates_two_incidents_and_takes_it_back(pages, team, incident):
    other = opened(team, title="Kin")
    pages.do("relate", incident, other=str(other.pk))
    assert "Kin" in pages.open(incident).content.decode()
    pages.do("unrelate", incident, other=str(other.pk))
    assert latest(incident, "incident.unrelated") is not None
    assert "Select a valid choice" in errors(pages.do("relate", incident, other=str(incident.pk)))


def test_keeps_a_note_and_refuses_an_empty_one(pages, incident, anna):
    pages.do("note", incident, text="The laboratory has it.\nResults on Friday.")
    note = Note.objects.get()
    assert (note.incident, note.actor) == (incident, the_actor(anna))
    assert "required" in errors(pages.do("note", incident, text=""))


@pytest.mark.parametrize("verb", ["acknowledge", "resolve", "merge", "note", "escalate"])
def test_a_viewer_does_none_of_it(team, incident, verb):
    pages = AdminPages(a_person(team, "viewer"))
    assert pages.offered(incident) == set()
    assert pages.press(verb, incident, version=incident.version).status_code == 403


def panel(response, name):
    return next(each for each in response.context["panels"] if each.name == name)


def text_of(panel):
    return "\n".join(" | ".join(str(cell) for cell in row) for row in panel.rows)


def test_shows_what_happened_in_sentences_with_names(pages, incident, anna):
    lifecycle.acknowledge(incident, by=the_actor(anna), owner=anna)
    shown = text_of(panel(pages.open(incident), "timeline"))
    assert "Acknowledged by Anna | Anna" in shown
    assert "Opened: product safety, high; responsible: Anna | the system" in shown
    assert "Reached: acknowledged after 0 min (target: 15 min)" in shown


def test_shows_reminders_sent_due_cancelled_and_parked(pages, team, anna, clock):
    incident = opened(team, owner=anna)
    engine.run_once()
    shown = text_of(panel(pages.open(incident), "reminders"))
    assert "sent" in shown
    assert "ahead" in shown
    assert ">Anna</a> console" in shown
    clock.move(minutes=6)
    assert ">due<" in text_of(panel(pages.open(incident), "reminders"))
    Reminder.objects.filter(incident=incident, round=1, step=2).update(
        status="parked", last_error="ValueError"
    )
    assert "ValueError" in text_of(panel(pages.open(incident), "reminders"))
    lifecycle.acknowledge(incident, by=SYSTEM, owner=anna)
    lifecycle.contain(incident, by=SYSTEM)
    lifecycle.resolve(incident, note="Over.", by=SYSTEM)
    assert ">cancelled<" in text_of(panel(pages.open(incident), "reminders"))


def test_shows_the_riskiest_mentions_and_marks_links_out(pages, team, incident):
    account = an_account(team)
    for risk in range(60):
        a_mention(account, incident=incident, risk=risk, text=f"<b>Risk {risk}</b>")
    a_mention(account, incident=incident, risk=99, text="Evil", url="javascript:alert(1)")
    Incident.objects.filter(pk=incident.pk).update(mention_count=61)
    response = pages.open(incident)
    mentions = panel(response, "mentions")
    assert len(mentions.rows) == 50
    assert mentions.rows[0][0] == 99
    assert mentions.note == "The riskiest 50 of 61."
    content = response.content.decode()
    assert 'href="javascript:' not in content
    assert "<b>Risk" not in content
    assert "&lt;b&gt;Risk 59" in content


def test_shows_milestones_in_minutes_against_their_targets(pages, team, anna, clock):
    incident = opened(team, owner=anna)
    clock.move(minutes=20)
    lifecycle.acknowledge(incident, by=SYSTEM, owner=anna)
    shown = text_of(panel(pages.open(incident), "milestones"))
    assert "acknowledged" in shown
    assert "| 20 | 15 |" in shown
    assert "missed" in shown


def test_costs_the_same_number_of_queries_however_much_has_happened(
    pages, team, incident, anna, django_assert_max_num_queries
):
    account = an_account(team)
    for number in range(15):
        a_mention(account, incident=incident, risk=number)
        lifecycle.assign(incident, owner=a_person(team), by=the_actor(anna))
    engine.run_once()
    pages.open(incident)
    with django_assert_max_num_queries(75):
        pages.open(incident)


def test_lists_incidents_with_filters_and_a_search_that_ignores_case(pages, team):
    mine = opened(team, title="Ёлка горит")
    an_incident(team, status="closed", title="Old")
    found = pages.list(Incident, q="елка").context["cl"].result_list
    assert [row.pk for row in found] == [mine.pk]
    found = pages.list(Incident, q=mine.reference).context["cl"].result_list
    assert [row.pk for row in found] == [mine.pk]
    found = pages.list(Incident, unresolved="yes").context["cl"].result_list
    assert [row.pk for row in found] == [mine.pk]
    found = pages.list(Incident, unresolved="nobodys").context["cl"].result_list
    assert [row.pk for row in found] == [mine.pk]


def test_shows_times_and_words_in_the_persons_zone_and_language(team):
    person = a_person(team, language="ru", time_zone="Europe/Moscow")
    with the_clock.frozen(the_clock.now().replace(year=2026, month=1, day=5, hour=22, minute=30)):
        incident = opened(team)
        response = AdminPages(person).open(incident)
    assert response.headers["Content-Language"] == "ru"
    assert "2026-01-06 01:30\u00a0MSK" in response.content.decode()


def test_deletes_nothing(pages, incident):
    assert pages.client.post(page("delete", incident), {"post": "yes"}).status_code == 403
    assert Mention.objects.count() == 0
    assert Incident.objects.filter(pk=incident.pk).exists()
