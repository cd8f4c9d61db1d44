import ast
import re

import pytest
from django.conf import settings

from incidents.admin import sentences
from responses.webhooks.kinds import KINDS, is_known, near
from tests.contract import source

ABOUT_WEBHOOKS = "webhook_endpoint."
WRITERS = {"timeline.record", "timeline.Entry", "Entry"}


@pytest.mark.parametrize("pattern", ["*", "incident.*", "incident.opened", "follow_up.overdue"])
def test_knows_what_there_is(pattern):
    assert is_known(pattern)


@pytest.mark.parametrize(
    "pattern", ["bogus.*", "bogus.kind", "incident", "incident.open", "incident.opened.*"]
)
def test_knows_what_there_is_not(pattern):
    assert not is_known(pattern)


def test_offers_what_is_near():
    assert near("milestone.mised") == ["milestone.*", "milestone.reached", "milestone.missed"]
    assert near("bogus.kind")[:2] == ["*", "incident.*"]
    assert all(is_known(each) for each in [*near("bogus"), *near("incident")])


def test_knows_every_kind_that_has_a_sentence():
    told = {kind for kind in sentences._SENTENCES if not kind.startswith(ABOUT_WEBHOOKS)}
    assert set(KINDS) == told
    assert len(KINDS) == len(set(KINDS))


def test_knows_every_kind_that_is_written_whole_where_events_are_written():
    written = {
        value.value
        for path in source.files()
        for call in source.calls(path)
        if ast.unparse(call.func) in WRITERS
        for value in [*call.args[:1], *(word.value for word in call.keywords if word.arg == "kind")]
        if isinstance(value, ast.Constant) and "." in str(value.value)
    }
    assert "incident.acknowledged" in written
    assert {kind for kind in written if not kind.startswith(ABOUT_WEBHOOKS)} <= set(KINDS)


def test_has_every_kind_in_the_documentation():
    page = (settings.BASE_DIR / "docs" / "webhooks.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)\.\*` \| (.+) \|$", page, re.MULTILINE)
    named = {
        f"{subject}.{past}" for subject, words in rows for past in re.findall(r"`(\w+)`", words)
    }
    assert named == set(KINDS)
