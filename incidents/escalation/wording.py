"""What a reminder says, in the language of the person who gets it.

It travels through mail, SMS and chats that are not ours, so it says only what may be known there:
reference, severity, counts, times and links. Never a title, a mention's words or anybody's name.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, npgettext, pgettext

Mode = Literal["standard", "drill"]

LANGUAGES = ("en", "ru")
SHORT_LENGTH = 160
SUBJECT_LENGTH = 150
MOST_ITEMS = 20

_SEVERITIES = ("critical", "high", "medium", "low")
_MINUTES_AN_HOUR = 60
_MINUTES_A_DAY = 24 * _MINUTES_AN_HOUR


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to be reminded of.

    `kind` is a kind of reminder or `unanswered_mentions`. `open_minutes` have passed since the
    incident opened. `due_minutes` are left until a follow-up, an update, an approval or a
    milestone is due, or have passed since where below zero. `late_minutes` is how much later than
    planned the reminder itself goes out. `acknowledge_link` is for the recipient alone.
    """

    kind: str
    reference: str = ""
    incident_id: str = ""
    severity: str = ""
    mode: Mode = "standard"
    open_minutes: int | None = None
    due_minutes: int | None = None
    late_minutes: int = 0
    round: int = 0
    step: int = 0
    count: int = 0
    alarm_code: str = ""
    link: str = ""
    acknowledge_link: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A message ready to be sent: a line, a text, and 160 characters for an SMS.

    `items` is what it says, for receivers that are programs.
    """

    subject: str
    body_text: str
    short_text: str
    items: tuple[Item, ...] = ()


def compose(items: Sequence[Item], *, language: str) -> Message:
    """Put one or more reminders into one message, the most severe first.

    Several steps of one incident are told as the highest of them. An unknown kind, severity or
    language still makes a message: a reminder must not be lost over a word.
    """
    if not items:
        raise ValueError("a message needs something to say")
    with translation.override(language if language in LANGUAGES else LANGUAGES[0]):
        ranked = sorted(_highest_steps(items), key=_rank)
        if len(ranked) == 1:
            subject, short = _line(ranked[0]), _short_of_one(ranked[0])
        else:
            subject, short = _summary(ranked, SUBJECT_LENGTH), _summary(ranked, SHORT_LENGTH)
        return Message(
            _cut(subject, SUBJECT_LENGTH), _body(ranked), _cut(short, SHORT_LENGTH), tuple(ranked)
        )


def _highest_steps(items: Iterable[Item]) -> list[Item]:
    """Keep the highest of several steps, which fall due at once after a standstill."""
    kept: dict[object, Item] = {}
    for place, item in enumerate(items):
        is_step = item.kind == "escalation_step" and item.reference
        key = (item.reference, item.mode) if is_step else place
        other = kept.get(key, item)
        highest = max(other, item, key=lambda one: (one.round, one.step))
        kept[key] = replace(highest, late_minutes=max(other.late_minutes, item.late_minutes))
    return list(kept.values())


def _rank(item: Item) -> tuple[bool, int]:
    known = item.severity in _SEVERITIES
    return item.mode == "drill", _SEVERITIES.index(item.severity) if known else len(_SEVERITIES)


# The parts of a message


def _body(items: Sequence[Item]) -> str:
    shown = items[:MOST_ITEMS]
    blocks = ["\n".join(_lines(item)) for item in shown]
    if len(items) > len(shown):
        blocks.append(_and_more(len(items) - len(shown)))
    if any(item.acknowledge_link for item in shown):
        blocks.append(_("The link to acknowledge is yours alone: please do not forward it."))
    if any(item.mode == "drill" for item in shown):
        blocks.append(_("A drill is an exercise: nobody outside the team is told anything."))
    return "\n\n".join(blocks) + "\n"


def _lines(item: Item) -> list[str]:
    sentences = [_what(item), *_details(item)]
    if item.step:
        step = _("step %(step)d, round %(round)d")
        sentences.append(step % {"step": item.step, "round": max(item.round, 1)})
    lines = [_head(item), " ".join(f"{text[:1].upper()}{text[1:]}." for text in sentences)]
    if item.link:
        lines.append(_("Open: %(link)s") % {"link": item.link})
    if item.acknowledge_link:
        lines.append(_("Acknowledge: %(link)s") % {"link": item.acknowledge_link})
    return lines


def _line(item: Item) -> str:
    head, said = _head(item), ", ".join([_what(item), *_details(item)])
    return f"{head}: {said}"


def _short_of_one(item: Item) -> str:
    """Say what it is, and add a link and the details as far as there is room for them."""
    text = f"{_head(item)}: {_what(item)}"
    links = (item.acknowledge_link, item.link)
    room = SHORT_LENGTH - len(text)
    link = next((f" {link}" for link in links if link and len(link) < room), "")
    for detail in _details(item):
        if len(text) + len(detail) + len(link) + 2 <= SHORT_LENGTH:
            text += f", {detail}"
    return text + link


def _summary(items: Sequence[Item], length: int) -> str:
    """Count several reminders and name as many as there is room for."""
    counted = ngettext("%(count)d reminder", "%(count)d reminders", len(items))
    drill = f"{_drill()} " if all(item.mode == "drill" for item in items) else ""
    text = drill + counted % {"count": len(items)}
    for place, item in enumerate(items):
        left = len(items) - place - 1
        longer = f"{text}{', ' if place else ': '}{_head(item, labelled=not drill)}"
        if len(longer) + (len(_and_more(left)) + 1 if left else 0) > length:
            return f"{text} {_and_more(left + 1)}"
        text = longer
    return text


def _head(item: Item, *, labelled: bool = True) -> str:
    drill = _drill() if item.mode == "drill" and labelled else ""
    named = item.reference or (_("Alarm") if item.kind == "alarm" else _("Reminder"))
    return " ".join(part for part in (drill, _severity(item.severity), named) if part)


def _drill() -> str:
    # Not inside an f-string, where the tools for translators don't find it.
    return _("[DRILL]")


def _details(item: Item) -> list[str]:
    details = []
    if item.open_minutes is not None and item.open_minutes > 0:
        opened = _("opened %(duration)s ago")
        details.append(opened % {"duration": _duration(item.open_minutes)})
    if item.late_minutes > 0:
        delayed = _("delayed by %(duration)s")
        details.append(delayed % {"duration": _duration(item.late_minutes)})
    return details


def _and_more(count: int) -> str:
    return ngettext("and %(count)d more", "and %(count)d more", count) % {"count": count}


def _cut(text: str, length: int) -> str:
    """Keep it one line of at most so many characters; a subject must not smuggle in a header."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


