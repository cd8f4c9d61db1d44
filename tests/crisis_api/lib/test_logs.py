"""Lines of the log: what stands on them, and what never does."""

import json
import logging
import sqlite3

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection
from django.urls import URLResolver, get_resolver

from crisis_api.access.models import User
from crisis_api.lib import logs
from crisis_api.lib.errors import ChannelError


def line(message, *args, form="json", error=None, name="crisis.test"):
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord(name, logging.WARNING, __file__, 1, message, args, info)
    text = logs.formatter(form).format(record)
    return json.loads(text) if form == "json" else text


def raised(error):
    try:
        raise error
    except type(error) as caught:
        return caught


def test_bears_the_ids_of_the_work_in_hand_and_of_nothing_after_it():
    with logs.about(request_id="r-12345678"), logs.about(notification=7):
        inside = line("sent")
    assert (inside["request_id"], inside["notification"]) == ("r-12345678", "7")
    assert "notification" not in line("later")
    assert inside["at"].endswith("Z")
    assert (inside["level"], inside["logger"], inside["message"]) == (
        "warning", "crisis.test", "sent",
    )  # fmt: skip


def test_can_be_read_by_people():
    with logs.about(request_id="r-12345678", notification=7):
        text = line("sent to %s", "webhook", form="text")
    assert text.endswith("WARNING crisis.test [r-12345678] sent to webhook notification=7")


def test_is_one_line_for_machines_whatever_the_message_holds():
    record = logging.LogRecord("x", logging.INFO, "", 0, 'a\nb \u2028 "c"', (), None)
    assert "\n" not in logs.formatter("json").format(record)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("GET /ack/eyJwIjp7.abc-_/ 500", "GET /ack/…/ 500"),
        ("GET /calendar/Zm9v-_bar.ics 200", "GET /calendar/… 200"),
        ("key ck_AbC-123_x refused", "key ck_… refused"),
        ("signed whsec_abc+/=", "signed whsec_…"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer …"),
        ("to anna.orlova@example.com now", "to … now"),
        ("celery@vm.example ready", "celery@vm.example ready"),
        ("https://hooks.slack.com/services/T0/B0/xyz", "https://hooks.slack.com/…"),
        ("tgram://123:secret/456 refused", "tgram://… refused"),
        ("postgres://crisis:secret@db:5432/crisis", "postgres://…"),
        ("redis://:secret@cache:6379/0", "redis://…"),
        ("call +7 900 000-00-17 back", "call … back"),
        ("CR-2026-0142 at 2026-11-22 16:18", "CR-2026-0142 at 2026-11-22 16:18"),
        ("listening on http://127.0.0.1:8000", "listening on http://127.0.0.1:8000"),
    ],
)
def test_takes_out_what_looks_like_a_secret_or_an_address(text, left):
    assert logs.scrubbed(text) == left


def _of_one_person(patterns, before="/"):
    """Yield an address of each route that a token alone opens."""
    for pattern in patterns:
        route = before + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLResolver):
            yield from _of_one_person(pattern.url_patterns, route)
        elif "<str:token>" in route:
            yield route.replace("<str:token>", "eyJwIjp7.secret:x-_")


def test_takes_out_the_token_of_every_address_that_one_opens():
    addresses = list(_of_one_person(get_resolver().url_patterns))
    assert "/ack/eyJwIjp7.secret:x-_/" in addresses
    assert [path for path in addresses if "secret" in logs.scrubbed(f"GET {path} 500")] == []


def test_tells_of_an_exception_its_kind_and_place_and_not_its_words():
    try:
        try:
            raise ValueError("Olga's number is 17")
        except ValueError as cause:
            raise KeyError("Anna") from cause
    except KeyError as error:
        told = line("failed", error=error)["exception"]
    assert "ValueError" in told
    assert "KeyError" in told
    assert "test_logs.py" in told
    # The places quote the code, which is ours; the words would come after the kind.
    assert told.splitlines()[-1] == "KeyError"


def test_tells_what_is_safe_to_tell():
    assert logs.told(ChannelError("timeout", "no answer from hooks.example.com")) == "timeout"
    assert logs.told(ConnectionRefusedError(111, "Connection refused")) == "Connection refused"
    assert logs.told(sqlite3.OperationalError("database is locked")) == "database is locked"
    assert logs.told(RuntimeError("Anna")) == ""


@pytest.mark.django_db
def test_quotes_no_row_that_the_database_refused():
    user = User.objects.create(username="olga-petrova")
    with pytest.raises(IntegrityError) as caught:
        User(username="olga-petrova", password="x", email=user.email).save(force_insert=True)
    told = line("rule broken", error=caught.value)["exception"]
    assert "olga-petrova" not in told.replace('username="olga-petrova"', "")
    assert "IntegrityError: " in told
    rule = "UNIQUE" if connection.vendor == "sqlite" else "unique constraint"
    assert rule in told


def test_leaves_out_what_celery_quotes_of_an_exception():
    error = raised(ValueError("Anna"))
    record = logging.LogRecord(
        "celery.app.trace", logging.ERROR, "", 0, "Task %(name)s raised: %(exc)s\n%(traceback)s",
        ({"name": "x", "exc": repr(error), "traceback": "ValueError: Anna"},),
        (type(error), error, error.__traceback__),
    )  # fmt: skip
    text = logs.formatter("text").format(record)
    assert "Task x raised: ValueError" in text
    assert "Anna" not in text.replace('raised(ValueError("Anna"))', "")


def test_refuses_a_form_that_it_does_not_know():
    with pytest.raises(ImproperlyConfigured, match="LOG_FORMAT should be text or json"):
        logs.formatter("xml")
