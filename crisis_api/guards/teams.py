"""Foreign keys stay inside a team, derived from the models."""

# ruff: noqa: S608 (the names in the SQL come from models and constants, never from a caller)

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import ForeignKey

from crisis_api.access.models import TeamRecord
from crisis_api.guards.conditions import Guard, changed
from incidents.models import Event


def team_guards() -> Iterator[Guard]:
    """Yield the guards that keep foreign keys inside a team, derived from the models."""
    for model in apps.get_models():
        if not (issubclass(model, TeamRecord) or model is Event):
            continue
        table = model._meta.db_table
        keys = [
            field
            for field in model._meta.concrete_fields
            if isinstance(field, ForeignKey) and _is_of_a_team(field.related_model)
        ]
        # The row referred to must be there already: foreign keys are checked at the commit, and
        # until then it could be made in another team. The row is looked up by its id alone: with
        # the team in the condition PostgreSQL may choose an index on teams and read all of one.
        crossing = " OR ".join(
            f"(NEW.{key.column} IS NOT NULL AND (SELECT t.team_id = NEW.team_id FROM "
            f"{key.related_model._meta.db_table} t WHERE t.id = NEW.{key.column}) IS NOT TRUE)"
            for key in keys
        )
        moved = changed("team_id")
        if keys:
            yield Guard(f"{table}_stays_in_its_team", table, "INSERT", crossing)
        yield Guard(
            f"{table}_never_leaves_its_team",
            table,
            "UPDATE",
            f"{moved} OR {crossing}" if keys else moved,
            ("team_id", *(key.column for key in keys)),
        )


def _is_of_a_team(model: Any) -> bool:
    return isinstance(model, type) and (issubclass(model, TeamRecord) or model is Event)
