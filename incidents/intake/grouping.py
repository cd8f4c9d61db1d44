"""All that a team has heard, in memory: each mention joins what was said before, or begins.

`claim_book` keeps what is here in rows, so that every process remembers the same.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from incidents.intake.claims import (
    Centroid,
    Match,
    Rarity,
    Signature,
    begun,
    can_begin,
    joined,
    match,
    refused,
    signature,
)
from incidents.intake.stemming import SAID

SHOWN_FROM: Final = 3  # Mentions from which a beginning is a claim.
MAX_BEGINNINGS: Final = 5_000
MAX_CANDIDATES: Final = 6
_MAX_LISTED: Final = 24
_RECKONED_EVERY: Final = 200


def _numbers() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"{next(numbers):09d}"


@dataclass(slots=True)
class Grouping:
    """What was said so far. `new_id` names what begins; ids that rise make the same claims again.

    `dropped` names the beginnings that were forgotten for later ones.
    """

    rarity: Rarity = field(default_factory=Rarity)
    new_id: Callable[[], str] = field(default_factory=_numbers)
    reckoned_every: int = _RECKONED_EVERY
    claims: "OrderedDict[str, Centroid]" = field(default_factory=OrderedDict)
    names: dict[str, str] = field(default_factory=dict)
    _by_copy: dict[int, str] = field(default_factory=dict)
    _by_term: dict[str, dict[str, None]] = field(default_factory=dict)
    unreckoned: list[Signature] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    def take(self, text: str) -> str | None:
        """Group one mention: the claim that it joined or began, None where it says too little."""
        return self.take_signature(signature(text))

    def take_signature(self, mention: Signature) -> str | None:
        """As `take`, of a mention whose signature is known."""
        self.unreckoned.append(mention)
        if len(self.unreckoned) >= self.reckoned_every:
            self.rarity = self.rarity.after(self.unreckoned)
            self.unreckoned.clear()
        found = self.find(mention)
        if found is not None:
            self._keep(joined(self.claims[found.claim], mention), mention)
            return self.name(found.claim)
        if not can_begin(mention):
            return None
        claim = self.new_id()
        self._keep(begun(claim, mention), mention)
        self._forget()
        return claim

    def recall(self, centroid: Centroid) -> None:
        """Take in what was heard elsewhere or earlier, as it is now."""
        self.claims[centroid.claim] = centroid
        self.claims.move_to_end(centroid.claim)
        self._list_copies(centroid.claim, Signature((), centroid.bins, 0))
        self._list_terms(centroid)

    def find(self, mention: Signature) -> Match | None:
        """The claim that a mention belongs to, as things stand."""
        return match(mention, self._candidates(mention), self.rarity)

    def name(self, claim: str) -> str:
        """The claim that a claim was merged into, or itself."""
        while claim in self.names:
            claim = self.names[claim]
        return claim

    def merge(self, claim: str, into: str) -> None:
        """Make two claims one, as a person decided: it is found by what either of them says."""
        claim, into = self.name(claim), self.name(into)
        if claim != into:
            self.names[claim] = into

    def refuse(self, claim: str, text: str) -> None:
        """Let a mention and its copies never join a claim again, nor what was merged into it."""
        mention, root = signature(text), self.name(claim)
        for each, centroid in list(self.claims.items()):
            if self.name(each) == root:
                self.claims[each] = refused(centroid, mention)

    def shown(self) -> Iterable[Centroid]:
        """What was said often enough to be called a claim."""
        return (each for each in self.claims.values() if each.mentions >= SHOWN_FROM)

    def _candidates(self, mention: Signature) -> list[Centroid]:
        found: dict[str, int] = {}
        for key in mention.copy_keys if mention.bins else ():
            claim = self._by_copy.get(key)
            if claim is not None:
                found[claim] = 1_000
        for term in mention.terms:
            weight = 5 if term in SAID else 1
            for claim in self._by_term.get(term, ()):
                found[claim] = found.get(claim, 0) + weight
        # Of equally many shared words the claim with more mentions is the likelier.
        ranked = sorted(
            (claim for claim in found if claim in self.claims),
            key=lambda claim: (-found[claim], -self.claims[claim].mentions, claim),
        )
        return [self.claims[claim] for claim in ranked[:MAX_CANDIDATES]]

    def _keep(self, centroid: Centroid, mention: Signature) -> None:
        claim = centroid.claim
        self.claims[claim] = centroid
        self.claims.move_to_end(claim)
        if centroid.mentions <= SHOWN_FROM:
            self._list_copies(claim, mention)
        # The words of a claim settle early; later they are looked at now and then.
        if centroid.mentions <= SHOWN_FROM or centroid.mentions % 50 == 0:
            self._list_terms(centroid)

    def _list_copies(self, claim: str, mention: Signature) -> None:
        for key in mention.copy_keys if mention.bins else ():
            # Where the first of several was forgotten, the next takes its place.
            if self._by_copy.get(key) not in self.claims:
                self._by_copy[key] = claim

    def _list_terms(self, centroid: Centroid) -> None:
        for term in centroid.term_keys:
            listed = self._by_term.setdefault(term, {})
            listed[centroid.claim] = None
            if len(listed) > _MAX_LISTED:
                del listed[self._least(listed)]

    def _least(self, listed: Iterable[str]) -> str:
        return min(
            listed,
            key=lambda claim: (self._mentions(claim), claim),
        )

    def _mentions(self, claim: str) -> int:
        return self.claims[claim].mentions if claim in self.claims else 0

    def _forget(self) -> None:
        """Drop the beginning that was longest without an echo; a claim that is shown stays."""
        if len(self.claims) <= MAX_BEGINNINGS:
            return
        for claim, centroid in self.claims.items():
            if centroid.mentions < SHOWN_FROM:
                self._drop(centroid)
                self.dropped.append(claim)
                return
        self._drop(next(iter(self.claims.values())))

    def _drop(self, centroid: Centroid) -> None:
        claim = centroid.claim
        del self.claims[claim]
        for key in Signature((), centroid.bins, 0).copy_keys if centroid.bins else ():
            if self._by_copy.get(key) == claim:
                del self._by_copy[key]
        for term in centroid.term_keys:
            listed = self._by_term.get(term, {})
            listed.pop(claim, None)
            if not listed:
                self._by_term.pop(term, None)
