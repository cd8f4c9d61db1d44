"""What the web server itself says: our lines, and no address of a request in them."""

import json
from types import SimpleNamespace

import pytest
import requests
from gunicorn.config import Config

from crisis_api.supervisor.web_log import WebLogger
from tests.processes import until
from tests.rig import Site, variables

__all__ = ["variables"]

TOKEN = "eyJwIjp7.secret-of-one-person"


@pytest.fixture
def logger(monkeypatch):
    monkeypatch.setenv("LOG_FORMAT", "json")
    config = Config()
    config.set("accesslog", "-")
    return WebLogger(config)


def test_names_neither_link_nor_query_nor_referrer_in_an_access_log(logger):
    environ = {
        "REQUEST_METHOD": "POST", "RAW_URI": f"/ack/{TOKEN}/?q=Olga", "SERVER_PROTOCOL": "HTTP/1.1",
        "PATH_INFO": f"/ack/{TOKEN}/", "QUERY_STRING": "q=Olga",
        "HTTP_REFERER": f"https://mail.example.com/{TOKEN}", "REMOTE_ADDR": "127.0.0.1",
    }  # fmt: skip
    answer = SimpleNamespace(status="200 OK", sent=5, headers=[])
    time = SimpleNamespace(seconds=0, microseconds=900)
    atoms = logger.atoms(answer, SimpleNamespace(headers=[]), environ, time)
    line = logger.cfg.access_log_format % logger.atoms_wrapper_class(atoms)

    assert "POST /ack/…/ HTTP/1.1" in line
    assert TOKEN not in line
    assert "Olga" not in line


@pytest.mark.django_db(transaction=True)
def test_speaks_in_our_lines_and_has_no_complaint_about_head(variables, tmp_path):
    talkative = {**variables, "LOG_FORMAT": "json", "ACCESS_LOG": "on", "LOG_LEVEL": "INFO"}
    site = Site(talkative, tmp_path / "web.log", workers=1).start()
    try:
        requests.head(f"{site.url}/ack/{TOKEN}/", timeout=30)
        until(lambda: "HEAD" in site.process.output(), 30)
    finally:
        site.process.stop()

    lines = [json.loads(line) for line in site.process.output().splitlines()]
    (line,) = [line for line in lines if "HEAD" in line["message"]]
    assert line["message"].startswith("HEAD /ack/<str:token>/ 404 in ")
    assert TOKEN not in site.process.output()
