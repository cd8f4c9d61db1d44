"""What happened, in a sentence for each kind of event.

Events hold ids, enums and numbers; the words are made here, in the language of whoever reads. A
sentence is in parts: the first always stands, each other one where the event says all it needs.
Higher layers register the sentences of their own kinds.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crisis_api.access.admin import display
from incidents.admin.names import INCIDENTS, PEOPLE, Lookup
from incidents.admin.words import WORDS
from incidents.models import Event, Severity

Parts = tuple[str | Promise, ...]
_PARAMETER = re.compile(r"%\((\w+)\)s")
_SEVERITIES = {severity.word: severity.label for severity in Severity}

_SENTENCES: dict[str, Parts] = {}


def register(sentences: Mapping[str, Parts]) -> None:
    """Say how events of these kinds read; called when the admin is loaded."""
    _SENTENCES.update(sentences)


def sentence(event: Event, lookup: Lookup) -> str:
    """Return what an event says; one of an unknown kind says its kind."""
    parts = _SENTENCES.get(event.kind)
    if parts is None:
        return event.kind
    known = _parameters(event, lookup)
    first, *others = parts
    words = _filled(first, known)
    for part in others:
        if all(known.get(name) for name in _PARAMETER.findall(str(part))):
            words += _filled(part, known)
    return words


def _filled(part: str | Promise, known: Mapping[str, str]) -> str:
    return _PARAMETER.sub(lambda found: known.get(found[1]) or display.NONE, str(part))


def _parameters(event: Event, lookup: Lookup) -> dict[str, str]:
    known = {name: _text(name, value, lookup) for name, value in event.data.items()}
    late = event.data.get("late_seconds")
    known["late"] = _late(late) if isinstance(late, int) else ""
    return known


def _text(name: str, value: Any, lookup: Lookup) -> str:
    if value is None or value == "" or value is False:
        return ""
    if name == "people":
        return ", ".join(lookup.person(each) for each in value)
    if name in PEOPLE:
        return lookup.person(value)
    if name in INCIDENTS:
        return lookup.incident(value)
    if isinstance(value, list):
        return ", ".join(_word(str(each)) for each in value)
    if name.endswith(("_at", "_until")) or name == "since":
        return _moment(value)
    if isinstance(value, float):
        return number_format(int(value) if value.is_integer() else value)
    return _word(str(value))


def _word(word: str) -> str:
    return str(_SEVERITIES.get(word) or WORDS.get(word) or word)


def _moment(value: Any) -> str:
    try:
        return display.minute(datetime.fromisoformat(str(value)))
    except ValueError:
        return str(value)


def _late(seconds: int) -> str:
    """Return by how much something was late, "" where nobody would notice."""
    return _("%s min") % (seconds // 60) if seconds >= 60 else ""


register(
    {
        "claim.truth_set": (gettext_lazy("A claim is %(to)s, before that %(from)s"),),
        "claim.merged": (gettext_lazy("Two claims became one: %(mentions)s mentions moved"),),
        "claim.split": (gettext_lazy("A claim was split: %(mentions)s mentions moved"),),
        "incident.opened": (
            gettext_lazy("Opened: %(category)s, %(severity)s"),
            gettext_lazy("; split from %(split_from)s"),
            gettext_lazy("; responsible: %(owner)s"),
        ),
        "incident.signalled": (gettext_lazy("Signalled again, %(signal_count)s times by now"),),
        "incident.acknowledged": (
            gettext_lazy("Acknowledged by %(acknowledged_by)s"),
            gettext_lazy(", until %(acknowledged_until)s"),
        ),
        "incident.acknowledgement_extended": (
            gettext_lazy("The acknowledgement now lasts until %(acknowledged_until)s"),
        ),
        "incident.acknowledgement_expired": (
            gettext_lazy("The acknowledgement ended"),
            gettext_lazy(" (%(reason)s)"),
        ),
        "incident.assigned": (
            gettext_lazy("Responsible: %(owner)s"),
            gettext_lazy(", before that %(previous_owner)s"),
        ),
        "incident.left_without_owner": (gettext_lazy("Nobody is responsible"),),
        "incident.escalation_requested": (
            gettext_lazy("Escalated by hand"),
            gettext_lazy(": step %(step)s of round %(round)s goes now"),
        ),
        "incident.escalated": (
            gettext_lazy("Escalation, round %(round)s, step %(step)s: %(outcome)s"),
            gettext_lazy(" (%(people)s)"),
            gettext_lazy(", %(late)s late"),
        ),
        "incident.escalation_stopped": (
            gettext_lazy("The escalation stopped"),
            gettext_lazy(": %(reason)s"),
        ),
        "incident.escalation_handed_over": (
            gettext_lazy("Nobody reacted: from round %(round)s on, by the policy that follows"),
        ),
        "incident.escalation_finished": (
            gettext_lazy("The escalation ended after %(rounds)s rounds; nobody reacted"),
        ),
        "incident.snoozed": (gettext_lazy("Snoozed until %(snoozed_until)s"),),
        "incident.snooze_ended": (
            gettext_lazy("The snooze ended"),
            gettext_lazy(" (%(reason)s)"),
        ),
        "incident.contained": (gettext_lazy("Contained"),),
        "incident.resolved": (gettext_lazy("Resolved"),),
        "incident.closed": (gettext_lazy("Closed"),),
        "incident.reopened": (gettext_lazy("Opened again"), gettext_lazy(" (%(reason)s)")),
        "incident.merged": (
            gettext_lazy("%(source)s was merged into %(into)s"),
            gettext_lazy(", mentions: %(mentions)s"),
        ),
        "incident.split": (gettext_lazy("Split; mentions that went to %(into)s: %(mentions)s"),),
        "incident.related": (gettext_lazy("Related to %(other)s"),),
        "incident.unrelated": (gettext_lazy("No longer related to %(other)s"),),
        "incident.severity_changed": (gettext_lazy("Severity: %(from)s → %(to)s"),),
        "incident.category_changed": (gettext_lazy("Category: %(from)s → %(to)s"),),
        "incident.policy_changed": (gettext_lazy("Another escalation policy was chosen"),),
        "incident.edited": (gettext_lazy("Edited: %(fields)s"),),
        "incident.noted": (gettext_lazy("A note was written"),),
        "milestone.reached": (
            gettext_lazy("Reached: %(name)s after %(minutes)s min"),
            gettext_lazy(" (target: %(target_minutes)s min)"),
        ),
        "milestone.missed": (
            gettext_lazy("Missed: %(name)s"),
            gettext_lazy(" (target: %(target_minutes)s min)"),
        ),
        "reminder.fired": (
            gettext_lazy("Reminder, %(of)s: %(outcome)s"),
            gettext_lazy(" (%(people)s)"),
            gettext_lazy(", %(late)s late"),
        ),
        "reminder.parked": (gettext_lazy("A reminder failed five times and was parked"),),
        "reminder.retried": (gettext_lazy("A parked reminder is tried again"),),
        "reaction.retried": (gettext_lazy("What follows from a parked event is tried again"),),
        "notification.sent": (
            gettext_lazy("%(person)s was told"),
            gettext_lazy(" by %(by)s"),
        ),
        "notification.failed": (
            gettext_lazy("A message to %(person)s failed"),
            gettext_lazy(" (%(by)s)"),
            gettext_lazy(": %(code)s"),
        ),
        "notification.dead": (gettext_lazy("A message to %(person)s reached nobody"),),
        "notification.retried": (gettext_lazy("A message that reached nobody is sent again"),),
        "mention.attached": (
            gettext_lazy("A mention was put here"),
            gettext_lazy(", out of %(out_of)s"),
        ),
        "mention.detached": (
            gettext_lazy("A mention was taken out"),
            gettext_lazy(", into %(into)s"),
        ),
        "incident.mentions_attached": (gettext_lazy("Mentions that were put here: %(mentions)s"),),
        "incident.mentions_detached": (
            gettext_lazy("Mentions that were taken out: %(mentions)s"),
            gettext_lazy(", into %(into)s"),
        ),
        "mention.handled": (gettext_lazy("A mention was dealt with: %(outcome)s"),),
        "mention.handed_off": (
            gettext_lazy("A mention was handed off"),
            gettext_lazy(" to %(owner)s"),
        ),
        "hand_off.closed": (gettext_lazy("A hand-off was closed"),),
        "mention.unmasked": (gettext_lazy("%(owner)s looked at the personal data in a mention"),),
        "mention.reopened": (gettext_lazy("A mention waits again"),),
        "storm.detected": (
            gettext_lazy("A storm: %(count)s negative mentions, %(per_minute)s a minute"),
            gettext_lazy(", %(times_usual)s times the usual"),
        ),
        "account.connected": (gettext_lazy("The account was connected"),),
        "account.disconnected": (gettext_lazy("The account was disconnected"),),
        "account.reauthorization_required": (
            gettext_lazy("The account must be authorised again"),
            gettext_lazy(" (%(reason)s)"),
        ),
        "account.posted_outside": (
            gettext_lazy("Something was posted under the account past this system"),
        ),
        "account.enabled": (gettext_lazy("Enabled: %(what)s"),),
        "account.disabled": (gettext_lazy("Disabled: %(what)s"),),
        "alarm.raised": (gettext_lazy("Alarm: %(code)s"),),
    }
)
