"""What a reminder says, in the language of the person who gets it.

It travels through mail, SMS and chats that are not ours, so it says only what may be known there:
reference, severity, counts, times and links. Never a title, a mention's words or anybody's name.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.escalation import words

Mode = Literal["standard", "drill"]

LANGUAGES = ("en", "ru")
SHORT_LENGTH = 160
SUBJECT_LENGTH = 150
MOST_ITEMS = 20

_SEVERITIES = ("critical", "high", "medium", "low")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to be reminded of.

    `kind` is a kind of reminder or `unanswered_mentions`. `subject_kind` is the kind of follow-up,
    where it is one. `open_minutes` have passed since the incident opened. `due_minutes` are left
    until a follow-up, an update, an approval or a milestone is due, or have passed since where
    below zero. `late_minutes` is how much later than planned the reminder itself goes out.
    `acknowledge_link` is for the recipient alone.
    """

    kind: str
    subject_kind: str = ""
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


Group = list[Item]


def compose(items: Sequence[Item], *, language: str) -> Message:
    """Put one or more reminders into one message, the most severe incident first, drills last.

    Whatever is about one incident stands together. Several steps of it are told as the highest of
    them. An unknown kind, severity or language still makes a message: a reminder must not be lost
    over a word.
    """
    if not items:
        raise ValueError("a message needs something to say")
    with translation.override(language if language in LANGUAGES else LANGUAGES[0]):
        groups = _groups(_highest_steps(items))
        if len(groups) == 1:
            (group,) = groups
            links = [link for item in group for link in (item.acknowledge_link, item.link)]
            subject, short = _line(group, SUBJECT_LENGTH), _line(group, SHORT_LENGTH, links)
        else:
            subject, short = _summary(groups, SUBJECT_LENGTH), _summary(groups, SHORT_LENGTH)
        return Message(
            _cut(subject, SUBJECT_LENGTH),
            _body(groups),
            _cut(short, SHORT_LENGTH),
            tuple(item for group in groups for item in group),
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


def _groups(items: Iterable[Item]) -> list[Group]:
    """Put together what is about one incident, its escalation first; drills come last."""
    groups: dict[object, Group] = {}
    for item in items:
        key = (item.mode, item.reference, not item.reference and item.kind == "alarm")
        groups.setdefault(key, []).append(item)
    ordered = (
        sorted(group, key=lambda item: (_rank(item), item.kind != "escalation_step"))
        for group in groups.values()
    )
    return sorted(ordered, key=lambda group: _rank(group[0]))


def _rank(item: Item) -> tuple[bool, int]:
    known = item.severity in _SEVERITIES
    return item.mode == "drill", _SEVERITIES.index(item.severity) if known else len(_SEVERITIES)


# The parts of a message


def _body(groups: Sequence[Group]) -> str:
    left, blocks, shown = MOST_ITEMS, [], []
    mixed = len({group[0].mode for group in groups}) > 1
    for group in groups:
        part = group[:left]
        if part and mixed and part[0].mode == "drill":
            blocks.append(
                _("What follows is a drill, an exercise: nobody outside the team is told anything.")
            )
            mixed = False
        if part:
            blocks.append("\n".join(_block(part)))
        shown += part
        left -= len(part)
    more = sum(len(group) for group in groups) - len(shown)
    if more:
        blocks.append(_and_more(more))
    if any(item.acknowledge_link for item in shown):
        blocks.append(_("The link to acknowledge is yours alone: please do not forward it."))
    if all(item.mode == "drill" for item in shown):
        blocks.append(_("A drill is an exercise: nobody outside the team is told anything."))
    return "\n\n".join(blocks) + "\n"


def _block(group: Group) -> list[str]:
    """Say what is wanted for one incident, and below each thing where it leads to."""
    by_link: dict[str, Group] = {}
    for item in group:
        by_link.setdefault(item.link, []).append(item)
    wanted: dict[tuple[str, ...], Group] = {}
    for items in by_link.values():
        wanted.setdefault(_wants(items), []).extend(items)
    lines, details = [_head(group[0])], [*_details(group), *_steps(group)]
    for (first, *others), items in wanted.items():
        lines.append(" ".join(_sentence(text) for text in (first, *details, *others)))
        details = []
        opened = _("Open: %(link)s")
        lines += [opened % {"link": link} for link in _links(item.link for item in items)]
        acknowledge = _("Acknowledge: %(link)s")
        for link in _links(item.acknowledge_link for item in items):
            if acknowledge % {"link": link} not in lines:
                lines.append(acknowledge % {"link": link})
    return lines


def _links(links: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(link for link in links if link))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _line(group: Group, length: int, links: Iterable[str] = ()) -> str:
    """Say what is wanted for one incident; add a link and the details as far as there is room."""
    said, (first, *others) = f"{_head(group[0])}: ", _wants(group)
    rest = ""
    for place, text in enumerate(others):
        left = len(others) - place - 1
        more = f" {_and_more(left)}" if left else ""
        if len(said) + len(first) + len(rest) + len(text) + 2 + len(more) > length:
            rest += f" {_and_more(left + 1)}"
            break
        rest += f"; {text}"
    said += first
    room = length - len(said) - len(rest)
    link = next((f" {link}" for link in links if link and len(link) < room), "")
    for detail in _details(group):
        if len(said) + len(detail) + len(rest) + len(link) + 2 <= length:
            said += f", {detail}"
    return said + rest + link


def _summary(groups: Sequence[Group], length: int) -> str:
    """Count several reminders and name as many as there is room for, with what is wanted if all."""
    counted = ngettext("%(count)d reminder", "%(count)d reminders", len(groups))
    drill = f"{_drill()} " if all(group[0].mode == "drill" for group in groups) else ""
    text = drill + counted % {"count": len(groups)}
    heads = [_head(group[0], labelled=not drill) for group in groups]
    told = [
        f"{head} ({'; '.join(_wants(group))})" for head, group in zip(heads, groups, strict=True)
    ]
    whole = f"{text}: {', '.join(told)}"
    if len(whole) <= length:
        return whole
    for place, head in enumerate(heads):
        left = len(heads) - place - 1
        longer = f"{text}{', ' if place else ': '}{head}"
        if len(longer) + (len(_and_more(left)) + 1 if left else 0) > length:
            return f"{text} {_and_more(left + 1)}"
        text = longer
    return text


def _head(item: Item, *, labelled: bool = True) -> str:
    drill = _drill() if item.mode == "drill" and labelled else ""
    named = item.reference or (_("Alarm") if item.kind == "alarm" else _("Reminder"))
    return " ".join(part for part in (drill, words.severity(item.severity), named) if part)


def _drill() -> str:
    # Not inside an f-string, where the tools for translators don't find it.
    return _("[DRILL]")


def _wants(items: Iterable[Item]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_what(item) for item in items))