# The words

# Of what has a due time: before it, at it or where it is unknown, and after it.
_DUE = {
    "follow_up_due_soon": (
        gettext_lazy("a follow-up action is due in %(duration)s"),
        gettext_lazy("a follow-up action is due"),
        gettext_lazy("a follow-up action is overdue by %(duration)s"),
    ),
    "follow_up_overdue": (
        gettext_lazy("a follow-up action is due in %(duration)s"),
        gettext_lazy("a follow-up action is overdue"),
        gettext_lazy("a follow-up action is overdue by %(duration)s"),
    ),
    "follow_up_ignored": (
        gettext_lazy("a follow-up action gets no answer to its reminders"),
        gettext_lazy("a follow-up action gets no answer to its reminders"),
        gettext_lazy("a follow-up action is overdue by %(duration)s, reminders get no answer"),
    ),
    "approval_needed": (
        gettext_lazy("a text must be approved within %(duration)s"),
        gettext_lazy("a text is waiting for approval"),
        gettext_lazy("a text has been waiting for approval for %(duration)s"),
    ),
    "milestone_missed": (
        gettext_lazy("a milestone has been missed"),
        gettext_lazy("a milestone has been missed"),
        gettext_lazy("a milestone was missed %(duration)s ago"),
    ),
    "promised_update": (
        gettext_lazy("the promised public update is due in %(duration)s"),
        gettext_lazy("the promised public update is due"),
        gettext_lazy("the promised public update is overdue by %(duration)s"),
    ),
}
_PLAIN = {
    "escalation_step": gettext_lazy("waiting for a reaction"),
    "snooze_end": gettext_lazy("the snooze is over, waiting for a reaction"),
    "acknowledgement_expiry": gettext_lazy(
        "the acknowledgement has expired, waiting for a reaction"
    ),
    "no_owner": gettext_lazy("nobody is responsible for it"),
    "assigned": gettext_lazy("you are responsible for it now"),
    "morning_digest": gettext_lazy("nothing is left to do"),
    "shift_swap_asked": gettext_lazy("somebody asks you to take over a shift, please answer"),
    "shift_swap_answered": gettext_lazy("your request to swap a shift was answered"),
    "shift_swap_expired": gettext_lazy("nobody answered your request: the shift is still yours"),
}
_ALARMS = {
    "overlooked": gettext_lazy("its reminders had been lost and were laid out again, please check"),
    "nobody_reached": gettext_lazy("nobody could be reached, please take over"),
    "no_policy": gettext_lazy("it has no escalation policy, nobody is reminded"),
    "policy_broken": gettext_lazy("its escalation policy cannot be followed, nobody is reminded"),
    "plan_broken": gettext_lazy("its escalation cannot be continued, nobody is reminded"),
    "reminder_parked": gettext_lazy("a reminder has failed five times and was set aside"),
    "last_contact_point_refuses": gettext_lazy("somebody's last contact point refuses messages"),
    "notification_dead": gettext_lazy("a message reached nobody on any contact point"),
}


