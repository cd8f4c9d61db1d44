"""The only writer of AuditEvent."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Model

from crisis_api.access.models import AuditEvent, Team
from crisis_api.lib.actors import Actor


def record(
    action: str,
    subject: Model,
    *,
    team: Team | None,
    by: Actor,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Write one line: a dotted past-tense action, its subject, and which fields changed.

    Called inside the transaction of what it tells of. `data` holds ids, enums and numbers only.
    """
    AuditEvent.objects.create(
        team=team,
        action=action,
        object_type=subject._meta.model_name or "",
        object_id=subject.pk,
        data=dict(data or {}),
        actor_type=by.type,
        actor_id=by.id,
    )
