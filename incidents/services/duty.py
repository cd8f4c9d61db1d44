"""Whom a team's inbox means: who is on call by its first rule, or its managers."""

from uuid import UUID

from incidents.escalation.plan import Target
from incidents.models import AssignmentRule

MANAGERS = Target("role", role="manager")


def on_duty(team_id: UUID) -> list[Target]:
    """Return who is on call in the rotation of the first rule that names one, else the managers."""
    rules = AssignmentRule.objects.filter(team_id=team_id, rotation__isnull=False)
    rotation = rules.order_by("position", "id").values_list("rotation_id", flat=True).first()
    return [Target("rotation", id=str(rotation))] if rotation else [MANAGERS]
