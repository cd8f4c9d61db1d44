"""Shifts in a calendar program: read back by one, at a secret address that can be revoked."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.test import Client
from icalendar import Calendar

from crisis_api.access.models import AuditEvent
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.errors import Refused
from incidents.models import CalendarFeed, Override
from incidents.services import calendar_feeds, rotations
from tests.factories.access import a_contact_point, a_person, a_team, joins
from tests.factories.incidents import a_layer, a_rotation

pytestmark = pytest.mark.django_db

NOON = datetime(2027, 3, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def now(clock):
    clock.set(NOON)
    return clock


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def anna(team):
    anna = a_person(team, name="Anna, of the 1st shift; Berlin")
    a_contact_point(anna, kind="email", address="anna@private.example")
    return anna


@pytest.fixture
def rotation(team, anna):
    return a_rotation(
        team,
        [anna, a_person(team, name="Борис")],
        name="Дежурство",
        time_zone="Europe/Berlin",
        starts_on=date(2027, 3, 1),
        handoff_time=time(9),
        shift_days=7,
    )


def issued(team, owner, rotation=None):
    _feed, url = calendar_feeds.issue(team=team, owner=owner, rotation=rotation, by=SYSTEM)
    return url


def fetch(url, method="get"):
    return getattr(Client(), method)(url.removeprefix("http://testserver"))


def events(url):
    answer = fetch(url)
    assert answer.status_code == 200
    return Calendar.from_ical(answer.content).walk("VEVENT")


def test_says_who_is_on_call_right_across_a_change_of_clocks(team, anna, rotation):
    url = issued(team, anna, rotation)
    answer = fetch(url)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(answer.content)
    assert calendar["X-WR-CALNAME"] == "Дежурство"
    shown = calendar.walk("VEVENT")
    expected = rotations.shifts(rotation, NOON - 30 * DAY, NOON + 180 * DAY)
    assert [(e["DTSTART"].dt, e["DTEND"].dt) for e in shown] == [
        (shift.starts_at, shift.ends_at) for shift in expected
    ]
    # Summer begins on the 28th: nine in Berlin is eight, then seven, in UTC.
    assert [e["DTSTART"].dt.hour for e in shown[:6]] == [8, 8, 8, 8, 7, 7]
    assert [str(e["SUMMARY"]) for e in shown[:2]] == [
        "Anna, of the 1st shift; Berlin: Дежурство",
        "Борис: Дежурство",
    ]
    assert len({str(e["UID"]) for e in shown}) == len(shown)


def test_is_what_programs_read(team, anna, rotation):
    lines = fetch(issued(team, anna, rotation)).content.split(b"\r\n")
    assert (lines[0], lines[-2], lines[-1]) == (b"BEGIN:VCALENDAR", b"END:VCALENDAR", b"")
    assert max(len(line) for line in lines) <= 75
    assert not any(b"\n" in line for line in lines)


def test_shows_layers_and_exceptions(team, anna, rotation):
    wanda = a_person(team, name="Wanda")
    a_layer(rotation, [wanda], shift_days=7, hours={"sun": [["00:00", "24:00"]]})
    Override.objects.create(
        team=team, rotation=rotation, owner=wanda, starts_at=NOON, ends_at=NOON + DAY / 4
    )
    found = [e for e in events(issued(team, anna, rotation)) if "Wanda" in str(e["SUMMARY"])]
    assert (NOON, NOON + DAY / 4) in [(e["DTSTART"].dt, e["DTEND"].dt) for e in found]
    long = [e for e in found if e["DTEND"].dt - e["DTSTART"].dt == timedelta(hours=23)]
    assert [e["DTSTART"].dt.date() for e in long] == [date(2027, 3, 27)]


def test_gives_a_person_their_own_shifts_of_the_team_and_names_nobody(team, anna, rotation):
    night = a_rotation(team, [anna], name="Nights")
    elsewhere = a_team()
    joins(anna, elsewhere)
    a_rotation(elsewhere, [anna], name="Elsewhere")
    url = issued(team, anna)
    found = events(url)
    assert {str(e["SUMMARY"]) for e in found} == {"On call: Дежурство", "On call: Nights"}
    mine = [e for e in found if "Дежурство" in str(e["SUMMARY"])]
    weeks = rotations.shifts(rotation, NOON - 30 * DAY, NOON + 180 * DAY)
    assert len(mine) == sum(1 for shift in weeks if shift.person_id == anna.pk)
    text = fetch(url).content.decode()
    for secret in ("Anna", "Борис", "private.example", night.team.name):
        assert secret not in text


def test_keeps_the_id_of_a_shift_when_somebody_stands_in(team, anna, rotation):
    url = issued(team, anna, rotation)
    before = {str(e["UID"]): str(e["SUMMARY"]) for e in events(url)}
    ahead = rotations.now_and_next(rotation, NOON)[1]
    otto = a_person(team, name="Otto")
    Override.objects.create(
        team=team, rotation=rotation, owner=otto, starts_at=ahead.starts_at, ends_at=ahead.ends_at
    )
    after = {str(e["UID"]): str(e["SUMMARY"]) for e in events(url)}
    assert before.keys() == after.keys()
    assert [after[uid] for uid in after if after[uid] != before[uid]] == ["Otto: Дежурство"]


def test_says_that_the_turn_of_somebody_who_left_is_nobodys(team, anna, rotation):
    boris = rotation.participants.get(position=2).owner
    url = issued(team, anna, rotation)
    boris.memberships.all().delete()
    assert {str(e["SUMMARY"]) for e in events(url)} == {
        "Anna, of the 1st shift; Berlin: Дежурство",
        "nobody: Дежурство",
    }


def test_speaks_the_language_of_the_person(team, anna, rotation):
    anna.language = "ru"
    anna.save()
    assert str(events(issued(team, anna))[0]["SUMMARY"]) == "Дежурство: Дежурство"


def test_leads_nowhere_once_revoked_or_once_the_person_has_left(team, anna, rotation, now):
    url = issued(team, anna, rotation)
    calendar_feeds.revoke(CalendarFeed.objects.get(), by=SYSTEM)
    assert fetch(url).status_code == 404
    url = issued(team, anna, rotation)
    anna.deactivated_at = NOON
    anna.save()
    assert fetch(url).status_code == 404
    anna.deactivated_at = None
    anna.save()
    assert fetch(url).status_code == 200
    anna.memberships.all().delete()
    assert fetch(url).status_code == 404
    assert fetch("http://testserver/calendar/nothing.ics").status_code == 404


def test_revokes_the_earlier_address_when_another_is_asked_for(team, anna, rotation):
    first, other = issued(team, anna, rotation), issued(team, anna)
    second = issued(team, anna, rotation)
    assert [fetch(url).status_code for url in (first, other, second)] == [404, 200, 200]
    assert CalendarFeed.objects.current().count() == 2
    assert AuditEvent.objects.filter(action="calendar_feed.revoked").count() == 1


def test_keeps_neither_the_address_nor_every_visit(team, anna, rotation, now):
    url = issued(team, anna, rotation)
    token = url.rpartition("/")[2].removesuffix(".ics")
    assert token not in str(list(CalendarFeed.objects.values()))
    assert token not in str(list(AuditEvent.objects.values()))
    fetch(url)
    now.move(minutes=30)
    fetch(url)
    assert CalendarFeed.objects.get().last_read_at == NOON
    now.move(minutes=30)
    fetch(url)
    assert CalendarFeed.objects.get().last_read_at == NOON + timedelta(hours=1)


def test_is_read_and_nothing_else(team, anna, rotation):
    url = issued(team, anna, rotation)
    assert fetch(url, "head").status_code == 200
    assert fetch(url, "post").status_code == 405
    answer = fetch(url)
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers


def test_is_made_for_members_only(team, rotation):
    with pytest.raises(Refused):
        issued(team, a_person(a_team()), rotation)
