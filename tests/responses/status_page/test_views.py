"""What the public sees."""

import base64
import hashlib
import json
import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from crisis_api import triggers
from responses.models import Revision, StatusPage
from responses.services import publications, reviews, statements, status_pages
from responses.status_page import reads
from tests.factories.access import a_person, a_team, the_actor
from tests.factories.incidents import an_incident
from tests.factories.responses import (
    a_page,
    a_published_statement,
    a_retracted_statement,
    a_statement,
    a_statement_in_review,
    an_approved_statement,
    some_texts,
)

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def team():
    return a_team(name="Lumelle", slug="lumelle", time_zone="Europe/Moscow")


@pytest.fixture
def page(team):
    return a_page(team)


def get(client, path="", **headers):
    return client.get(f"/status/lumelle/{path}", headers=headers)


def text(response):
    return response.content.decode()


def publish(statement):
    by = the_actor(a_person(statement.team))
    return publications.publish(statement, targets=["status_page"], by=by)


def published_correction(statement, words="Corrected"):
    author, approver = a_person(statement.team), a_person(statement.team, "approver")
    correction = statements.correct(
        statement, texts=some_texts(words), by=the_actor(author), author=author
    )
    reviews.submit(correction, by=the_actor(author), author=author)
    return publish(reviews.approve(correction, by=the_actor(approver), approver=approver))


# Whether it is there


@pytest.mark.parametrize("path", ["", "feed.atom", "feed.json"])
def test_a_page_that_is_off_is_like_one_that_does_not_exist(path, team, client):
    a_published_statement(team)
    StatusPage.objects.update(is_enabled=False)

    off, unknown = get(client, path), client.get(f"/status/nobody/{path}")
    assert (off.status_code, unknown.status_code) == (404, 404)
    assert off.content == unknown.content


def test_a_page_without_statements_says_so(page, client):
    assert "Nothing has been published here yet." in text(get(client))


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_is_only_read(method, page, client):
    assert getattr(client, method)("/status/lumelle/").status_code == 405


# What is shown


def test_shows_what_is_published_and_nothing_else(team, page, client):
    a_statement(team, texts=some_texts("Drafted"))
    a_statement_in_review(team, texts=some_texts("Reviewed"))
    an_approved_statement(team, texts=some_texts("Approved"))
    a_published_statement(team, texts=some_texts("Published"))
    other = a_team()
    a_published_statement(other, texts=some_texts("Elsewhere"))

    for path in ("", "feed.atom", "feed.json"):
        shown = text(get(client, path))
        assert "We say: Published" in shown
        for hidden in ("Drafted", "Reviewed", "Approved", "Elsewhere"):
            assert hidden not in shown


def test_tells_nothing_of_the_incident_or_of_people(team, page, client):
    incident = an_incident(team, title="Secret title", reference="CR-2026-0142")
    author = a_person(team, name="Anna Author")
    statement = a_published_statement(team, incident=incident, author=author)
    publications.retract(
        statement, reason="Our lawyer insists", public_reason="error", by=the_actor(author)
    )
    hidden = [
        "Secret title",
        "CR-2026-0142",
        "Anna Author",
        "Our lawyer insists",
        str(incident.pk),
        str(author.pk),
        str(statement.revision_id),
        str(page.pk),
        str(team.pk),
    ]
    for path in ("", f"{statement.pk}/", "feed.atom", "feed.json"):
        shown = text(get(client, path))
        assert [each for each in hidden if each in shown] == []


@pytest.mark.parametrize("make", [a_statement, a_statement_in_review, an_approved_statement])
def test_an_unpublished_statement_has_no_address(make, team, page, client):
    assert get(client, f"{make(team).pk}/").status_code == 404


def test_a_statement_has_its_address_at_its_own_team_only(team, page, client):
    statement = a_published_statement(a_team())

    assert get(client, f"{statement.pk}/").status_code == 404


def test_newest_first_and_what_is_about_one_matter_together(team, page, client, clock):
    one, other = an_incident(team), an_incident(team)
    for name, incident in (("A1", one), ("B1", other), ("A2", one), ("B2", other)):
        a_published_statement(team, incident=incident, texts=some_texts(name))
        clock.move(minutes=1)

    shown = re.findall(r"We say: (\w\d)", text(get(client)))
    assert shown == ["B2", "B1", "A2", "A1"]


