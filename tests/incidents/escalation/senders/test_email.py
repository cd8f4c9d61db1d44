"""Reminders by e-mail, with a mail server of the test's own where it matters."""

import threading
import time
from datetime import timedelta

import pytest
from django.core import mail

from crisis_api.lib.errors import ChannelError
from incidents.escalation import senders
from incidents.escalation.senders import email, time_limit
from incidents.escalation.wording import Item, compose
from tests.incidents.escalation.senders.servers import drip, listening, mail_server, silence

MESSAGE = compose(
    [Item("escalation_step", reference="CR-2026-0001", severity="high")], language="en"
)
RUSSIAN = compose(
    [Item("escalation_step", reference="CR-2026-0001", severity="high")], language="ru"
)


@pytest.fixture
def smtp(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"

    def use(port: int) -> None:
        settings.EMAIL_PORT = port

    return use


def send(message=MESSAGE):
    return senders.get("email").send("anna@example.org", message, message_id="ntf_1")


def test_says_the_same_message_id_whenever_it_is_sent_again():
    assert send() == send() == "<ntf_1@crisis-api>"
    first, second = mail.outbox
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]
    assert first.to == ["anna@example.org"]
    assert (first.subject, first.body) == (MESSAGE.subject, MESSAGE.body_text)


def test_hands_the_message_to_the_mail_server(smtp):
    mails: list[str] = []
    with listening(mail_server(mails)) as port:
        smtp(port)
        send(RUSSIAN)
    (received,) = mails
    assert "Message-ID: <ntf_1@crisis-api>" in received
    assert "Auto-Submitted: auto-generated" in received
    assert 'charset="utf-8"' in received


@pytest.mark.parametrize(
    ("answer", "code", "permanent"),
    [
        ("550 no such user", "no_such_mailbox", True),
        ("450 try later", "mail_server_refused", False),
        ("554 policy", "mail_server_refused", False),
    ],
)
def test_tells_a_mailbox_that_is_gone_from_a_bad_day(smtp, answer, code, permanent):
    with listening(mail_server([], recipient=answer)) as port:
        smtp(port)
        with pytest.raises(ChannelError) as caught:
            send()
    assert (caught.value.code, caught.value.permanent) == (code, permanent)


def test_tries_again_where_nobody_listens(smtp):
    with listening(lambda _connection: None) as port:
        pass
    smtp(port)
    with pytest.raises(ChannelError) as caught:
        send()
    assert (caught.value.code, caught.value.permanent) == ("mail_server_unreachable", False)


def test_refuses_an_address_that_would_smuggle_in_a_header():
    with pytest.raises(ChannelError):
        senders.get("email").send("anna@example.org\nBcc: x@y.org", MESSAGE, message_id="ntf_1")
    assert mail.outbox == []


@pytest.mark.parametrize("behaviour", [drip, silence])
def test_gives_up_in_time_however_slowly_the_server_answers(smtp, monkeypatch, behaviour):
    stop = threading.Event()
    monkeypatch.setattr(email, "TIME_LIMIT", timedelta(seconds=0.4))
    started = time.monotonic()
    with listening(behaviour(stop)) as port:
        smtp(port)
        with pytest.raises(ChannelError) as caught:
            send()
    stop.set()
    assert (caught.value.code, caught.value.ambiguous) == ("timeout", True)
    assert time.monotonic() - started < 8


def test_leaves_only_so_many_sends_behind(monkeypatch):
    stop = threading.Event()
    monkeypatch.setattr(time_limit, "_places", threading.BoundedSemaphore(1))
    with pytest.raises(ChannelError, match="No end"):
        time_limit.within(timedelta(seconds=0.05), lambda: stop.wait(30), destination="a")
    with pytest.raises(ChannelError) as caught:
        time_limit.within(timedelta(seconds=5), lambda: None, destination="b")
    assert caught.value.code == "senders_busy"
    stop.set()


def test_passes_on_what_the_work_raises_and_returns():
    assert time_limit.within(timedelta(seconds=5), lambda: 7, destination="a") == 7
    with pytest.raises(TimeoutError, match="its own"):
        time_limit.within(timedelta(seconds=5), _times_out, destination="a")


def _times_out() -> None:
    raise TimeoutError("its own")
