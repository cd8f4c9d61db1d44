"""The verbs of an incident, each through the service that the API calls."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from crisis_api.access.admin.verbs import Act, Verb
from incidents.admin import incident_forms as forms
from incidents.models import Incident, IncidentStatus
from incidents.services import lifecycle, merging, notes, relations


def _allowed(verb: str) -> Callable[[Incident], bool]:
    return lambda row: verb in lifecycle.EDGES.allowed(row.status)


def _acknowledgeable(row: Incident) -> bool:
    # Again only to extend one that ends.
    if row.status == IncidentStatus.ACKNOWLEDGED:
        return row.acknowledged_until is not None
    return row.status == IncidentStatus.OPEN


def _acknowledge(act: Act) -> None:
    expires_in = act.values.get("expires_in")
    lifecycle.acknowledge(act.row, by=act.by, owner=act.caller.owner, expires_in=expires_in)


def _assign(act: Act) -> None:
    lifecycle.assign(act.row, owner=act.values["owner"], by=act.by)


def _escalate(act: Act) -> None:
    lifecycle.escalate(act.row, by=act.by)


def _snooze(act: Act) -> None:
    lifecycle.snooze(act.row, until=act.values["snoozed_until"], by=act.by)


def _contain(act: Act) -> None:
    lifecycle.contain(act.row, by=act.by)


def _resolve(act: Act) -> None:
    lifecycle.resolve(act.row, note=act.values["resolution_note"], by=act.by)


def _close(act: Act) -> None:
    lifecycle.close(act.row, by=act.by)


def _reopen(act: Act) -> None:
    lifecycle.reopen(act.row, reason=act.values["reason"], by=act.by)


def _merge(act: Act) -> None:
    merging.merge(act.row, into=act.values["into"], by=act.by)


def _split(act: Act) -> Any:
    values = {**act.values, "mention_ids": [UUID(each) for each in act.values["mention_ids"]]}
    return merging.split(act.row, by=act.by, **values)


def _relate(act: Act) -> None:
    relations.relate(act.row, act.values["other"], by=act.by)


def _unrelate(act: Act) -> None:
    relations.unrelate(act.row, act.values["other"], by=act.by)


def _note(act: Act) -> None:
    notes.add(act.row, text=act.values["text"], by=act.by)


VERBS = (
    Verb(
        "acknowledge",
        _("Acknowledge"),
        "incidents.acknowledge",
        _acknowledge,
        form=forms.AcknowledgeForm,
        offered=_acknowledgeable,
        explains=_(
            "You attend to it, which stops the escalation. Where nobody is responsible, you are."
        ),
        done=_("Acknowledged: nobody else is woken for it."),
        icon="front_hand",
        variant=ActionVariant.PRIMARY,
        bulk=True,
    ),
    Verb(
        "contain",
        _("Contain"),
        "incidents.contain",
        _contain,
        offered=_allowed("contain"),
        explains=_("It does not grow any more. The acknowledgement does not end any more."),
        done=_("Contained."),
        icon="shield",
        variant=ActionVariant.PRIMARY,
    ),
    Verb(
        "resolve",
        _("Resolve"),
        "incidents.resolve",
        _resolve,
        form=forms.ResolveForm,
        offered=_allowed("resolve"),
        explains=_("The crisis is over, or it was a false alarm."),
        done=_("Resolved."),
        icon="check_circle",
    ),
    Verb(
        "close",
        _("Close"),
        "incidents.close",
        _close,
        offered=_allowed("close"),
        explains=_("Nothing is left to do. Open commitments refuse it."),
        done=_("Closed."),
        icon="lock",
        variant=ActionVariant.PRIMARY,
    ),
    Verb(
        "assign",
        _("Assign"),
        "incidents.assign",
        _assign,
        form=forms.AssignForm,
        offered=_allowed("assign"),
        explains=_("Who is responsible from now on; reminders that wait mean them at once."),
        done=_("Assigned."),
        icon="person_add",
    ),
    Verb(
        "escalate",
        _("Escalate now"),
        "incidents.escalate",
        _escalate,
        offered=_allowed("escalate"),
        explains=_(
            "The next step goes at once. Where none waits, the escalation starts anew, which ends "
            "an acknowledgement and a snooze."
        ),
        done=_("Escalated."),
        icon="priority_high",
    ),
    Verb(
        "note",
        _("Note"),
        "incidents.note",
        _note,
        form=forms.NoteForm,
        done=_("The note is kept."),
        icon="edit_note",
    ),
    Verb(
        "snooze",
        _("Snooze"),
        "incidents.snooze",
        _snooze,
        form=forms.SnoozeForm,
        offered=_allowed("snooze"),
        explains=_("Everybody is left in peace until a time; then the escalation starts anew."),
        done=_("Snoozed."),
        icon="snooze",
        more=True,
    ),
    Verb(
        "reopen",
        _("Reopen"),
        "incidents.reopen",
        _reopen,
        form=forms.ReopenForm,
        offered=_allowed("reopen"),
        explains=_("It is not over. Its escalation policy starts as it is now."),
        done=_("Open again."),
        icon="lock_open",
        more=True,
    ),
    Verb(
        "merge",
        _("Merge"),
        "incidents.merge",
        _merge,
        form=forms.MergeForm,
        offered=_allowed("merge"),
        explains=_(
            "This incident goes into another one, for good: mentions and signals move, and the "
            "other takes the higher severity."
        ),
        done=_("Merged."),
        icon="merge",
        variant=ActionVariant.DANGER,
        more=True,
    ),
    Verb(
        "split",
        _("Split"),
        "incidents.split",
        _split,
        form=forms.SplitForm,
        offered=lambda row: _allowed("split")(row) and row.mention_count > 0,
        explains=_("Some of its mentions make a second incident, related to this one."),
        done=_("Split: this is the new incident."),
        icon="call_split",
        more=True,
    ),
    Verb(
        "relate",
        _("Relate"),
        "incidents.relate",
        _relate,
        form=forms.RelateForm,
        explains=_("The two have to do with each other."),
        done=_("Related."),
        icon="link",
        more=True,
    ),
    Verb(
        "unrelate",
        _("Take a relation back"),
        "incidents.relate",
        _unrelate,
        form=forms.RelateForm,
        done=_("No longer related."),
        icon="link_off",
        more=True,
    ),
)
