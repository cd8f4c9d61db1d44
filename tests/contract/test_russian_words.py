"""English words that are two words in Russian, and numbers as Russian writes them."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import translation

from crisis_api.access.models import Owner, Team
from incidents.admin.names import Lookup
from incidents.admin.sentences import sentence
from incidents.models import EngineHeartbeat, Event
from responses.models import SupportTicket
from tests.factories.access import a_person, a_team
from tests.factories.admin import AdminPages

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_russian():
    with translation.override("ru"):
        yield


def test_a_person_has_another_kind_of_name_than_a_team():
    assert str(Owner._meta.get_field("name").verbose_name) == "имя"
    assert str(Team._meta.get_field("name").verbose_name) == "название"


def test_an_engine_works_rather_than_being_of_ticks(clock):
    now = clock.now()
    EngineHeartbeat.objects.create(
        name="e1", started_at=now - timedelta(minutes=1), ticked_at=now, version="1"
    )
    manager = a_person(a_team(), "manager", language="ru")
    pages = AdminPages(manager)
    cards = {card.name: card for card in pages.get(reverse("admin:index")).context["cards"]}
    assert (cards["engine"].title, cards["engine"].figure) == ("Движок", "работает")
    said = pages.get(reverse("admin:incidents_engineheartbeat_changelist")).content.decode()
    assert "работает" in said
    assert "такты" in said.lower()


def test_a_tickets_part_is_called_by_a_noun():
    form = admin.site._registry[SupportTicket].form
    assert str(form.base_fields["section_appeal"].label) == "Обжалование"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "A storm: 15 negative mentions, 1.5 a minute, 15 times the usual"),
        ("ru", "Всплеск: негативных упоминаний 15, в минуту 1,5, это ×15 к обычному"),
    ],
)
def test_a_storms_numbers_are_written_as_the_language_does(language, said):
    event = Event(kind="storm.detected", data={"count": 15, "per_minute": 1.5, "times_usual": 15.0})
    with translation.override(language):
        assert sentence(event, Lookup()) == said
