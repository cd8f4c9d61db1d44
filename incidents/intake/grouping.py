"""All the claims of a team in memory: how `claims` is meant to be used, and measured.

Where claims are rows, `_candidates` is two queries by index (copy keys, then term keys), and
`_keep` an update of the claim's row.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class Grouping:
    """The claims so far. `beginnings` counts how many things were said that are kept in mind."""

    rarity: Rarity = field(default_factory=Rarity)
    claims: "OrderedDict[str, Centroid]" = field(default_factory=OrderedDict)
    names: dict[str, str] = field(default_factory=dict)
    _by_copy: dict[int, str] = field(default_factory=dict)
    _by_term: dict[str, dict[str, None]] = field(default_factory=dict)
    _unreckoned: list[Signature] = field(default_factory=list)
    _last: int = 0

    def take(self, text: str) -> str | None:
        """Group one mention: the claim that it joined or began, None where it says too little."""
        return self.take_signature(signature(text))

    def take_signature(self, mention: Signature) -> str | None:
        """As `take`, of a mention whose signature is known."""
        self._unreckoned.append(mention)
        if len(self._unreckoned) >= _RECKONED_EVERY:
            self.rarity = self.rarity.after(self._unreckoned)
            self._unreckoned.clear()
        found = self.find(mention)
        if found is not None:
            self._keep(joined(self.claims[found.claim], mention), mention)
            return self.name(found.claim)
        if not can_begin(mention):
            return None
        self._last += 1
        claim = f"{self._last:09d}"
        self._keep(begun(claim, mention), mention)
        self._forget()
        return claim

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
        for key in mention.copy_keys if mention.bins and centroid.mentions <= SHOWN_FROM else ():
            self._by_copy.setdefault(key, claim)
        # The words of a claim settle early; later they are looked at now and then.
        if centroid.mentions <= SHOWN_FROM or centroid.mentions % 50 == 0:
            for term in centroid.term_keys:
                listed = self._by_term.setdefault(term, {})
                listed[claim] = None
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
                del self.claims[claim]
                return
