"""Which comments break a rule of the platform, by the signs that were found in them.

Criticism breaks none, and neither does a customer who was hurt, complains, wants the money back or
names a lawyer or a regulator: a ticket must not hand these people over to the platform.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

# What a ticket of the category complains of, each from a weight on. Threats with law and regulators
# weigh 60 or 70, threats of violence 95; one weak sign of spam may be a customer's own link.
_OFFENCES: Final[Mapping[str, Mapping[str, int]]] = {
    "personal_data_leak": {"personal_data": 0},
    "spam": {"spam": 60},
    "harassment": {"insult": 60, "threat": 90},
    "misinformation": {"accusation": 0},
}
# Of any other category: what breaks a rule whatever the incident is about. Rude words do not, since
# there most of them are a customer's anger; a ticket about harassment complains of them.
_OF_ANY: Final[Mapping[str, int]] = {"personal_data": 0, "spam": 60, "threat": 90}


def codes_for(category: str) -> frozenset[str]:
    """Return the codes of signs that may make an offence of the category."""
    return frozenset(_OFFENCES.get(category, _OF_ANY))


def offences_in(reasons: Iterable[Any], category: str) -> tuple[str, ...]:
    """Return by which codes a comment is an offence that a ticket of the category complains of."""
    weights = _weights(reasons)
    least = _OFFENCES.get(category, _OF_ANY)
    return tuple(
        code for code, from_weight in least.items() if weights.get(code, -1) >= from_weight
    )


def _weights(reasons: Iterable[Any]) -> dict[str, int]:
    """Return the weight of each code: several signs of one together, as they are scored.

    A code that somebody stored without a weight counts in full.
    """
    left: dict[str, float] = {}
    for reason in reasons:
        code, weight = (
            (str(reason.get("code", "")), int(reason.get("weight", 100)))
            if isinstance(reason, dict)
            else (str(reason), 100)
        )
        if code == "spam":
            left[code] = left.get(code, 1.0) * (1 - weight / 100)
        else:
            left[code] = min(left.get(code, 1.0), 1 - weight / 100)
    return {code: round(100 * (1 - rest)) for code, rest in left.items()}
