import inspect
import re
import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from responses.tickets import wording_en, wording_ru
from responses.tickets.draft import SECTIONS, TicketDraft, draft
from responses.tickets.facts import (
    CATEGORIES,
    Contact,
    EvidenceItem,
    FalseClaim,
    Impostor,
    OffendingMention,
    PriorReport,
    TicketFacts,
    TimelineLine,
)
from responses.tickets.lines import Line
from responses.tickets.rendering import render

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
FACTS = TicketFacts(
    category="personal_data_leak",
    reference="CR-2026-0142",
    brand="Lumelle",
    account_handle="lumelle",
    account_url="https://www.tiktok.com/@lumelle",
    as_of=AT + timedelta(hours=3),
    since=AT,
    total=412,
    authors=1,
    peak_per_minute=14,
    mentions=(
        OffendingMention("7301", "@bad", "call {her} 50% | now #1", AT, reasons=("threat",)),
        OffendingMention("7302", "@bad", "see https://x.example", AT, url="https://t.example/2"),
    ),
    timeline=(TimelineLine(AT, "incident.opened"), TimelineLine(AT, "claim.refuted")),
    evidence=(EvidenceItem("shot.png", "ab" * 32, AT),),
    contact=Contact("Anna K.", "anna@example.com", "+1-202-555-0100", "PR", "Lumelle", "France"),
    impostors=(Impostor("lumelle_help"),),
    false_claims=(FalseClaim("It holds lead.", "It holds none."),),
    prior_reports=(PriorReport("R-1", AT), PriorReport("R-2", AT, "No breach found.")),
)
EMPTY = TicketFacts("other", "CR-1", "Lumelle", "", AT)
languages = pytest.mark.parametrize("language", ["en", "ru"])


def summary(line, language):
    return render(TicketDraft("general", "feedback", {"summary": (line,)}), language)["summary"]


@languages
@pytest.mark.parametrize("category", [*CATEGORIES, "other"])
@pytest.mark.parametrize("facts", [FACTS, EMPTY], ids=["full", "empty"])
def test_words_every_section_of_every_category(language, category, facts):
    rendered = render(draft(replace(facts, category=category)), language)
    assert tuple(rendered) == SECTIONS
    for name, text in rendered.items():
        assert text, name
        assert not re.search(
            r"  \S|\{(?!her)|\bNone\b|add_|what_|submit_", text.replace("\n  ", "\n")
        )
        assert text == text.strip()


@languages
def test_speaks_one_language_throughout(language):
    rendered = render(draft(EMPTY), language)
    cyrillic = [name for name, text in rendered.items() if re.search("[а-я]", text)]
    assert cyrillic == (list(SECTIONS) if language == "ru" else [])


def test_has_the_same_wordings_with_the_same_values_in_both_languages():
    def values(template):
        return {name for _, name, _, _ in string.Formatter().parse(template) if name}

    english, russian = wording_en.TEMPLATES, wording_ru.TEMPLATES
    assert english.keys() == russian.keys()
    for code in english.keys() - {"time_pattern"}:
        assert values(english[code]) == values(russian[code]), code


def test_gives_the_platform_all_it_needs_to_find_a_comment():
    text = render(draft(FACTS), "en")["mentions"]
    assert '1. @bad, 1 March 2026, 12:00 UTC, id 7301\n   "call {her} 50% | now #1"' in text
    assert "Link: https://t.example/2" in text


def test_writes_times_in_utc_whatever_their_zone():
    moscow = AT.astimezone(timezone(timedelta(hours=3)))
    line = Line("since", {"since": moscow.isoformat(), "as_of": AT.isoformat()})
    assert summary(line, "ru").count("1 марта 2026 г., 12:00 UTC") == 2


@pytest.mark.parametrize(
    ("count", "english", "russian"),
    [
        (0, "0 such comments have", "зафиксировано 0 таких комментариев."),
        (1, "1 such comment has", "зафиксирован 1 такой комментарий."),
        (2, "2 such comments have", "зафиксировано 2 таких комментария."),
        (5, "5 such comments have", "зафиксировано 5 таких комментариев."),
        (11, "11 such comments have", "зафиксировано 11 таких комментариев."),
        (21, "21 such comments have", "зафиксирован 21 такой комментарий."),
        (112, "112 such comments have", "зафиксировано 112 таких комментариев."),
        (1_003, "1003 such comments have", "зафиксировано 1003 таких комментария."),
    ],
)
def test_counts_as_the_language_does(count, english, russian):
    line = Line("how_much", {"total": count})
    assert english in summary(line, "en")
    assert russian in summary(line, "ru")


def test_does_not_ask_to_remove_no_comments():
    facts = replace(FACTS, mentions=())
    assert "remove the comments listed" in render(draft(facts), "en")["what_is_asked"]
    assert "удалить комментарии, перечисленные" in render(draft(facts), "ru")["what_is_asked"]


@languages
def test_names_an_unknown_event_by_its_type(language):
    assert "claim: refuted" in render(draft(FACTS), language)["facts"]


def test_words_every_code_that_a_draft_can_have():
    folder = Path(inspect.getfile(draft)).parent
    source = (folder / "draft.py").read_text() + (folder / "gaps.py").read_text()
    named = set(re.findall(r'"((?:add|guideline|review|remove|act|stop)_[a-z_]+)"', source))
    assert len(named) > 25
    assert named - {"guideline_reason"} <= wording_en.TEMPLATES.keys()
