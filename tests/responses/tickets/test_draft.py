from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from responses.tickets.draft import MAX_MENTIONS, SECTIONS, draft, merge
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

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
MENTION = OffendingMention(
    id="7301",
    author="@bad",
    text="her phone is +1-202-555-0143",
    written_at=AT,
    url="https://www.tiktok.com/@lumelle/video/1?c=7301",
)
FULL = TicketFacts(
    category="personal_data_leak",
    reference="CR-2026-0142",
    brand="Lumelle",
    account_handle="lumelle",
    account_url="https://www.tiktok.com/@lumelle",
    as_of=AT + timedelta(hours=3),
    since=AT,
    total=412,
    authors=290,
    peak_per_minute=14,
    mentions=(MENTION,),
    timeline=(TimelineLine(AT, "incident.opened"),),
    evidence=(EvidenceItem("shot.png", "ab" * 32, AT),),
    contact=Contact("Anna K.", "anna@example.com", "+1-202-555-0100", "PR", "Lumelle", "France"),
    impostors=(Impostor("lumelle_help", "https://www.tiktok.com/@lumelle_help"),),
    false_claims=(FalseClaim("It holds lead.", "It holds none.", "https://example.com/lab"),),
    affected_person="a member of the support team",
    affected_person_agrees=True,
    trademark_number="018123456",
    authority_document=True,
    guideline="Harassment and Bullying",
    guideline_reason="The comments call for violence.",
)
BARE = TicketFacts(
    category="other", reference="CR-2026-0001", brand="Lumelle", account_handle="", as_of=AT
)


def codes(facts, section):
    return [line.code for line in draft(facts).sections[section]]


def test_has_every_section_in_order():
    assert tuple(draft(FULL).sections) == SECTIONS
    assert tuple(draft(BARE).sections) == SECTIONS


@pytest.mark.parametrize("category", [*CATEGORIES, "other", "product_safety", "platform_action"])
def test_misses_nothing_where_everything_is_known(category):
    made = draft(replace(FULL, category=category))
    assert made.missing == ()
    assert made.is_complete


def test_says_what_happens_since_when_how_much_and_to_which_account():
    summary = draft(FULL).sections["summary"]
    assert [line.code for line in summary] == [
        "what_personal_data_leak",
        "since",
        "how_much",
        "how_many_authors",
        "peak",
        "only_gravest",
        "account_link",
        "our_reference",
    ]
    assert summary[0].params == {"brand": "Lumelle", "account": "@lumelle"}
    assert summary[2].params == {"total": 412}


def test_leaves_out_what_is_not_known():
    assert codes(BARE, "summary") == ["no_violation", "our_reference"]
    assert codes(BARE, "facts") == codes(BARE, "evidence") == codes(BARE, "contact") == []


@pytest.mark.parametrize(
    ("category", "kind", "form", "asked"),
    [
        ("personal_data_leak", "personal_data_leak", "privacy", "remove_personal_data"),
        ("impersonation", "impersonation", "impersonation", "remove_impostors"),
        ("spam", "spam", "feedback", "check_coordination"),
        ("harassment", "harassment", "feedback", "protect_person"),
        ("misinformation", "misinformation", "feedback", "review_false_claims"),
        ("negative_comments", "general", "feedback", "review_mentions"),
    ],
)
def test_asks_for_what_the_category_needs_through_its_form(category, kind, form, asked):
    facts = replace(FULL, category=category)
    assert (draft(facts).kind, draft(facts).form) == (kind, form)
    assert asked in codes(facts, "what_is_asked")
    assert codes(facts, "missing")[0] == f"submit_{form}"


@pytest.mark.parametrize("category", ["product_safety", "negative_comments"])
def test_makes_no_violation_up_where_there_is_only_criticism(category):
    facts = replace(FULL, category=category, mentions=(), total=0, authors=0)
    assert codes(facts, "summary")[0] == "no_violation"
    assert codes(facts, "what_is_asked") == ["ask_nothing"]
    assert "add_mentions" in draft(facts).missing


def test_says_that_only_the_gravest_are_listed_where_there_are_more():
    assert "only_gravest" in codes(replace(FULL, total=2), "summary")
    assert "only_gravest" not in codes(replace(FULL, total=1), "summary")


def test_names_impostors_claims_and_spammed_links_only_where_they_matter():
    spam = replace(MENTION, text="win at https://Free-Coins.example/x and www.free-coins.example")
    facts = replace(FULL, mentions=(spam,))
    for category, code in [
        ("impersonation", "impostor"),
        ("misinformation", "false_claim_sourced"),
        ("spam", "block_link"),
    ]:
        assert codes(replace(facts, category=category), "what_is_asked").count(code) == 1
        assert code not in codes(replace(facts, category="other"), "what_is_asked")


def test_asks_to_see_threats_first():
    harassed = replace(FULL, category="harassment")
    threat = replace(MENTION, reasons=("threat",))
    assert "threats_first" not in codes(harassed, "what_is_asked")
    assert "threats_first" in codes(replace(harassed, mentions=(threat,)), "what_is_asked")


