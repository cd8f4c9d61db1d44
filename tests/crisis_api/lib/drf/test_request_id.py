import json
import logging

import pytest
from django.test import Client

from crisis_api.lib import logs
from crisis_api.lib.drf import request_id

pytestmark = pytest.mark.urls("tests.crisis_api.lib.drf.sample")


def asked(text: str) -> str:
    return Client().get("/elsewhere/", headers={"X-Request-Id": text})["X-Request-Id"]


@pytest.mark.parametrize("text", ["a1b2c3d4", "01a2-x_y.z-0123456789", "x" * 128])
def test_takes_a_sane_id_from_the_caller(text: str) -> None:
    assert asked(text) == text


@pytest.mark.parametrize(
    "text", ["", "short", "x" * 129, "with blank in it", "a" * 8 + "\n", "<b>bold</b>"]
)
def test_makes_its_own_instead_of_an_odd_one(text: str) -> None:
    assert asked(text) != text
    assert len(asked(text)) == 36


def test_makes_a_new_one_for_each_request() -> None:
    client = Client()
    ids = {client.get("/elsewhere/")["X-Request-Id"] for _ in range(3)}
    assert len(ids) == 3


def test_is_on_every_line_that_is_written_while_answering(settings, caplog) -> None:
    settings.ACCESS_LOG = True
    with caplog.at_level(logging.INFO, "crisis.requests"):
        caplog.handler.setFormatter(logs.formatter("json"))
        Client().get("/elsewhere/?q=Anna", headers={"X-Request-Id": "a1b2c3d4"})
    (line,) = [json.loads(each) for each in caplog.text.splitlines()]
    assert line["request_id"] == "a1b2c3d4"
    assert line["message"].startswith("GET /elsewhere/ 200 in ")
    assert request_id.current() == ""


def test_writes_no_line_for_each_answer_unless_asked_to(caplog) -> None:
    with caplog.at_level(logging.INFO, "crisis.requests"):
        Client().get("/elsewhere/")
    assert caplog.text == ""
