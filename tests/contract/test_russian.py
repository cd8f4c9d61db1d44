"""Staff who read Russian meet no English of ours, on any page of the admin or in any title."""

import re
from functools import cache
from html.parser import HTMLParser
from typing import Any

import polib
import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.utils import translation
from django.utils.text import capfirst

from crisis_api.access.models import Owner
from crisis_api.access.permissions import Scope
from incidents.models import Incident
from tests.contract.test_admin import rows_of
from tests.contract.world import World
from tests.factories.access import a_person, a_team
from tests.factories.admin import AdminPages, page
from tests.factories.incidents import an_account
from tests.factories.intake import a_burst, a_storm_rule, received

pytestmark = pytest.mark.django_db

NOUNS = sorted(admin.site._registry, key=lambda model: model._meta.label)
SHOWN = {"title", "placeholder", "aria-label", "alt"}
# Stored as they are, and the same word in every language; names of languages are their own.
CODES = {*map(str, Scope), "console", "other", "English", "id", "ID", "SHA-256"}


class Page(HTMLParser):
    """Gathers what a page shows or reads aloud; symbols are words only to the font."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.said: set[str] = set()
        self.language = ""
        self._silent = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "html":
            self.language = given.get("lang") or ""
        symbol = "material-symbols" in (given.get("class") or "")
        if not self._silent and (symbol or tag in ("script", "style")):
            self._silent = tag
        self._say(*(given.get(name) for name in SHOWN))
        if given.get("type") in ("submit", "button"):
            self._say(given.get("value"))

    def handle_endtag(self, tag: str) -> None:
        if tag == self._silent:
            self._silent = ""

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._say(data)

    def _say(self, *texts: str | None) -> None:
        self.said |= {" ".join(text.split()).rstrip(":") for text in texts if text}


@cache
def english() -> frozenset[str]:
    """Return what only an untranslated page says: texts, and names that Django makes of code."""
    catalogue = polib.pofile(str(settings.BASE_DIR / "locale/ru/LC_MESSAGES/django.po"))
    said = {" ".join(entry.msgid.split()) for entry in catalogue}
    with translation.override("en"):
        for model in apps.get_models():
            said |= {str(model._meta.verbose_name), str(model._meta.verbose_name_plural)}
            said |= {str(getattr(field, "verbose_name", "")) for field in model._meta.get_fields()}
    said = {text.rstrip(":") for text in said} - CODES
    return frozenset(
        each for text in said if re.search("[A-Za-z]{2}", text) for each in (text, capfirst(text))
    )


@pytest.fixture
def reader(world: World) -> Owner:
    """A manager who reads Russian, with a browser that asks for English."""
    manager = world.people["manager"]
    Owner.objects.filter(pk=manager.pk).update(language="ru")
    return manager


def untranslated(pages: AdminPages, url: str) -> set[str]:
    response = pages.client.get(url, headers={"Accept-Language": "en"})
    if response.status_code != 200:
        return set()
    shown = Page(response.content.decode())
    assert shown.language == "ru", url
    return shown.said & english()


@pytest.mark.parametrize("model", NOUNS, ids=lambda model: model._meta.label)
def test_every_page_of_a_noun_is_in_russian(world: World, reader: Owner, model: Any) -> None:
    pages = AdminPages(reader)
    urls = [page("changelist", model), page("add", model)]
    if any(field.name == "team" for field in model._meta.fields) or model is Owner:
        urls += [page("change", row) for row in rows_of(model, world.team)[:2]]
    assert {url: said for url in urls if (said := untranslated(pages, url))} == {}


def test_every_verb_of_an_incident_is_in_russian(world: World, reader: Owner) -> None:
    pages = AdminPages(reader)
    for incident in Incident.objects.filter(team=world.team):
        for verb in pages.offered(incident):
            url = page("change", incident).replace("/change/", f"/{verb}/")
            assert untranslated(pages, url) == set(), url


def test_the_first_page_is_in_russian(world: World, reader: Owner) -> None:
    assert untranslated(AdminPages(reader), "/admin/") == set()


def test_the_page_to_sign_in_is_in_the_language_of_the_browser() -> None:
    shown = Page(Client().get("/admin/login/", headers={"Accept-Language": "ru"}).content.decode())
    assert shown.language == "ru"
    assert shown.said & english() == set()


def test_a_reader_of_english_still_reads_english(world: World) -> None:
    """The comparison above can fail."""
    response = AdminPages(world.people["manager"]).list(Incident)
    shown = Page(response.content.decode())
    assert shown.language == "en"
    assert {"Incidents", "Mentions"} <= shown.said & english()


def test_a_language_chosen_in_the_browser_goes_before_the_persons(db: None) -> None:
    pages = AdminPages(a_person(a_team(), "manager", language="ru"))
    pages.client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    assert Page(pages.get("/admin/").content.decode()).language == "en"


def test_a_storm_titles_its_incident_in_the_language_of_its_team() -> None:
    account = an_account(a_team(language="ru"), handle="@lumelle")
    a_storm_rule(account.team)
    with translation.override("en"):
        received(account, a_burst(5))
    assert Incident.objects.get(team=account.team).title == "Безопасность товара: @lumelle"
