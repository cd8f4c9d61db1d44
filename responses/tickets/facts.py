"""What a ticket is drafted from: plain values, gathered by whoever asks for a draft."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

# Categories with requests of their own; every other is drafted as the general one.
CATEGORIES: Final = (
    "personal_data_leak",
    "impersonation",
    "spam",
    "harassment",
    "misinformation",
)


@dataclass(frozen=True, slots=True)
class OffendingMention:
    """A comment, message or post the ticket complains of, exactly as it was written."""

    id: str
    author: str
    text: str
    written_at: datetime
    url: str = ""
    post_url: str = ""
    author_url: str = ""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Impostor:
    """An account that passes itself off as the brand or one of its people."""

    handle: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class FalseClaim:
    """A claim that is untrue, what is true instead, and where that can be checked."""

    claim: str
    truth: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """One stored file: its name, SHA-256 and when it was captured."""

    name: str
    sha256: str
    captured_at: datetime
    source: str = "screenshot"


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """One thing that happened, by the event's type; `params` hold numbers and words."""

    at: datetime
    type: str
    params: tuple[tuple[str, str | int], ...] = ()


@dataclass(frozen=True, slots=True)
class Contact:
    """Who answers the platform's questions."""

    name: str
    email: str = ""
    phone: str = ""
    role: str = ""
    company: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class PriorReport:
    """A report made before about the same thing."""

    reference: str
    made_at: datetime
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """Everything known about an incident that the platform may need.

    `since`, `total`, `authors` and `peak_per_minute` are of the comments the ticket complains of,
    of which `mentions` may hold the gravest only; 0 and None say that it is not known.
    `affected_person` says who is affected and may be a role ("an employee"). Times are aware.
    """

    category: str
    reference: str
    brand: str
    account_handle: str
    as_of: datetime
    since: datetime | None = None
    total: int = 0
    authors: int = 0
    peak_per_minute: int = 0
    account_url: str = ""
    mentions: tuple[OffendingMention, ...] = ()
    timeline: tuple[TimelineLine, ...] = ()
    evidence: tuple[EvidenceItem, ...] = ()
    contact: Contact | None = None
    impostors: tuple[Impostor, ...] = ()
    false_claims: tuple[FalseClaim, ...] = ()
    affected_person: str = ""
    affected_person_agrees: bool = False
    trademark_number: str = ""
    identity_document: bool = False
    authority_document: bool = False
    guideline: str = ""
    guideline_reason: str = ""
    prior_reports: tuple[PriorReport, ...] = ()
