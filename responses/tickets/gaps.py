"""What a ticket still lacks that the platform's form asks for."""

from collections.abc import Iterator, Sequence
from typing import Final

from responses.tickets.facts import OffendingMention, TicketFacts
from responses.tickets.lines import Line


def missing_lines(
    kind: str, form: str, facts: TicketFacts, mentions: Sequence[OffendingMention]
) -> Iterator[Line]:
    """What a person still has to do: which form to use, then what to add before that."""
    yield Line(f"submit_{form}")
    if not facts.account_handle:
        yield Line("add_account_handle")
    if not mentions and not (kind == "impersonation" and facts.impostors):
        yield Line("add_mentions")
    without_link = sum(not (mention.url or mention.post_url) for mention in mentions)
    if without_link:
        yield Line("add_links", {"count": without_link})
    if not facts.evidence:
        yield Line("add_evidence")
    yield from _MISSING[kind](facts)
    if facts.contact is None or not facts.contact.name:
        yield Line("add_contact")
    else:
        if not facts.contact.email:
            yield Line("add_contact_email")
        if not facts.contact.country:
            yield Line("add_country")


def _missing_person(facts: TicketFacts) -> Iterator[Line]:
    if not facts.affected_person:
        yield Line("add_affected_person")
    if not facts.affected_person_agrees:
        yield Line("add_agreement")


def _missing_impersonation(facts: TicketFacts) -> Iterator[Line]:
    if not facts.impostors:
        yield Line("add_impostors")
    without_link = sum(not impostor.url for impostor in facts.impostors)
    if without_link:
        yield Line("add_impostor_links", {"count": without_link})
    # A company proves itself by its trademark, a person by a document: either will do.
    if not facts.trademark_number and not facts.identity_document:
        yield Line("add_proof_of_identity")
    if not facts.authority_document:
        yield Line("add_authority")


def _missing_misinformation(facts: TicketFacts) -> Iterator[Line]:
    if not facts.false_claims:
        yield Line("add_false_claims")
    without_source = sum(not claim.source for claim in facts.false_claims)
    if without_source:
        yield Line("add_sources", {"count": without_source})


def _missing_general(facts: TicketFacts) -> Iterator[Line]:
    # Plain criticism breaks no rule: without a guideline the platform refuses the report.
    if not facts.guideline:
        yield Line("add_guideline")
    if not facts.guideline_reason:
        yield Line("add_guideline_reason")


def _missing_nothing(facts: TicketFacts) -> Iterator[Line]:
    return iter(())


_MISSING: Final = {
    "personal_data_leak": _missing_person,
    "impersonation": _missing_impersonation,
    "spam": _missing_nothing,
    "harassment": _missing_person,
    "misinformation": _missing_misinformation,
    "general": _missing_general,
}
