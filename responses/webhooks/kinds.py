"""The kinds of events that endpoints may hear of, so that a misspelt one is refused. Pure.

Kinds about webhooks are not here: they are told to nobody, and a test goes to its endpoint whatever
that wants.
"""

from collections.abc import Sequence

from responses.webhooks.patterns import matches

_PAST: dict[str, str] = {
    "incident": "opened signalled acknowledged acknowledgement_extended acknowledgement_expired"
    " assigned left_without_owner escalation_requested escalated escalation_stopped"
    " escalation_handed_over escalation_finished snoozed snooze_ended contained resolved closed"
    " reopened merged split related unrelated severity_changed category_changed policy_changed"
    " edited noted mentions_attached mentions_detached",
    "account": "connected disconnected reauthorization_required posted_outside enabled disabled",
    "milestone": "reached missed",
    "reminder": "fired parked retried",
    "reaction": "retried",
    "notification": "sent failed dead retried",
    "mention": "attached detached handled reopened unmasked handed_off",
    "hand_off": "closed",
    "claim": "merged split truth_set",
    "storm": "detected",
    "alarm": "raised",
    "statement": "drafted revised submitted approved changes_requested published retracted"
    " corrected",
    "support_ticket": "created drafted edited redrafting marked_ready submitted answered appealed"
    " closed",
    "follow_up": "created changed started completed cancelled overdue ignored",
}
KINDS: tuple[str, ...] = tuple(
    f"{subject}.{past}" for subject, words in _PAST.items() for past in words.split()
)


def is_known(pattern: str) -> bool:
    """Whether a kind or pattern names any event that there can be."""
    return any(matches([pattern], kind) for kind in KINDS)


def near(pattern: str) -> Sequence[str]:
    """Return what may be meant: all of its subject where there is such a one, or every subject."""
    subject = pattern.partition(".")[0]
    if subject in _PAST:
        return [f"{subject}.*", *(f"{subject}.{past}" for past in _PAST[subject].split())]
    return ["*", *(f"{each}.*" for each in _PAST)]
