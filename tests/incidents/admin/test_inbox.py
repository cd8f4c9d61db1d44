"""What comes in and what is sent to people, in the admin."""

from datetime import timedelta

import pytest
from django.urls import reverse

from crisis_api.access.models import ContactPoint
from crisis_api.lib.actors import Actor
from incidents.models import (
    Account,
    Author,
    EngineHeartbeat,
    Event,
    Incident,
    Mention,
    Notification,
    PendingEvent,
    Post,
    Receipt,
    Reminder,
)
from incidents.services import lifecycle
from tests.factories.access import a_contact_point, a_person, a_team, the_actor
from tests.factories.admin import AdminPages, at, errors, page, said
from tests.factories.incidents import a_mention, a_policy, an_account, an_incident
from tests.factories.intake import a_receipt

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def manager(team):
    return a_person(team, "manager", name="Mara")


@pytest.fixture
def pages(manager):
    return AdminPages(manager)


def test_takes_in_what_somebody_pastes_by_the_way_of_everything_that_comes_in(pages, team, clock):
    account = an_account(team, handle="@lumelle")
    written = clock.now().replace(microsecond=0) - timedelta(minutes=5)
    response = pages.add(
        Mention,
        account=str(account.pk),
        text="This cream burned my face, terrible!",
        author_name="@irina",
        url="https://example.com/c/1",
        **at("written_at", written),
    )
    assert response.status_code == 302, errors(response)
    mention = Mention.objects.get()
    assert (mention.is_negative, mention.author.name, mention.written_at) == (
        True,
        "@irina",
        written,
    )
    assert Receipt.objects.get().actor == the_actor_of(pages)


def the_actor_of(pages):
    return Actor("user", pages.client.get(reverse("admin:index")).wsgi_request.user.pk)


def test_says_what_is_wrong_with_what_was_pasted(pages, team):
    account = an_account(team)
    response = pages.add(Mention, account=str(account.pk), text="Hello", post_url="not a link")
    assert errors(response) != ""
    assert not Mention.objects.exists()
    foreign = an_account(a_team())
    response = pages.add(Mention, account=str(foreign.pk), text="Hello")
    assert "Select a valid choice" in errors(response)


def test_a_mention_stays_as_it_was_written(pages, team, clock):
    mention = a_mention(an_account(team), text="As it was")
    until = clock.now().replace(microsecond=0) + timedelta(hours=2)
    response = pages.edit(mention, text="Changed", risk=0, **at("answer_by", until))
    assert response.status_code == 302, errors(response)
    mention.refresh_from_db()
    assert (mention.text, mention.answer_by) == ("As it was", until)


def test_puts_a_mention_into_an_incident_and_takes_it_out(pages, team):
    mention = a_mention(an_account(team))
    incident, foreign = an_incident(team), an_incident(a_team())
    response = pages.do("attach", mention, incident=str(foreign.pk))
    assert "Select a valid choice" in errors(response)
    pages.do("attach", mention, incident=str(incident.pk))
    mention.refresh_from_db()
    assert mention.incident == incident
    response = pages.do_with("detach", mention)
    assert "Done with 1." in said(response)
    mention.refresh_from_db()
    assert mention.incident is None


def test_finds_mentions_without_regard_to_case(pages, team):
    mention = a_mention(an_account(team), text="Ёлка ГОРИТ", search_text="елка горит")
    found = pages.list(Mention, q="ёлка горит").context["cl"].result_list
    assert list(found) == [mention]


def test_makes_and_changes_an_account_and_refuses_a_second_one(pages):
    assert pages.add(Account, handle="@lumelle").status_code == 302
    account = Account.objects.get()
    assert account.external_id == "lumelle"
    assert "has this account already" in errors(pages.add(Account, handle="@lumelle"))
    response = pages.edit(account, url="javascript:alert(1)")
    assert "Enter a valid URL" in errors(response)
    assert pages.edit(account, url="https://www.tiktok.com/@lumelle").status_code == 302
    account.refresh_from_db()
    assert account.url == "https://www.tiktok.com/@lumelle"