def test_prefers_the_guideline_that_a_person_chose():
    chosen, own = FULL, replace(FULL, guideline="", guideline_reason="")
    assert "guideline_chosen" in codes(chosen, "what_is_asked")
    assert "guideline_privacy" in codes(own, "what_is_asked")


@pytest.mark.parametrize(
    ("category", "changes", "missing"),
    [
        ("other", {"account_handle": ""}, "add_account_handle"),
        ("other", {"mentions": ()}, "add_mentions"),
        ("other", {"mentions": (replace(MENTION, url=""),)}, "add_links"),
        ("other", {"evidence": ()}, "add_evidence"),
        ("other", {"contact": None}, "add_contact"),
        ("other", {"contact": Contact("Anna", country="France")}, "add_contact_email"),
        ("other", {"contact": Contact("Anna", "a@example.com")}, "add_country"),
        ("other", {"guideline": ""}, "add_guideline"),
        ("other", {"guideline_reason": ""}, "add_guideline_reason"),
        ("personal_data_leak", {"affected_person": ""}, "add_affected_person"),
        ("personal_data_leak", {"affected_person_agrees": False}, "add_agreement"),
        ("harassment", {"affected_person": ""}, "add_affected_person"),
        ("harassment", {"affected_person_agrees": False}, "add_agreement"),
        ("impersonation", {"impostors": ()}, "add_impostors"),
        ("impersonation", {"impostors": (Impostor("x"),)}, "add_impostor_links"),
        ("impersonation", {"trademark_number": ""}, "add_proof_of_identity"),
        ("impersonation", {"authority_document": False}, "add_authority"),
        ("misinformation", {"false_claims": ()}, "add_false_claims"),
        ("misinformation", {"false_claims": (FalseClaim("It burns."),)}, "add_sources"),
    ],
)
def test_says_what_a_person_still_has_to_add(category, changes, missing):
    made = draft(replace(FULL, category=category, **changes))
    assert made.missing == (missing,)
    assert not made.is_complete


def test_takes_an_identity_document_for_a_trademark():
    facts = replace(FULL, category="impersonation", trademark_number="", identity_document=True)
    assert draft(facts).is_complete


def test_needs_no_comments_against_an_impostor_account():
    assert draft(replace(FULL, category="impersonation", mentions=())).is_complete


def test_takes_the_posts_link_where_a_comment_has_none():
    mention = replace(MENTION, url="", post_url="https://www.tiktok.com/@lumelle/video/1")
    made = draft(replace(FULL, mentions=(mention,)))
    assert made.is_complete
    assert made.sections["mentions"][0].params["url"] == mention.post_url


def test_lists_mentions_by_time_and_not_too_many():
    number = MAX_MENTIONS + 10
    mentions = tuple(
        replace(MENTION, id=str(n), written_at=AT - timedelta(minutes=n)) for n in range(number)
    )
    lines = draft(replace(FULL, mentions=mentions)).sections["mentions"]
    assert [line.params["id"] for line in lines[:2]] == [str(number - 1), str(number - 2)]
    assert lines[MAX_MENTIONS].code == "more_mentions"
    assert lines[MAX_MENTIONS].params == {"count": 10}


def test_shortens_a_text_that_no_form_takes():
    (line,) = draft(replace(FULL, mentions=(replace(MENTION, text="x" * 5_000),))).sections[
        "mentions"
    ]
    assert line.code == "mention_cut"
    assert len(line.params["text"]) == 1_500


def test_tells_the_timeline_and_earlier_reports_by_time():
    facts = replace(
        FULL,
        timeline=(TimelineLine(AT + timedelta(hours=1), "b"), TimelineLine(AT, "a")),
        prior_reports=(PriorReport("R-1", AT), PriorReport("R-2", AT, "No breach found.")),
    )
    assert codes(facts, "facts") == ["event_a", "event_b", "prior_report", "prior_report_answered"]


def test_does_not_depend_on_the_order_of_the_facts():
    mentions = tuple(replace(MENTION, id=str(n)) for n in range(5))
    there = draft(replace(FULL, mentions=mentions))
    assert there == draft(replace(FULL, mentions=mentions[::-1]))


def test_keeps_what_a_person_wrote_when_redrafting():
    previous = {"summary": "mine", "facts": "old", "extra": "mine too", "stale": "old"}
    fresh = {"summary": "new", "facts": "new", "mentions": "new"}
    assert merge(previous, {"summary", "extra"}, fresh) == {
        "summary": "mine",
        "facts": "new",
        "mentions": "new",
        "extra": "mine too",
    }


def test_keeps_a_section_that_a_person_emptied():
    assert merge({"summary": ""}, ["summary"], {"summary": "new"}) == {"summary": ""}


names = st.sampled_from(SECTIONS)
texts = st.dictionaries(names, st.text(max_size=5))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts, st.sets(names), texts)
def test_loses_no_edit_and_no_fresh_section(previous, edited, fresh):
    merged = merge(previous, edited, fresh)
    for name in edited & previous.keys():
        assert merged[name] == previous[name]
    for name in fresh.keys() - edited:
        assert merged[name] == fresh[name]
    assert merge(merged, edited, fresh) == merged
