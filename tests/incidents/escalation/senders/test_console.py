"""The console twin, and the register of senders."""

import pytest

from crisis_api.lib.errors import ChannelError
from incidents.escalation import senders
from incidents.escalation.wording import Item, compose


def test_prints_one_line(capsys):
    message = compose([Item("no_owner", reference="CR-2026-0001")], language="en")
    assert senders.get("console").send("Anna", message, message_id="ntf_1") == ""
    (line,) = capsys.readouterr().out.splitlines()
    assert "Anna" in line
    assert "CR-2026-0001" in line


def test_knows_no_sender_of_an_unknown_kind():
    with pytest.raises(ChannelError) as caught:
        senders.get("pigeon")
    assert caught.value.permanent