def test_notes_what_people_know_of_a_post_and_an_author(pages, team):
    known = {"team": team, "network": "manual"}
    post = Post.objects.create(**known, external_id="v1")
    author = Author.objects.create(**known, external_id="u1", name="@irina")
    assert pages.edit(post, reach=12_000, title="The video").status_code == 302
    assert pages.edit(author, kind="press", followers=5).status_code == 302
    post.refresh_from_db()
    author.refresh_from_db()
    assert (post.reach, post.title, author.kind) == (12_000, "The video", "press")
    assert "greater than or equal to 0" in errors(pages.edit(post, reach=-1))


def test_shows_a_receipt_escaped_with_what_could_not_be_read(pages, team):
    receipt = a_receipt(an_account(team), body=b"<script>alert(1)</script>\xff")
    Receipt.objects.filter(pk=receipt.pk).update(
        errors=[{"line": 3, "pointer": "/text", "code": "required"}]
    )
    content = pages.open(receipt).content.decode()
    assert "<script>alert(1)" not in content
    assert "&lt;script&gt;alert(1)" in content
    assert "required" in content
    assert pages.client.post(page("change", receipt), {}).status_code == 403


@pytest.fixture
def incident(team, manager):
    a_contact_point(manager)
    opened = lifecycle.open_incident(
        team=team,
        category="spam",
        severity=3,
        title="Spam",
        by=the_actor(manager),
        owner=manager,
        policy=a_policy(team),
    )
    return opened.incident


def test_tries_a_parked_reminder_again_one_or_several(pages, incident):
    reminder = Reminder.objects.filter(incident=incident).first()
    assert pages.offered(reminder) == set()
    Reminder.objects.filter(pk=reminder.pk).update(status="parked", attempts=5)
    pages.do("retry", reminder)
    reminder.refresh_from_db()
    assert (reminder.status, reminder.attempts) == ("pending", 0)
    Reminder.objects.filter(pk=reminder.pk).update(status="cancelled")
    response = pages.press("retry", reminder, version=reminder.version)
    assert "not possible in the present status" in errors(response)
    response = pages.do_with("retry", reminder)
    assert any("not possible in the present status" in text for text in said(response))


def test_tries_again_what_follows_from_a_parked_event(pages, incident):
    waiting = PendingEvent.objects.filter(event__incident=incident).first()
    PendingEvent.objects.filter(pk=waiting.pk).update(parked_at=incident.opened_at, attempts=5)
    waiting.refresh_from_db()
    assert pages.offered(waiting) == {"retry"}
    response = pages.do("retry", waiting)
    assert response.status_code == 302
    assert response.url == reverse("admin:incidents_pendingevent_changelist")
    waiting.refresh_from_db()
    assert (waiting.parked_at, waiting.attempts) == (None, 0)
    assert incident.events.filter(kind="reaction.retried").count() == 1


@pytest.mark.parametrize("model", [Reminder, Notification, PendingEvent, Incident])
def test_refuses_to_do_something_with_what_is_no_row(pages, model):
    typed = {"action": "bulk_retry", "_selected_action": ["zzz"]}
    answer = pages.client.post(page("changelist", model), typed)
    assert answer.status_code in (302, 400)


def a_dead_message(team, owner, incident, **values):
    now = incident.opened_at
    point = a_contact_point(owner, kind="email", address="mara@example.com")
    given = {"contact_point": point, "status": "dead", "planned_at": now, "due_at": now, **values}
    return Notification.objects.create(
        team=team, owner=owner, incident=incident, dedup_key="dead", attempts=3, **given
    )