def test_older_statements_are_on_further_pages(team, page, client, monkeypatch):
    monkeypatch.setattr(reads, "PAGE_SIZE", 2)
    incident = an_incident(team)
    for number in range(5):
        a_published_statement(team, incident=incident, texts=some_texts(f"N{number}"))

    seen, path = [], ""
    while path is not None:
        shown = text(get(client, path))
        seen.append(re.findall(r"We say: (N\d)", shown))
        found = re.search(r'href="(\?before=[^"]+)"', shown)
        path = found[1].replace("&amp;", "&") if found else None
    assert seen == [["N4", "N3"], ["N2", "N1"], ["N0"]]

    feed = json.loads(text(get(client, "feed.json")))
    older = client.get(feed["next_url"].removeprefix("http://testserver")).json()
    assert [item["title"][:2] for item in older["items"]] == ["N2", "N1"]


@pytest.mark.parametrize("before", ["0", "-1", "x", "9" * 30, "1.5", "٣"])
def test_any_number_is_taken_calmly(before, team, page, client):
    a_published_statement(team)

    assert get(client, f"?before={before}").status_code == 200


def test_times_are_in_utc_and_in_the_teams_zone(team, page, client, clock):
    clock.set(datetime(2026, 12, 31, 21, 30, tzinfo=UTC))
    a_published_statement(team, next_update_at=clock.now() + timedelta(minutes=30))

    shown = text(get(client))
    assert "31 December 2026, 21:30 UTC (1 January, 00:30, Europe/Moscow)" in shown
    assert 'datetime="2026-12-31T21:30:00Z"' in shown
    assert 'Next update by <time datetime="2026-12-31T22:00:00Z">' in shown


@pytest.mark.parametrize("kind", ["apology", "update"])
def test_says_what_kind_of_statement_it_is(kind, team, page, client):
    a_published_statement(team, kind=kind)

    assert f'<span class="kind">{kind.capitalize()}</span>' in text(get(client))


def test_a_withdrawn_statement_is_shown_as_withdrawn(team, page, client):
    statement = a_retracted_statement(team, texts=some_texts("Gone"))
    for path in ("", f"{statement.pk}/"):
        shown = text(get(client, path))
        assert "Withdrawn" in shown
        assert "It contained an error." in shown
        assert "The batch number was wrong" not in shown
        assert re.search(r"<details>.*We say: Gone.*</details>", shown, re.DOTALL)


def test_a_statement_with_personal_data_is_not_spread_any_further(team, page, client):
    statement = a_retracted_statement(
        team, texts=some_texts("Anna, 7"), public_reason="personal_data"
    )
    for path in ("", f"{statement.pk}/", "feed.atom", "feed.json"):
        shown = text(get(client, path))
        assert "Anna" not in shown
        assert "It contained personal data." in shown


def test_a_correction_and_what_it_corrects_lead_to_each_other(team, page, client):
    old = a_published_statement(team)
    assert "corrected" not in text(get(client))
    new = published_correction(old)

    at_old, at_new = text(get(client, f"{old.pk}/")), text(get(client, f"{new.pk}/"))
    assert f'href="/status/lumelle/{new.pk}/">This was corrected' in at_old
    assert f'href="/status/lumelle/{old.pk}/">This corrects' in at_new
    whole = text(get(client))
    assert "This was corrected" in whole
    assert "This corrects" in whole


def test_a_withdrawn_correction_corrects_nothing(team, page, client):
    old = a_published_statement(team)
    new = published_correction(old)
    publications.retract(new, reason="Wrong.", by=the_actor(a_person(team)))

    assert "This was corrected" not in text(get(client, f"{old.pk}/"))


