"""What goes into and comes out of `/escalation_policies/`."""

from typing import Any
from uuid import UUID

from rest_framework import serializers

from crisis_api.access import refs
from crisis_api.access.models import Role
from crisis_api.lib.drf.columns import Related
from crisis_api.lib.drf.serializers import (
    ActorField,
    HtmlUrlField,
    InstantField,
    ReadSerializer,
    SecondsField,
    StrictSerializer,
    TitleField,
    WordField,
)
from incidents.escalation.plan import (
    MAX_STEPS,
    MAX_TARGETS,
    NAMED_BY,
    URGENCIES,
    Step,
    Target,
    TargetKind,
)
from incidents.models import Category, EscalationStep
from incidents.reads import SEVERITIES

KINDS = list(NAMED_BY)


class PolicyTargetRead(ReadSerializer):
    """Whom a step reminds: the owner, a person, who is on call, all with a role, a webhook."""

    kind = serializers.ChoiceField(choices=KINDS)
    id = serializers.UUIDField(allow_null=True)
    role = serializers.ChoiceField(choices=Role.values, allow_null=True)


class StepRead(ReadSerializer):
    """One step of a policy, numbered from 1; the delay counts from the step before it."""

    number = serializers.IntegerField()
    delay_seconds = serializers.IntegerField()
    urgency = serializers.ChoiceField(choices=URGENCIES)
    working_hours_only = serializers.BooleanField()
    targets = PolicyTargetRead(many=True)


def _named(through: Any, column: str) -> Related:
    """Return the ids that a step names, in the order in which they were made."""
    return Related(
        serializers.UUIDField(),
        queryset=through.objects.all,
        fk="escalationstep_id",
        order=[column],
        flat=column,
    )


class _StepRow(ReadSerializer):
    delay_seconds = serializers.IntegerField()
    urgency = serializers.CharField()
    working_hours_only = serializers.BooleanField()
    notify_owner = serializers.BooleanField()
    roles = serializers.ListField()
    person = _named(EscalationStep.people.through, "owner_id")
    rotation = _named(EscalationStep.rotations.through, "rotation_id")
    webhook = _named(EscalationStep.webhooks.through, "contactpoint_id")


