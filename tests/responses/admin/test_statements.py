"""Statements in the admin: written by one, approved by another, published, withdrawn."""

from datetime import timedelta

import pytest

from incidents.models import Event, Reminder
from responses.models import Remark, Revision, Statement
from tests.factories.access import a_person, a_team, the_actor
from tests.factories.admin import AdminPages, at, errors, fields, page, verb_page
from tests.factories.incidents import an_incident
from tests.factories.responses import (
    a_page,
    a_published_statement,
    a_statement,
    a_statement_in_review,
    an_approved_statement,
    some_texts,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def anna(team):
    return a_person(team, name="Anna")


@pytest.fixture
def vera(team):
    return a_person(team, "approver", name="Vera")


@pytest.fixture
def pages(anna):
    return AdminPages(anna)


def events_of(statement):
    return [
        (event.kind, event.actor)
        for event in Event.objects.filter(subject_id=statement.pk).order_by("id")
    ]


def test_goes_from_the_draft_to_the_public_page_by_two_people(team, anna, vera):
    incident = an_incident(team)
    a_page(team)
    writer, reviewer = AdminPages(anna), AdminPages(vera)
    response = writer.add(
        Statement,
        incident=str(incident.pk),
        kind="holding",
        title_en="What we know",
        body_en="We stopped the sale.\r\n\r\nMore at six.",
    )
    assert response.status_code == 302, errors(response)
    statement = Statement.objects.get()
    assert statement.revision.texts == {
        "en": {"title": "What we know", "body": "We stopped the sale.\n\nMore at six."}
    }
    writer.do("submit", statement)
    assert "We stopped the sale." in reviewer.get(verb_page("approve", statement)).content.decode()
    reviewer.do("approve", statement)
    writer.do("publish", statement, targets=["status_page"])
    statement.refresh_from_db()
    assert statement.status == "published"
    assert events_of(statement) == [
        ("statement.drafted", the_actor(anna)),
        ("statement.submitted", the_actor(anna)),
        ("statement.approved", the_actor(vera)),
        ("statement.published", the_actor(anna)),
    ]


def test_asks_for_a_title_and_a_text_in_some_language(pages, team):
    incident = an_incident(team)
    response = pages.add(Statement, incident=str(incident.pk), kind="holding")
    assert "at least one language" in errors(response)
    response = pages.add(Statement, incident=str(incident.pk), kind="holding", title_ru="Тема")
    assert "This may not be blank" in errors(response)
    assert not Statement.objects.exists()


def test_writes_about_incidents_of_the_team_only(pages):
    foreign = an_incident(a_team())
    response = pages.add(
        Statement, incident=str(foreign.pk), kind="holding", title_en="T", body_en="B"
    )
    assert "Select a valid choice" in errors(response)


def test_a_change_is_a_new_wording_and_makes_it_a_draft_again(pages, team, anna):
    statement = a_statement_in_review(team, author=anna)
    response = pages.edit(statement, body_en="Other words.")
    assert response.status_code == 302, errors(response)
    statement.refresh_from_db()
    assert (statement.status, statement.revision.number) == ("draft", 2)
    assert not Reminder.objects.pending().filter(kind="approval_needed").exists()


def test_a_form_sent_unchanged_makes_no_new_wording(pages, team, anna, clock):
    promised = clock.now().replace(microsecond=123) + timedelta(hours=2)
    texts = some_texts("Two lines", "en", "ru")
    texts["en"]["body"] = "One.\n\n  Two, indented.\n"
    statement = a_statement(team, author=anna, texts=texts, next_update_at=promised)
    statement.refresh_from_db()
    assert pages.edit(statement).status_code == 302
    assert Revision.objects.count() == 1


def test_refuses_to_overwrite_what_somebody_else_wrote_meanwhile(pages, team, anna):
    statement = a_statement(team, author=anna)
    typed = fields(pages.open(statement))
    pages.edit(statement, body_en="First.")
    response = pages.client.post(page("change", statement), {**typed, "body_en": "Second."})
    assert "Somebody changed this" in errors(response)
    assert response.context["adminform"].form["body_en"].value() == "Second."
    assert Revision.objects.filter(statement=statement).count() == 2


def test_refuses_the_word_of_an_author(team, anna, vera):
    statement = a_statement_in_review(team, author=vera)
    assert "wrote or submitted" in errors(AdminPages(vera).do("approve", statement))
    assert AdminPages(anna).press("approve", statement, version=1).status_code == 403
    statement.refresh_from_db()
    assert statement.status == "in_review"


def test_approves_the_wording_that_was_read_and_no_later_one(team, anna, vera):
    statement = a_statement_in_review(team, author=anna)
    read = statement.version
    AdminPages(anna).edit(statement, body_en="Something else.")
    AdminPages(anna).do("submit", statement)
    response = AdminPages(vera).press("approve", statement, version=read)
    assert "Somebody changed this" in errors(response)
    response = AdminPages(vera).press("approve", statement)
    assert "so that it is known what you have read" in response.content.decode()
    statement.refresh_from_db()
    assert statement.status == "in_review"


def test_asks_for_changes_with_words(team, anna, vera):
    statement = a_statement_in_review(team, author=anna)
    pages = AdminPages(vera)
    assert "required" in errors(pages.do("request_changes", statement, text=" "))
    pages.do("request_changes", statement, text="Name the batch.")
    statement.refresh_from_db()
    assert statement.status == "draft"
    assert Remark.objects.get().text == "Name the batch."
    assert "Name the batch." in pages.open(statement).content.decode()
    response = pages.press("request_changes", statement, text="x", version=statement.version)
    assert "What is: Submit for review" in errors(response)


def test_publishes_where_it_is_told_and_nowhere_by_default(pages, team, anna, vera):
    statement = an_approved_statement(team, author=anna, approver=vera)
    assert "required" in errors(pages.do("publish", statement))
    response = pages.do("publish", statement, targets=["status_page"])
    assert "public page is not turned on" in errors(response)
    a_page(team)
    pages.do("publish", statement, targets=["status_page"])
    statement.refresh_from_db()
    assert statement.status == "published"


def test_publishes_nothing_unapproved(pages, team, anna):
    a_page(team)
    statement = a_statement_in_review(team, author=anna)
    assert "publish" not in pages.offered(statement)
    response = pages.press("publish", statement, targets=["status_page"], version=statement.version)
    assert "not possible in the present status" in errors(response)
    statement.refresh_from_db()
    assert statement.status == "in_review"


def test_withdraws_for_a_reason(pages, team):
    statement = a_published_statement(team)
    assert "required" in errors(pages.do("retract", statement))
    pages.do("retract", statement, reason="The batch was another.", public_reason="error")
    statement.refresh_from_db()
    assert (statement.status, statement.public_reason) == ("retracted", "error")
    response = pages.press("publish", statement, targets=["status_page"], version=statement.version)
    assert "not possible" in errors(response)


def test_corrects_by_a_new_draft_and_goes_there(pages, team, clock):
    statement = a_published_statement(team)
    response = pages.do("correct", statement, title_en="Put right", body_en="It was batch 0428.")
    fresh = Statement.objects.get(corrects=statement)
    assert response.headers["Location"] == page("change", fresh)
    assert fresh.revision.texts["en"]["title"] == "Put right"
    past = at("next_update_at", clock.now() - timedelta(hours=1))
    assert "in the past" in errors(pages.do("correct", statement, **past))
    assert pages.edit(fresh, body_en="It was batch 0429.").status_code == 302
    fresh.refresh_from_db()
    assert (fresh.kind, fresh.revision.number) == ("correction", 2)


def test_what_is_published_is_read_and_not_edited(pages, team):
    statement = a_published_statement(team, texts=some_texts("<b>Bold</b>"))
    response = pages.open(statement)
    assert response.context["show_save"] is False
    assert "&lt;b&gt;Bold" in response.content.decode()
    assert "<b>Bold" not in response.content.decode()
    assert pages.client.post(page("change", statement), {}).status_code == 403


@pytest.mark.parametrize(
    ("make", "role", "buttons"),
    [
        (a_statement, "responder", {"submit"}),
        (a_statement_in_review, "approver", {"approve", "request_changes"}),
        (a_statement_in_review, "responder", set()),
        (an_approved_statement, "responder", {"publish"}),
        (an_approved_statement, "legal", {"request_changes"}),
        (a_published_statement, "responder", {"retract", "correct"}),
        (a_published_statement, "viewer", set()),
    ],
)
def test_offers_what_status_and_role_allow(team, make, role, buttons):
    statement = make(team)
    assert AdminPages(a_person(team, role)).offered(statement) == buttons


def test_shows_on_the_incidents_page_what_is_said_of_it(pages, team, anna):
    incident = an_incident(team)
    a_statement(team, author=anna, incident=incident, texts=some_texts("Our words"))
    panels = {each.name: each for each in pages.open(incident).context["panels"]}
    assert "Our words" in str(panels["statements"].rows)
    assert str(incident.pk) in panels["statements"].links[0].url
    assert pages.get(panels["statements"].links[0].url).status_code == 200
    viewer = AdminPages(a_person(team, "viewer"))
    panels = {each.name: each for each in viewer.open(incident).context["panels"]}
    assert panels["statements"].links == []


def test_offers_approving_to_nobody_who_wrote_it(team, vera):
    author = a_person(team, "approver")
    statement = a_statement_in_review(team, author=author)
    assert "approve" in AdminPages(vera).offered(statement)
    assert "approve" not in AdminPages(author).offered(statement)


def test_names_the_language_of_each_field_of_a_correction(team, vera):
    statement = a_published_statement(team)
    response = AdminPages(vera).get(verb_page("correct", statement))
    labels = [str(field.label) for field in response.context["form"].visible_fields()]
    assert {"Title in English", "Text in English", "Title in Russian"} <= set(labels)


def test_leads_to_where_a_published_statement_is_read(team, vera):
    statement = a_published_statement(team)
    address = f"/status/{team.slug}/{statement.pk}/"
    assert address in AdminPages(vera).open(statement).content.decode()
    assert f"/status/{team.slug}/" not in AdminPages(vera).open(a_statement(team)).content.decode()
