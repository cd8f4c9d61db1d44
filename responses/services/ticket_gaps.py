"""What a ticket still lacks, once what people wrote or ticked off is taken away.

The draft says what the machine could not find (`lacking`). Of that, writing a section answers what
the section is for; the rest is ticked off (`settled`), with who said so and when.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from django.utils.translation import gettext as _

from crisis_api.lib import clock
from crisis_api.lib.actors import SYSTEM, Actor
from crisis_api.lib.errors import FieldError, Invalid
from responses.models import SupportTicket

# What a person answers by writing a section that is not blank.
ANSWERED_BY: Final[Mapping[str, frozenset[str]]] = {
    "mentions": frozenset({"add_mentions", "add_links"}),
    "evidence": frozenset({"add_evidence"}),
    "contact": frozenset({"add_contact", "add_contact_email", "add_country"}),
}

Lack = dict[str, str]


def is_the_machines(row: SupportTicket) -> bool:
    """Whether it came by itself and nobody has written into it or ticked anything off.

    Such a one is drafted again while its incident grows, each time as another version. Nothing of a
    person's is in it that their first words, written from an earlier version, could undo.
    """
    drafted = row.status in (SupportTicket.Status.DRAFTING, SupportTicket.Status.DRAFT)
    by_itself = row.actor.type == SYSTEM.type
    return drafted and by_itself and not row.edited_sections and row.settled is None


def lacking_of(codes: Sequence[str], text: str) -> list[Lack]:
    """Pair the codes of a draft with their sentences, which follow the name of the form."""
    return [
        {"code": code, "text": line}
        for code, line in zip(codes, text.split("\n")[1:], strict=False)
    ]


def known(row: SupportTicket) -> list[Lack]:
    """Return what the machine found lacking; of a row from before, what its draft says."""
    if row.lacking is not None:
        return list(row.lacking)
    return lacking_of(row.missing, row.sections.get("missing", ""))


def without_answered(
    lacking: Sequence[Lack],
    *,
    sections: Mapping[str, str],
    edited: Collection[str],
    settled: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the columns of a ticket that say what is missing."""
    answered = {each["code"] for each in settled}
    for name in edited:
        if sections.get(name, "").strip():
            answered |= ANSWERED_BY.get(name, frozenset())
    left = [each for each in lacking if each["code"] not in answered]
    form = sections.get("missing", "").split("\n", 1)[0]
    text = "\n".join([form, *(each["text"] for each in left)])
    return {
        "lacking": list(lacking),
        "missing": [each["code"] for each in left],
        "sections": {**sections, "missing": text} if sections else {},
    }


def settle(row: SupportTicket, codes: Collection[str], *, by: Actor) -> list[dict[str, Any]]:
    """Return what is ticked off once it is these codes; who ticked one off first stays."""
    before = {each["code"]: each for each in row.settled or ()}
    offered = {each["code"] for each in known(row)} | before.keys()
    unknown = [
        FieldError(f"/settled/{place}", "invalid_choice", _("This is not missing here."))
        for place, code in enumerate(codes)
        if code not in offered
    ]
    if unknown:
        raise Invalid(errors=unknown)
    mine = {
        "actor_type": by.type,
        "actor_id": str(by.id) if by.id else None,
        "at": clock.now().isoformat(),
    }
    return [before.get(code, {"code": code, **mine}) for code in sorted(set(codes))]
