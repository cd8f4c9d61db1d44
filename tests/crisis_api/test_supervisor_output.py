"""What the children print is passed on whole, aligned, and coloured on a terminal only."""

from io import StringIO

import pytest

from crisis_api.supervisor.output import Output


class Terminal(StringIO):
    def isatty(self):
        return True


def test_aligns_the_names():
    stream = StringIO()
    output = Output(["web", "engine"], stream)

    output.feed("web", b"one\n")
    output.feed("engine", b"two\n")

    assert stream.getvalue() == "web    | one\nengine | two\n"


def test_waits_for_the_end_of_a_line():
    stream = StringIO()
    output = Output(["web"], stream)

    output.feed("web", b"first ha")
    assert stream.getvalue() == ""
    output.feed("web", b"lf\nnext")
    output.finish("web")

    assert stream.getvalue() == "web | first half\nweb | next\n"


def test_does_not_keep_an_endless_line():
    stream = StringIO()

    Output(["web"], stream).feed("web", b"x" * 20_000)

    assert len(stream.getvalue()) > 20_000


def test_passes_on_bytes_that_are_no_text():
    stream = StringIO()

    Output(["web"], stream).feed("web", b"\xff\xfe ok\r\n")

    assert stream.getvalue() == "web | \ufffd\ufffd ok\n"


@pytest.mark.parametrize(
    ("stream", "no_colour", "coloured"),
    [(Terminal(), None, True), (Terminal(), "1", False), (StringIO(), None, False)],
)
def test_is_coloured_on_a_terminal_only(monkeypatch, stream, no_colour, coloured):
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_colour:
        monkeypatch.setenv("NO_COLOR", no_colour)

    Output(["web"], stream).feed("web", b"hello\n")

    assert ("\033[" in stream.getvalue()) is coloured
