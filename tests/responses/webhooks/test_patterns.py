import pytest

from responses.webhooks.patterns import is_pattern, matches, tidy


@pytest.mark.parametrize(
    ("patterns", "kind"),
    [
        ([], "incident.opened"),
        (["*"], "incident.opened"),
        (["incident.opened"], "incident.opened"),
        (["incident.*"], "incident.opened"),
        (["statement.published", "incident.*"], "incident.opened"),
    ],
)
def test_wants_the_event(patterns, kind):
    assert matches(patterns, kind)


@pytest.mark.parametrize(
    ("patterns", "kind"),
    [
        (["incident.closed"], "incident.opened"),
        (["incident.open"], "incident.opened"),
        (["incident.*"], "incidents.opened"),
        (["incident.*"], "incident"),
        (["statement.*"], "incident.opened"),
    ],
)
def test_does_not_want_the_event(patterns, kind):
    assert not matches(patterns, kind)


@pytest.mark.parametrize("text", ["*", "incident.opened", "incident.*", "follow_up.overdue"])
def test_takes_a_pattern(text):
    assert is_pattern(text)


@pytest.mark.parametrize(
    "text", ["", "**", "incident.", ".opened", "Incident.opened", "incident.*.x", "a b", "a\n", "é"]
)
def test_refuses_what_is_no_pattern(text):
    assert not is_pattern(text)


def test_drops_repetitions():
    assert tidy(["a", "b", "a"]) == ["a", "b"]