def test_sends_a_dead_message_again_and_says_where_nothing_is_left(pages, team, manager, incident):
    message = a_dead_message(team, manager, incident)
    assert "m***@example.com" in pages.open(message).content.decode()
    assert pages.offered(message) == {"retry"}
    ContactPoint.objects.all().update(disabled_at=incident.opened_at)
    assert "no contact point left" in errors(pages.do("retry", message))
    ContactPoint.objects.all().update(disabled_at=None)
    pages.do("retry", message)
    message.refresh_from_db()
    assert message.status == "pending"


def test_a_viewer_sends_nothing_again(team, manager, incident):
    message = a_dead_message(team, manager, incident)
    pages = AdminPages(a_person(team, "viewer"))
    assert pages.offered(message) == set()
    assert pages.press("retry", message, version=message.version).status_code == 403


def test_tries_a_contact_point_and_says_when_it_was_just_used(pages, manager, settings):
    settings.DEMO = True
    point = a_contact_point(manager)
    assert "test" in pages.offered(point)
    response = pages.do("test", point)
    assert response.status_code == 302, errors(response)
    point.refresh_from_db()
    assert point.last_success_at is not None
    assert "was just used" in errors(pages.do("test", point))


def test_the_first_page_counts_what_needs_somebody_in_the_persons_teams(
    pages, team, manager, clock
):
    other = a_team()
    an_incident(team, severity="critical", owner=manager)
    an_incident(team, severity="low")
    an_incident(other, severity="critical")
    an_incident(team, severity="critical", status="closed")
    a_mention(an_account(team))
    a_mention(an_account(other))
    cards = {card.name: card for card in pages.get(reverse("admin:index")).context["cards"]}
    figures = {name: card.figure for name, card in cards.items()}
    assert figures["incidents_critical"] == 1
    assert figures["incidents_low"] == 1
    assert figures["without_owner"] == 1
    assert figures["unanswered"] == 1
    assert (figures["dead_letters"], figures["parked"]) == (0, 0)
    assert figures["engine"] == "silent"
    EngineHeartbeat.objects.create(
        name="e1", started_at=clock.now(), ticked_at=clock.now(), version="1"
    )
    cards = {card.name: card for card in pages.get(reverse("admin:index")).context["cards"]}
    assert cards["engine"].figure == "ticks"
    for card in cards.values():
        assert pages.client.get(card.url).status_code == 200, card.name


def test_the_card_of_unanswered_mentions_leads_to_those_it_counts(pages, team, clock):
    account = an_account(team)
    a_mention(account, written_at=clock.now() - timedelta(hours=25))
    a_mention(account, written_at=clock.now(), deleted_at=clock.now())
    a_mention(account, written_at=clock.now(), is_negative=False)
    waiting = a_mention(account, written_at=clock.now())
    cards = {card.name: card for card in pages.get(reverse("admin:index")).context["cards"]}
    assert cards["unanswered"].figure == 1
    shown = pages.get(cards["unanswered"].url).context["cl"].queryset
    assert [row.pk for row in shown] == [waiting.pk]


def test_the_first_page_counts_dead_and_parked_rows(pages, team, manager, incident):
    a_dead_message(team, manager, incident)
    Reminder.objects.filter(incident=incident, step=1).update(status="parked")
    PendingEvent.objects.filter(event__incident=incident).update(parked_at=incident.opened_at)
    parked = PendingEvent.objects.count()
    cards = {card.name: card for card in pages.get(reverse("admin:index")).context["cards"]}
    assert cards["dead_letters"].figure == 1
    assert cards["parked"].figure == 1 + parked
    assert len(pages.list(PendingEvent).context["cl"].result_list) == parked


def test_lists_the_events_of_one_incident(pages, team, incident):
    other = an_incident(team)
    found = pages.list(Event, incident=str(incident.pk)).context["cl"].result_list
    assert {event.incident_id for event in found} == {incident.pk}
    assert not pages.list(Event, incident=str(other.pk)).context["cl"].result_list
    assert Incident.objects.count() == 2