class Steps(Related):
    """The steps of a policy in their order, each with whom it reminds."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            StepRead,
            row=_StepRow,
            queryset=EscalationStep.objects.all,
            fk="policy_id",
            order=["number"],
            **kwargs,
        )

    def made(self, rows: list[dict[str, Any]], key: UUID) -> list[dict[str, Any]]:
        """Return the steps, numbered from 1."""
        return [
            {
                "number": number,
                "delay_seconds": row["delay_seconds"],
                "urgency": row["urgency"],
                "working_hours_only": row["working_hours_only"],
                "targets": [target_json(target) for target in _targets(row)],
            }
            for number, row in enumerate(rows, 1)
        ]


def _targets(row: dict[str, Any]) -> list[Target]:
    kinds: tuple[TargetKind, ...] = ("person", "rotation", "webhook")
    return [
        *([Target("owner")] if row["notify_owner"] else ()),
        *(Target(kind, id=str(each)) for kind in kinds for each in row[kind]),
        *(Target("role", role=str(role)) for role in row["roles"]),
    ]


class PolicyRead(ReadSerializer):
    """An escalation policy. An escalation that runs keeps the steps that it started with.

    `fallback` is the policy that goes on when nobody has reacted to the last round.
    """

    id = serializers.UUIDField()
    team = serializers.UUIDField(source="team_id")
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    rounds = serializers.IntegerField()
    round_pause_seconds = serializers.IntegerField()
    steps = Steps()
    fallback = serializers.UUIDField(source="fallback_id", allow_null=True)
    archived_at = InstantField(allow_null=True)
    external_refs = refs.Refs("escalation_policy")
    html_url = HtmlUrlField("/admin/incidents/escalationpolicy/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class TargetInput(StrictSerializer):
    """Whom a step reminds; `id` for a person, rotation or webhook, `role` for a role."""

    kind = serializers.ChoiceField(choices=KINDS)
    id = serializers.UUIDField(required=False, allow_null=True)
    role = serializers.ChoiceField(choices=Role.values, required=False, allow_null=True)


class StepInput(StrictSerializer):
    """One step; its number is its place in the list."""

    delay_seconds = SecondsField(max_value=365 * 24 * 3600, default=0)
    urgency = serializers.ChoiceField(choices=URGENCIES, default="urgent")
    working_hours_only = serializers.BooleanField(default=False)
    targets = serializers.ListField(child=TargetInput(), max_length=MAX_TARGETS)


class PolicyFields(StrictSerializer):
    """What may be changed of a policy. `steps` is all of them."""

    name = TitleField(max_length=100)
    description = serializers.CharField(max_length=2000, allow_blank=True, required=False)
    rounds = serializers.IntegerField(min_value=1, max_value=20, required=False)
    round_pause_seconds = SecondsField(max_value=365 * 24 * 3600, required=False)
    steps = serializers.ListField(child=StepInput(), min_length=1, max_length=MAX_STEPS)
    fallback = serializers.UUIDField(required=False, allow_null=True)
    external_refs = refs.RefsInput(required=False)


class PolicyInput(PolicyFields):
    """A new policy."""

    team = serializers.UUIDField(required=False)


class PreviewInput(StrictSerializer):
    """Of what incident a preview is: of category `other`, high, and opened now, unless it says."""

    category = serializers.ChoiceField(choices=Category.values, required=False)
    severity = WordField(words=SEVERITIES, required=False)
    at = InstantField(required=False)


class RecipientRead(ReadSerializer):
    """A person whom a step would remind, when, and through which kind of contact point first."""

    owner = serializers.UUIDField()
    name = serializers.CharField()
    at = InstantField()
    through = serializers.CharField()


class WebhookRead(ReadSerializer):
    """A webhook of the team that a step would call."""

    contact_point = serializers.UUIDField()
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment]


class PreviewedStepRead(ReadSerializer):
    """A step as it would go. `happens_at` is earlier than planned after a step without anybody.

    `policy` is whose step it is: the policy itself, then those that it falls back on.
    """

    policy = serializers.UUIDField()
    round = serializers.IntegerField()
    number = serializers.IntegerField()
    planned_at = InstantField()
    happens_at = InstantField()
    urgency = serializers.ChoiceField(choices=URGENCIES)
    working_hours_only = serializers.BooleanField()
    people = RecipientRead(many=True)
    webhooks = WebhookRead(many=True)


class WarningRead(ReadSerializer):
    """Something that may go otherwise than expected."""

    code = serializers.CharField()
    detail = serializers.CharField()
    round = serializers.IntegerField(allow_null=True)
    step = serializers.IntegerField(allow_null=True)
    owner = serializers.UUIDField(allow_null=True)
    subject = serializers.UUIDField(allow_null=True)


class PreviewRead(ReadSerializer):
    """Who would be reminded when, if such an incident opened then and nobody reacted."""

    policy = serializers.UUIDField()
    at = InstantField()
    owner = serializers.UUIDField(allow_null=True)
    steps = PreviewedStepRead(many=True)
    warnings = WarningRead(many=True)


def target_json(target: Target) -> dict[str, Any]:
    """Return a target as it is served."""
    return {"kind": target.kind, "id": target.id, "role": target.role}


def plan_values(values: dict[str, Any]) -> dict[str, Any]:
    """Return validated values as the service takes them: steps by value, the pause by name."""
    given = dict(values)
    if "round_pause_seconds" in given:
        given["round_pause"] = given.pop("round_pause_seconds")
    if "steps" in given:
        given["steps"] = [_step(number, step) for number, step in enumerate(given["steps"], 1)]
    return given


def _step(number: int, step: dict[str, Any]) -> Step:
    targets = tuple(
        Target(
            kind=target["kind"],
            id=str(target["id"]) if target.get("id") else None,
            role=target.get("role"),
        )
        for target in step["targets"]
    )
    return Step(
        number=number,
        delay=step["delay_seconds"],
        targets=targets,
        urgency=step["urgency"],
        working_hours_only=step["working_hours_only"],
    )