def _details(group: Group) -> list[str]:
    """Say since when the incident is open, and by how much the latest reminder of it is late."""
    details = []
    open_minutes = group[0].open_minutes
    if open_minutes is not None and open_minutes > 0:
        opened = _("opened %(duration)s ago")
        details.append(opened % {"duration": words.duration(open_minutes)})
    late_minutes = max(item.late_minutes for item in group)
    if late_minutes > 0:
        delayed = _("delayed by %(duration)s")
        details.append(delayed % {"duration": words.duration(late_minutes)})
    return details


def _steps(group: Group) -> list[str]:
    step = _("step %(step)d, round %(round)d")
    return [step % {"step": i.step, "round": max(i.round, 1)} for i in group if i.step]


def _and_more(count: int) -> str:
    return ngettext("and %(count)d more", "and %(count)d more", count) % {"count": count}


def _cut(text: str, length: int) -> str:
    """Keep it one line of at most so many characters; a subject must not smuggle in a header."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def _what(item: Item) -> str:
    """Say what it is about, as a part of a sentence."""
    due = words.DUE.get(item.kind)
    if item.subject_kind == "commitment":
        due = words.PROMISED.get(item.kind, due)
    if due:
        before, at, after = due
        minutes = item.due_minutes or 0
        text = str(before if minutes > 0 else after if minutes < 0 else at)
        return text % {"duration": words.duration(abs(minutes))}
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
        return str(words.ALARMS.get(item.alarm_code, other))
    return str(words.PLAIN.get(item.kind, _("your attention is needed")))


def _unanswered(item: Item) -> str:
    counted = ngettext(
        "%(count)d mention is waiting for an answer",
        "%(count)d mentions are waiting for an answer",
        item.count,
    ) % {"count": item.count}
    if not item.due_minutes or item.due_minutes > 0:
        return counted
    oldest = _("the oldest for %(duration)s") % {"duration": words.duration(-item.due_minutes)}
    return f"{counted}, {oldest}"