def test_words_that_were_not_approved_are_not_shown_whatever_the_database_says(
    team, page, client, caplog
):
    """Somebody took the guards off and changed a published text."""
    statement = a_published_statement(team, texts=some_texts("Approved"))
    triggers.drop(connection)
    Revision.objects.filter(pk=statement.revision_id).update(texts=some_texts("Forged"))
    triggers.create(connection)

    for path in ("", "feed.atom", "feed.json"):
        assert "Forged" not in text(get(client, path))
    assert get(client, f"{statement.pk}/").status_code == 404
    assert str(statement.pk) in caplog.text


# Languages


def test_speaks_the_language_asked_for(team, page, client):
    a_published_statement(team, texts=some_texts("Both", "en", "ru"))

    assert "Both (en)" in text(get(client, "?lang=en"))
    assert "Both (ru)" in text(get(client, "?lang=ru"))
    assert "Both (ru)" in text(get(client, **{"accept-language": "de, ru-RU;q=0.8, en;q=0.5"}))
    assert "Both (en)" in text(get(client, "?lang=en", **{"accept-language": "ru"}))
    assert "Both (en)" in text(get(client, "?lang=xx", **{"accept-language": "fr"}))


def test_speaks_the_teams_language_to_whoever_names_none(client):
    team = a_team(slug="lumelle", language="ru")
    a_published_statement(team, texts=some_texts("Both", "en", "ru"))
    response = get(client)

    assert response.headers["Content-Language"] == "ru"
    assert "Both (ru)" in text(response)
    assert "Заявление" in text(response)


def test_a_statement_in_one_language_is_shown_to_all(team, page, client):
    a_published_statement(team, texts=some_texts("Only", "ru"))

    assert '<article lang="ru">' in text(get(client, "?lang=en"))
    assert "Only (ru)" in text(get(client, "?lang=en"))


def test_a_cookie_does_not_choose_the_language(team, page, client):
    """A proxy keeps one copy for all who send the same Accept-Language."""
    client.cookies["django_language"] = "ru"
    response = get(client)

    assert response.headers["Content-Language"] == "en"


# Safety


@pytest.mark.parametrize("part", ["title", "body"])
def test_no_words_become_markup(part, team, page, client):
    attack = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    texts = {"en": {"title": "T", "body": "B", part: attack}}
    statement = a_published_statement(team, texts=texts)
    for field in ("title_en", "intro_en", "contact"):
        StatusPage.objects.update(**{field: attack})
    for path in ("", f"{statement.pk}/"):
        shown = text(get(client, path))
        assert "<script" not in shown
        assert "<img" not in shown
    ET.fromstring(text(get(client, "feed.atom")))  # noqa: S314  our own
    assert "<script" not in json.loads(text(get(client, "feed.json")))["items"][0]["content_html"]


def test_allows_nothing_but_its_own_style(team, page, client):
    response = get(client)
    policy = response.headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "<script" not in text(response)
    assert not re.search(r' (style|on\w+)="', text(response))
    assert re.findall(r'(?:src|href)="(https?://[^"]+)"', text(response)) == [
        "http://testserver/status/lumelle/",
        "http://testserver/status/lumelle/?lang=en",
        "http://testserver/status/lumelle/?lang=ru",
    ]


def test_its_style_is_the_one_that_its_policy_names(page, client):
    response = get(client)
    style = re.search(r"<style>(.*)</style>", text(response), re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["", "feed.atom", "feed.json"])
def test_sets_no_cookie_and_depends_on_none(path, team, page, client):
    response = get(client, path)

    assert not response.cookies
    assert response.headers["Vary"] == "Accept-Language"
    assert response.headers["Cache-Control"].startswith("public, max-age=15")


# Under load


@pytest.mark.parametrize("path", ["", "feed.atom", "feed.json"])
def test_takes_two_queries_however_much_there_is(
    path, team, page, client, django_assert_num_queries
):
    for _ in range(5):
        a_retracted_statement(team)
        published_correction(a_published_statement(team))
    with django_assert_num_queries(2):
        get(client, path)


def test_one_query_is_enough_to_say_that_nothing_changed(
    team, page, client, django_assert_num_queries
):
    a_published_statement(team)
    tag = get(client).headers["ETag"]
    with django_assert_num_queries(1):
        response = get(client, **{"if-none-match": tag})

    assert response.status_code == 304
    assert response.headers["ETag"] == tag


