"""Fields of the admin take what people type, and show what is stored the same way."""

import pytest
from django.core.exceptions import ValidationError

from crisis_api.access.admin.fields import HoursField, LinksField, RefsField, SpanField, span_text


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("15m", 900),
        ("1h 30m", 5400),
        ("1H30M", 5400),
        ("2d", 172_800),
        ("0s", 0),
    ],
)
def test_reads_a_time_span(typed, seconds):
    assert SpanField().clean(typed) == seconds


@pytest.mark.parametrize("typed", ["soon", "1x", "-5m", "m", "1.5h", "400d"])
def test_refuses_what_is_no_time_span(typed):
    with pytest.raises(ValidationError):
        SpanField().clean(typed)


@pytest.mark.parametrize("seconds", [0, 59, 60, 3600, 90_061])
def test_shows_a_time_span_as_it_is_typed(seconds):
    assert SpanField().clean(span_text(seconds)) == seconds


def test_leaves_an_empty_span_out():
    assert SpanField(required=False).clean("") is None


def test_reads_links_and_shows_them():
    field = LinksField(required=False)
    links = [
        {"title": "The video", "url": "https://example.com/v"},
        {"title": "", "url": "http://a.b"},
    ]
    assert field.clean(field.prepare_value(links)) == links
    assert field.clean("") == []


@pytest.mark.parametrize("typed", ["javascript:alert(1) x", "example.com", "ftp://a.b"])
def test_refuses_links_that_a_browser_should_not_open(typed):
    with pytest.raises(ValidationError):
        LinksField().clean(typed)


def test_reads_references_and_shows_them():
    field = RefsField()
    refs = [
        {"system": "jira", "id": "CR 12", "url": "https://jira.example/CR-12"},
        {"system": "sap", "id": "7", "url": ""},
    ]
    assert field.clean(field.prepare_value(refs)) == refs


@pytest.mark.parametrize("typed", ["jira", "x\n" * 21, "jira CR-1\n" * 21])
def test_refuses_references_without_an_id_and_too_many(typed):
    with pytest.raises(ValidationError):
        RefsField().clean(typed)


def test_reads_working_hours_and_shows_them():
    field = HoursField()
    hours = {"mon": [["09:00", "13:00"], ["14:00", "18:00"]], "sun": [["10:00", "12:00"]]}
    assert field.clean(field.prepare_value(hours)) == hours
    assert field.clean("mon: 09:00–18:00") == {"mon": [["09:00", "18:00"]]}
    assert field.clean("") == {}
