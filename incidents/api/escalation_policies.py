"""`/escalation_policies/`: what should happen when nobody reacts, and what would."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access import refs
from crisis_api.access.api.named import team_of, version_read
from crisis_api.access.callers import Caller
from crisis_api.lib import clock
from crisis_api.lib.drf.filters import (
    FlagFilter,
    IdFilter,
    InstantRange,
    OrderingFilter,
    ResourceFilter,
    TextFilter,
)
from crisis_api.lib.drf.views import ResourceViewSet
from incidents.api.policy_checks import ChecksRead, checked_json
from incidents.api.policy_serializers import (
    PolicyFields,
    PolicyInput,
    PolicyRead,
    PreviewInput,
    PreviewRead,
    plan_values,
)
from incidents.models import Category, EscalationPolicy, Severity
from incidents.services import policies, policy_checks, policy_preview
from incidents.services.policy_preview import Preview, ShownStep

WARNINGS = {
    "no_owner": _("No rule names an owner: the managers are told at once."),
    "step_finds_nobody": _("This step finds nobody, so that the next one comes at once."),
    "nobody_is_reached": _("This policy reaches nobody at all."),
    "no_contact_point": _("This person has no contact point."),
    "never_at_work": _("This person's working hours leave no time at work: told at any time."),
    "nobody_on_call": _("Nobody is on call in this rotation at a time when a step needs it."),
    "webhook_unusable": _("This webhook is gone, or was given up."),
    "not_so_grave": _("This person wants to be told of graver things only."),
    "told_later": _("This person's contact points have hours: told when they begin."),
}


class PolicyFilter(ResourceFilter):
    """What a list of policies can be asked for."""

    team = IdFilter(field_name="team_id")
    name = TextFilter(max_length=100)
    archived = FlagFilter(field_name="archived_at", lookup_expr="isnull", exclude=True)
    external_refs = refs.RefsFilter("escalation_policy")
    updated_at = InstantRange()
    ordering = OrderingFilter(
        {"name": "name", "created_at": "created_at", "updated_at": "updated_at"}, default="name"
    )


class EscalationPolicyViewSet(ResourceViewSet):
    """Escalation policies."""

    read_serializer = PolicyRead
    filters = PolicyFilter
    inputs = {"create": PolicyInput, "partial_update": PolicyFields, "preview": PreviewInput}
    shows = {"preview": PreviewRead, "checks": ChecksRead}
    permissions = {
        "list": "escalation_policies.view",
        "retrieve": "escalation_policies.view",
        "create": "escalation_policies.manage",
        "partial_update": "escalation_policies.manage",
        "archive": "escalation_policies.manage",
        "preview": "escalation_policies.view",
        "checks": "escalation_policies.view",
    }

    def queryset_for(self, caller: Caller) -> QuerySet[EscalationPolicy]:
        """Return the policies of the caller's teams."""
        return EscalationPolicy.objects.visible_to(caller)

    def create(self, request: Request, **kwargs: Any) -> Response:
        """Make a policy with its steps."""
        values = self.validated()
        team = team_of(self, values.pop("team", None))
        policy = policies.create(team=team, by=self.caller.actor, values=plan_values(values))
        return self.show(policy, status=201)

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change a policy; what runs goes on as it was planned."""
        policy = self.get_object()
        policies.change(
            policy,
            by=self.caller.actor,
            version=version_read(self, policy),
            values=plan_values(self.validated(partial=True)),
        )
        return self.show(policy)

    @action(detail=True, methods=["post"])
    def archive(self, request: Request, **kwargs: Any) -> Response:
        """Put a policy away, unless something names it."""
        return self.show(policies.archive(self.get_object(), by=self.caller.actor))

    @action(detail=True, methods=["post"])
    def preview(self, request: Request, **kwargs: Any) -> Response:
        """Say who would be reminded when, if such an incident opened now; nothing is done."""
        policy = self.get_object()
        values = self.validated()
        shown = policy_preview.preview(
            policy,
            category=values.get("category", Category.OTHER),
            severity=values.get("severity", Severity.HIGH),
            at=values.get("at", clock.now()),
        )
        return Response({"policy": policy.pk, **_preview(shown)})

    @action(detail=True, methods=["get"])
    def checks(self, request: Request, **kwargs: Any) -> Response:
        """Say what would go wrong with a policy in the coming four weeks."""
        return Response(checked_json(policy_checks.check_policy(self.get_object(), clock.now())))


def _preview(shown: Preview) -> dict[str, Any]:
    return {
        "at": shown.at,
        "owner": shown.owner.pk if shown.owner else None,
        "steps": [_step(each) for each in shown.steps],
        "warnings": [
            {
                "code": warning.code,
                "detail": str(WARNINGS[warning.code]),
                "round": warning.round,
                "step": warning.step,
                "owner": warning.owner_id,
                "subject": warning.subject_id,
            }
            for warning in shown.warnings
        ],
    }


def _step(shown: ShownStep) -> dict[str, Any]:
    step = shown.step
    return {
        "policy": shown.policy_id,
        "round": step.round,
        "number": step.number,
        "planned_at": step.planned_at,
        "happens_at": step.happens_at,
        "urgency": step.urgency,
        "working_hours_only": step.working_hours_only,
        "people": [
            {
                "owner": each.owner.pk,
                "name": each.owner.name,
                "at": each.at,
                "through": each.contact_point.kind,
            }
            for each in shown.people
        ],
        "webhooks": [{"contact_point": point.pk, "label": point.label} for point in shown.webhooks],
    }