@pytest.mark.parametrize("path", ["", "feed.atom", "feed.json"])
def test_whatever_changes_what_is_shown_changes_the_tag(path, team, page, client):
    manager = a_person(team, "manager")
    incident = an_incident(team)
    tags = [get(client, path).headers["ETag"]]

    def note():
        tags.append(get(client, path).headers["ETag"])

    statement = a_published_statement(team, incident=incident)
    note()
    published_correction(statement)
    note()
    publications.retract(statement, reason="Wrong.", by=the_actor(manager))
    note()
    status_pages.change(team, by=the_actor(manager), title_en="Another")
    note()
    type(team).objects.filter(pk=team.pk).change(time_zone="UTC")
    note()
    tags.append(get(client, f"{path}?lang=ru").headers["ETag"])
    tags.append(get(client, f"{path}?before=1").headers["ETag"])

    assert len(set(tags)) == len(tags)


def test_what_changed_this_second_is_not_dated_yet(team, page, client, clock):
    """HTTP dates have whole seconds; a second change in the same one would go unseen."""
    a_published_statement(team)
    assert "Last-Modified" not in get(client).headers
    clock.move(seconds=3)

    modified = get(client).headers["Last-Modified"]
    assert get(client, **{"if-modified-since": modified}).status_code == 304


# The feeds


def entries(client, query=""):
    feed = ET.fromstring(text(get(client, f"feed.atom{query}")))  # noqa: S314  our own
    return feed, feed.findall(f"{ATOM}entry")


def terms(entry):
    return {each.get("scheme"): each.get("term") for each in entry.findall(f"{ATOM}category")}


def test_the_feed_is_numbered_in_the_order_of_publication(team, page, client, clock):
    for _ in range(3):
        a_published_statement(team)
        clock.move(minutes=1)
    _feed, found = entries(client)

    assert [terms(entry)["urn:crisis-api:feed-number"] for entry in found] == ["3", "2", "1"]


def test_an_entry_keeps_its_id_and_a_withdrawal_renews_it(team, page, client, clock):
    first = a_published_statement(team)
    a_published_statement(team)
    published = clock.now()
    clock.move(minutes=5)
    publications.retract(first, reason="Wrong.", by=the_actor(a_person(team)))
    feed, found = entries(client)

    assert len(found) == 2
    assert found[0].findtext(f"{ATOM}id") == f"urn:uuid:{first.pk}"
    assert terms(found[0])["urn:crisis-api:statement-status"] == "retracted"
    assert terms(found[0])["urn:crisis-api:feed-number"] == "3"
    moments = [found[0].findtext(f"{ATOM}{name}") for name in ("published", "updated")]
    assert moments == [
        f"{at:%Y-%m-%dT%H:%M:%S}Z" for at in (published, published + timedelta(minutes=5))
    ]
    assert feed.findtext(f"{ATOM}updated") == moments[1]


def test_the_feed_has_what_atom_asks_for(team, page, client):
    a_published_statement(team, texts=some_texts("Both", "en", "ru"))
    feed, (entry,) = entries(client, "?lang=ru")

    for name in ("id", "title", "updated", "author"):
        assert feed.find(f"{ATOM}{name}") is not None
    for name in ("id", "title", "updated", "published", "content", "link"):
        assert entry.find(f"{ATOM}{name}") is not None
    assert entry.get("{http://www.w3.org/XML/1998/namespace}lang") == "ru"
    assert entry.findtext(f"{ATOM}title") == "Both (ru)"
    assert "We say: Both (ru)" in entry.findtext(f"{ATOM}content")


def test_the_json_feed_says_the_same(team, page, client):
    statement = a_retracted_statement(team)
    response = get(client, "feed.json")
    (item,) = response.json()["items"]

    assert response.headers["Content-Type"] == "application/feed+json; charset=utf-8"
    assert response.json()["version"] == "https://jsonfeed.org/version/1.1"
    assert item["id"] == f"urn:uuid:{statement.pk}"
    assert item["url"] == f"http://testserver/status/lumelle/{statement.pk}/"
    assert item["title"].startswith("Withdrawn: ")
    assert item["_crisis_api"] == {"number": 2, "status": "retracted"}