def _what(item: Item) -> str:
    """Say what it is about, as a part of a sentence."""
    if item.kind in _DUE:
        before, at, after = _DUE[item.kind]
        minutes = item.due_minutes or 0
        text = str(before if minutes > 0 else after if minutes < 0 else at)
        return text % {"duration": _duration(abs(minutes))}
    if item.kind == "unanswered_mentions":
        return _unanswered(item)
    if item.kind == "open_follow_ups":
        counted = ngettext(
            "%(count)d follow-up of yours is open",
            "%(count)d follow-ups of yours are open",
            item.count,
        )
        return counted % {"count": item.count}
    if item.kind == "alarm":
        other = _("something needs a person (%(code)s)") % {"code": item.alarm_code or "alarm"}
        return str(_ALARMS.get(item.alarm_code, other))
    return str(_PLAIN.get(item.kind, _("your attention is needed")))


def _unanswered(item: Item) -> str:
    counted = ngettext(
        "%(count)d mention is waiting for an answer",
        "%(count)d mentions are waiting for an answer",
        item.count,
    ) % {"count": item.count}
    if not item.due_minutes or item.due_minutes > 0:
        return counted
    oldest = _("the oldest for %(duration)s") % {"duration": _duration(-item.due_minutes)}
    return f"{counted}, {oldest}"


def _severity(word: str) -> str:
    words = {
        "critical": pgettext("severity of an incident", "critical"),
        "high": pgettext("severity of an incident", "high"),
        "medium": pgettext("severity of an incident", "medium"),
        "low": pgettext("severity of an incident", "low"),
    }
    return words.get(word, "").upper()


def _duration(minutes: int) -> str:
    """Return a time in its largest sensible unit, such as `42 minutes`, `5 hours` or `3 days`."""
    # The context tells translators the case: Russian needs the accusative in all of these
    # sentences (на 1 минуту, уже 2 минуты, через 5 минут).
    if minutes < 2 * _MINUTES_AN_HOUR:
        text, count = _minutes(minutes), minutes
    elif minutes < 2 * _MINUTES_A_DAY:
        count = minutes // _MINUTES_AN_HOUR
        text = npgettext("how long, accusative", "%(count)d hour", "%(count)d hours", count)
    else:
        count = minutes // _MINUTES_A_DAY
        text = npgettext("how long, accusative", "%(count)d day", "%(count)d days", count)
    return text % {"count": count}


def _minutes(count: int) -> str:
    return npgettext("how long, accusative", "%(count)d minute", "%(count)d minutes", count)
