"""Drafts a ticket to a platform's support from facts: what to say, as codes and parameters.

`draft(facts)` decides which lines each section has; `render` in `responses.tickets.rendering`
words them in English or Russian. Nothing is sent from here: a person reads the draft, adds
what stands in the section `missing`, and submits it. The same facts give the same draft.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from responses.tickets.facts import CATEGORIES, OffendingMention, TicketFacts
from responses.tickets.gaps import missing_lines
from responses.tickets.lines import Line, Value

# In the order in which they are shown. `missing` is for the person who submits the ticket and
# is never part of what the platform gets.
SECTIONS: Final = (
    "summary",
    "what_is_asked",
    "facts",
    "mentions",
    "evidence",
    "missing",
    "contact",
)
MAX_MENTIONS: Final = 200
MAX_TEXT: Final = 1_500
GENERAL: Final = "general"

_Section = TypeVar("_Section")
# A link's host: bounded, and without lookbehind over the whole text.
_HOST = re.compile(r"(?:https?://|www\.)([\w-]{1,63}(?:\.[\w-]{1,63}){1,4})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TicketDraft:
    """The sections of a ticket, each a tuple of lines; an empty section has nothing to say.

    `kind` is one of `CATEGORIES`, or `general`. `form` names the platform's form to submit it
    through.
    """

    kind: str
    form: str
    sections: Mapping[str, tuple[Line, ...]]

    @property
    def missing(self) -> tuple[str, ...]:
        """The codes of what a person still has to add."""
        codes = (line.code for line in self.sections["missing"])
        return tuple(code for code in codes if code.startswith("add_"))

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


FORMS: Final[Mapping[str, str]] = {
    "personal_data_leak": "privacy",
    "impersonation": "impersonation",
    "spam": "feedback",
    "harassment": "feedback",
    "misinformation": "feedback",
    GENERAL: "feedback",
}

# What to ask for, by kind, before what is asked for in every ticket.
_ASKED: Final[Mapping[str, tuple[str, ...]]] = {
    "personal_data_leak": (
        "remove_personal_data",
        "stop_reposts",
        "act_on_repeat_authors",
        "preserve_records",
    ),
    "impersonation": ("remove_impostors", "confirm_official_account", "stop_new_impostors"),
    "spam": ("remove_spam", "check_coordination", "act_on_spam_accounts"),
    "harassment": ("remove_abuse", "act_on_abusers", "protect_person"),
    "misinformation": ("review_false_claims", "limit_reach", "label_claims"),
    GENERAL: ("review_mentions",),
}
_GUIDELINES: Final[Mapping[str, str]] = {
    "personal_data_leak": "guideline_privacy",
    "impersonation": "guideline_deception",
    "spam": "guideline_spam",
    "harassment": "guideline_harassment",
    "misinformation": "guideline_misinformation",
}


def draft(facts: TicketFacts) -> TicketDraft:
    """Draft a ticket. A category without requests of its own is drafted as a general one."""
    kind = facts.category if facts.category in CATEGORIES else GENERAL
    mentions = sorted(facts.mentions, key=lambda mention: (mention.written_at, mention.id))
    sections = {
        "summary": _summary(kind, facts),
        "what_is_asked": _asked(kind, facts, mentions),
        "facts": _facts(facts),
        "mentions": _mentions(mentions),
        "evidence": _evidence(facts),
        "missing": missing_lines(kind, FORMS[kind], facts, mentions),
        "contact": _contact(facts),
    }
    made = {name: tuple(sections[name]) for name in SECTIONS}
    return TicketDraft(kind=kind, form=FORMS[kind], sections=made)


def merge(
    previous: Mapping[str, _Section], edited: Collection[str], fresh: Mapping[str, _Section]
) -> dict[str, _Section]:
    """Redraft without losing what a person wrote: edited sections stay, all others are fresh.

    A section that a person added and no draft knows stays too, after the others.
    """
    merged = {
        name: previous[name] if name in edited and name in previous else section
        for name, section in fresh.items()
    }
    kept = {name: section for name, section in previous.items() if name in edited}
    return {**merged, **{name: kept[name] for name in kept if name not in merged}}


def _summary(kind: str, facts: TicketFacts) -> Iterator[Line]:
    about = {"brand": facts.brand, "account": _handle(facts.account_handle)}
    if _has_no_case(kind, facts):
        yield Line("no_violation", about)
    else:
        yield Line(f"what_{kind}", about)
    if facts.since is not None:
        as_of = facts.as_of.isoformat()
        yield Line("since", {"since": facts.since.isoformat(), "as_of": as_of})
    if facts.total:
        yield Line("how_much", {"total": facts.total})
    if facts.authors:
        yield Line("how_many_authors", {"authors": facts.authors})
    if facts.peak_per_minute > 1:
        yield Line("peak", {"per_minute": facts.peak_per_minute})
    if facts.total > len(facts.mentions):
        yield Line("only_gravest", {"count": len(facts.mentions)})
    if facts.account_url:
        yield Line("account_link", {**about, "url": facts.account_url})
    yield Line("our_reference", {"reference": facts.reference})


def _has_no_case(kind: str, facts: TicketFacts) -> bool:
    """Whether nothing is known that breaks a rule: no comment, and no kind of case either."""
    return kind == GENERAL and not facts.mentions


def _asked(kind: str, facts: TicketFacts, mentions: list[OffendingMention]) -> Iterator[Line]:
    about: dict[str, Value] = {
        "brand": facts.brand,
        "account": _handle(facts.account_handle),
        "count": len(mentions),
    }
    if _has_no_case(kind, facts):
        yield Line("ask_nothing")
        return
    for code in _ASKED[kind]:
        yield Line(code, about)
    for impostor in facts.impostors if kind == "impersonation" else ():
        yield Line("impostor", {"handle": _handle(impostor.handle), "url": impostor.url})
    for claim in facts.false_claims if kind == "misinformation" else ():
        yield Line(
            "false_claim_sourced" if claim.source else "false_claim",
            {"claim": claim.claim, "truth": claim.truth, "source": claim.source},
        )
    if kind == "spam":
        for host in _hosts(mentions):
            yield Line("block_link", {"host": host})
    if kind == "harassment" and any("threat" in mention.reasons for mention in mentions):
        yield Line("threats_first", about)
    if facts.guideline:
        reason = {"guideline": facts.guideline, "reason": facts.guideline_reason}
        yield Line("guideline_chosen", reason)
    elif kind in _GUIDELINES:
        yield Line(_GUIDELINES[kind])
    yield Line("tell_outcome")


def _facts(facts: TicketFacts) -> Iterator[Line]:
    for entry in sorted(facts.timeline, key=lambda line: line.at):
        yield Line(f"event_{entry.type}", {"at": entry.at.isoformat(), **dict(entry.params)})
    for report in sorted(facts.prior_reports, key=lambda report: report.made_at):
        yield Line(
            "prior_report_answered" if report.outcome else "prior_report",
            {
                "reference": report.reference,
                "at": report.made_at.isoformat(),
                "outcome": report.outcome,
            },
        )


def _mentions(mentions: list[OffendingMention]) -> Iterator[Line]:
    for number, mention in enumerate(mentions[:MAX_MENTIONS], start=1):
        cut = len(mention.text) > MAX_TEXT
        yield Line(
            "mention_cut" if cut else "mention",
            {
                "number": number,
                "id": mention.id,
                "author": mention.author,
                "author_url": mention.author_url,
                "text": mention.text[:MAX_TEXT],
                "at": mention.written_at.isoformat(),
                "url": mention.url or mention.post_url,
            },
        )
    if len(mentions) > MAX_MENTIONS:
        yield Line("more_mentions", {"count": len(mentions) - MAX_MENTIONS})


def _evidence(facts: TicketFacts) -> Iterator[Line]:
    for item in sorted(facts.evidence, key=lambda item: (item.captured_at, item.name)):
        yield Line(
            "evidence_file",
            {
                "name": item.name,
                "sha256": item.sha256,
                "at": item.captured_at.isoformat(),
                "source": item.source,
            },
        )


def _contact(facts: TicketFacts) -> Iterator[Line]:
    contact = facts.contact
    if contact is None:
        return
    for name in ("name", "role", "company", "email", "phone", "country"):
        value = getattr(contact, name)
        if value:
            yield Line(f"contact_{name}", {"value": value})
    if contact.name:
        yield Line("good_faith", {"name": contact.name})


def _hosts(mentions: list[OffendingMention]) -> list[str]:
    found = {host.lower() for mention in mentions for host in _HOST.findall(mention.text)}
    return sorted(host.removeprefix("www.") for host in found)


def _handle(handle: str) -> str:
    # Dots show a person where the handle belongs; `missing` asks for it too.
    return f"@{handle.removeprefix('@') or '...'}"
