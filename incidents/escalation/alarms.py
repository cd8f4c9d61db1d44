"""What a person must look at because the machine alone cannot put it right."""

import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Model

from crisis_api.lib import clock
from crisis_api.lib.actors import SYSTEM, Actor
from crisis_api.lib.ids import uuid7
from incidents import timeline
from incidents.escalation import reminders
from incidents.escalation.plan import Target
from incidents.models import Incident, Reminder
from incidents.timeline import subject_type

log = logging.getLogger("crisis.alarm")

MANAGERS = Target("role", role="manager")


def raise_alarm(
    code: str,
    subject: Model,
    *,
    incident: Incident | None = None,
    by: Actor = SYSTEM,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Tell the team's managers at once, on the timeline and in the log.

    While one of the same code about the same subject still waits to be told, no second is added.
    """
    log.error("alarm %s %s %s", code, subject_type(subject), subject.pk)
    if isinstance(subject, Incident):
        incident = subject
    team_id: UUID = subject.team_id  # type: ignore[attr-defined]
    about = f"alarm:{code}:{subject.pk.hex}:"
    if Reminder.objects.pending().filter(subject_id=team_id, dedup_key__startswith=about).exists():
        return
    now = clock.decisive_now()
    Reminder.objects.create(
        team_id=team_id,
        kind="alarm",
        subject_type="team",
        subject_id=team_id,
        incident_id=incident.pk if incident else None,
        targets=[reminders.targets_json(MANAGERS)],
        urgency="urgent",
        planned_at=now,
        due_at=now,
        dedup_key=f"{about}{uuid7().hex}",
    )
    timeline.record(
        "alarm.raised",
        subject,
        incident=incident,
        by=by,
        data={"code": code, "about": subject_type(subject), **(data or {})},
    )
