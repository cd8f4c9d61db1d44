"""The panels of an incident: its timeline, reminders, milestones, mentions, notes, relations."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from crisis_api.access.admin import display
from crisis_api.access.admin.panels import Link, Panel
from crisis_api.access.callers import Caller
from crisis_api.lib import clock
from incidents import reads
from incidents.admin import panels
from incidents.admin.names import Lookup, subject_link
from incidents.admin.sentences import sentence
from incidents.masking import Mask
from incidents.models import (
    Event,
    Incident,
    IncidentRelation,
    Mention,
    Milestone,
    Note,
    NotificationReminder,
    Reminder,
    Severity,
)
from incidents.services import milestones as milestones_of

MOST_EVENTS = 200
MOST_REMINDERS = 200
MOST_MENTIONS = 50


def timeline(incident: Incident, caller: Caller) -> Panel:
    """What happened, the latest first."""
    rows = Event.objects.filter(incident=incident)
    total = incident.last_sequence
    events = list(rows.order_by("-sequence")[:MOST_EVENTS])
    lookup = Lookup.of_events(events)
    return Panel(
        "timeline",
        _("Timeline"),
        (_("at"), _("what happened"), _("who"), ""),
        [
            (
                display.moment(event.occurred_at),
                sentence(event, lookup),
                lookup.actor(event.actor),
                ""
                if event.subject_type == "incident"
                else subject_link(event.subject_type, event.subject_id),
            )
            for event in events
        ],
        note=_only(len(events), total, _("The latest %(shown)s of %(total)s.")),
        count=total,
        links=[Link(_("All events"), display.list_of(Event, incident=incident.pk))]
        if total > len(events)
        else [],
    )


def _only(shown: int, total: int, words: str) -> str:
    return words % {"shown": shown, "total": total} if total > shown else ""


def reminders(incident: Incident, caller: Caller) -> Panel:
    """Who was, is and will be reminded, and through what."""
    mine = Reminder.objects.filter(incident=incident).select_related("person")
    total = mine.count()
    rows = list(mine.order_by("-planned_at", "-id")[:MOST_REMINDERS])
    # What is ahead comes first, the next of it on top; then the past, the latest on top.
    ahead = sorted((row for row in rows if row.status == "pending"), key=lambda row: row.due_at)
    rows = [*ahead, *(row for row in rows if row.status != "pending")]
    lookup = Lookup.of_reminders(rows)
    told = _messages(rows)
    now = clock.now()
    return Panel(
        "reminders",
        _("Reminders"),
        (_("planned"), _("what"), _("whom"), _("state"), _("messages")),
        [
            (
                display.moment(row.planned_at),
                display.link(row, what_of(row)),
                whom(row, lookup),
                state_of(row, now),
                told.get(row.pk, display.NONE),
            )
            for row in rows
        ],
        note=_only(len(rows), total, _("The latest %(shown)s of %(total)s.")),
        count=total,
    )


def what_of(reminder: Reminder) -> str:
    """Return what a reminder is of."""
    kind = str(reminder.get_kind_display())
    if reminder.kind == "milestone_missed":
        names = dict(Milestone.Name.choices)
        name = milestones_of.name_in(reminder)
        return f"{kind}: {names.get(name, name)}"
    if reminder.kind != "escalation_step":
        return kind
    words = {"round": reminder.round, "step": reminder.step}
    return _("round %(round)s, step %(step)s") % words


def whom(reminder: Reminder, lookup: Lookup) -> str:
    """Return whom a reminder means; one without targets asks its subject when the time comes."""
    if reminder.person is not None:
        return str(reminder.person)
    named = [lookup.target(target) for target in reminder.targets]
    return ", ".join(named) or _("whoever is meant then")


def state_of(reminder: Reminder, now: datetime) -> Any:
    """Return whether a reminder was sent, is due, was cancelled or parked, in colour."""
    status = reminder.status
    if status == Reminder.Status.FIRED:
        words = str(reminder.get_outcome_display()) if reminder.outcome else _("sent")
        text = _("sent") if reminder.outcome == Reminder.Outcome.NOTIFIED else words
        word = "dead" if reminder.outcome == Reminder.Outcome.NOBODY else "fired"
        return format_html("{} {}", display.badge(word, text), display.moment(reminder.fired_at))
    if status == Reminder.Status.PENDING:
        is_due = reminder.due_at <= now
        text = _("due") if is_due else _("ahead")
        later = "" if reminder.due_at == reminder.planned_at else display.moment(reminder.due_at)
        return format_html("{} {}", display.badge("high" if is_due else "medium", text), later)
    if status == Reminder.Status.PARKED:
        return format_html("{} {}", display.badge("parked", _("parked")), reminder.last_error)
    return display.badge("cancelled", reminder.get_status_display())


def _messages(rows: Sequence[Reminder]) -> dict[Any, Any]:
    """Return, by reminder, the messages that tell of it and what came of each."""
    covering = NotificationReminder.objects.filter(reminder__in=[row.pk for row in rows])
    covering = covering.select_related("notification__owner", "notification__contact_point")
    found: dict[Any, list[tuple[Any, ...]]] = {}
    for each in covering.order_by("notification_id"):
        message = each.notification
        point = message.contact_point
        found.setdefault(each.reminder_id, []).append(
            (
                display.link(message, str(message.owner or point or display.NONE)),
                point.get_kind_display() if point else "",
                display.badge(message.status, message.get_status_display()),
                display.moment(message.sent_at) if message.sent_at else message.last_error,
            )
        )
    return {
        pk: format_html_join("", "<div>{} {} {} {}</div>", messages)
        for pk, messages in found.items()
    }


def milestones(incident: Incident, caller: Caller) -> Panel:
    """How many minutes each step took, against how many it should take."""
    found = reads.milestones_of(incident)
    names = {**dict(Milestone.Name.choices), "detected": _("detected"), "opened": _("opened")}
    rows = [
        (
            names[row["name"]],
            display.minute(row["reached_at"]),
            display.NONE if row["minutes"] is None else row["minutes"],
            display.NONE if row["target_minutes"] is None else row["target_minutes"],
            _milestone_state(row),
        )
        for row in found
    ]
    columns = (_("milestone"), _("reached"), _("minutes"), _("target, minutes"), "")
    return Panel("milestones", _("Milestones"), columns, rows)


def _milestone_state(row: dict[str, Any]) -> Any:
    if row["missed"]:
        return display.badge("missed", _("missed"))
    if row["reached_at"] is not None:
        return display.badge("reached", _("reached"))
    return display.badge("pending", _("ahead")) if row["target_at"] else ""


def mentions(incident: Incident, caller: Caller) -> Panel:
    """What people write, the riskiest first."""
    mine = Mention.objects.visible_to(caller).filter(incident=incident).select_related("author")
    mask = Mask()
    rows = list(mine.order_by("-risk", "-id")[:MOST_MENTIONS])
    return Panel(
        "mentions",
        _("Mentions"),
        (_("risk"), _("negativity"), _("what it says"), _("who"), _("written"), ""),
        [
            (
                row.risk,
                display.badge("high" if row.is_negative else "plain", row.negativity),
                display.link(row, Truncator(mask(row.text, row.team_id)).chars(240)),
                display.link(row.author) if row.author else display.NONE,
                display.minute(row.written_at),
                display.away(row.url, _("open there")) if row.url else "",
            )
            for row in rows
        ],
        note=_only(len(rows), incident.mention_count, _("The riskiest %(shown)s of %(total)s.")),
        count=incident.mention_count,
        links=[Link(_("All its mentions"), display.list_of(Mention, incident=incident.pk))],
    )


def notes(incident: Incident, caller: Caller) -> Panel:
    """What people wrote down, the latest first."""
    rows = list(Note.objects.filter(incident=incident).order_by("-id"))
    names = display.Names.of([row.actor for row in rows])
    return Panel(
        "notes",
        _("Notes"),
        (_("at"), _("note"), _("who")),
        [
            (display.moment(row.created_at), display.lines(row.text), names.actor(row.actor))
            for row in rows
        ],
        count=len(rows),
    )


def related(incident: Incident, caller: Caller) -> Panel:
    """Incidents that have to do with it, and those that went into it."""
    pairs = IncidentRelation.objects.filter(Q(first=incident) | Q(second=incident))
    others = [
        row.second if row.first_id == incident.pk else row.first
        for row in pairs.select_related("first", "second")
    ]
    rows = [(_("related"), *_brief(other)) for other in others]
    rows += [(_("merged into this one"), *_brief(row)) for row in incident.merged_incidents.all()]
    if incident.merged_into is not None:
        rows.append((_("this one was merged into"), *_brief(incident.merged_into)))
    columns = ("", _("incident"), _("severity"), _("status"))
    return Panel("related", _("Related"), columns, rows, count=len(rows))


def _brief(incident: Incident) -> tuple[Any, ...]:
    severity = Severity(incident.severity)
    return (
        display.link(incident),
        display.badge(severity.word, severity.label),
        display.badge(incident.status, incident.get_status_display()),
    )


for _panel in (timeline, reminders, milestones, mentions, notes, related):
    panels.register(_panel)
