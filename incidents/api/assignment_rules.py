"""`/assignment_rules/`: who answers for a new incident. The first rule that fits decides."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access.api.named import team_of, version_read
from crisis_api.access.callers import Caller
from crisis_api.lib.drf.filters import (
    IdFilter,
    InstantRange,
    OrderingFilter,
    ResourceFilter,
    WordsFilter,
)
from crisis_api.lib.drf.serializers import (
    ActorField,
    Computed,
    HtmlUrlField,
    InstantField,
    ReadSerializer,
    StrictSerializer,
    WordField,
)
from crisis_api.lib.drf.views import ResourceViewSet
from incidents.models import AssignmentRule, Category
from incidents.reads import SEVERITIES
from incidents.services import assignment_rules


class RuleRead(ReadSerializer):
    """A rule; `category` null fits any."""

    id = serializers.UUIDField()
    team = serializers.UUIDField(source="team_id")
    position = serializers.IntegerField()
    category = Computed(
        columns=["category"],
        make=lambda category: category or None,
        child=serializers.ChoiceField(choices=Category.values, allow_null=True),
    )
    min_severity = WordField(words=SEVERITIES)
    owner = serializers.UUIDField(source="owner_id", allow_null=True)
    rotation = serializers.UUIDField(source="rotation_id", allow_null=True)
    policy = serializers.UUIDField(source="policy_id", allow_null=True)
    html_url = HtmlUrlField("/admin/incidents/assignmentrule/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class RuleFields(StrictSerializer):
    """What may be changed of a rule: it names a person or a rotation, a policy, or both."""

    position = serializers.IntegerField(min_value=0, max_value=32_767, required=False)
    category = serializers.ChoiceField(choices=Category.values, required=False, allow_null=True)
    min_severity = WordField(words=SEVERITIES, required=False)
    owner = serializers.UUIDField(required=False, allow_null=True)
    rotation = serializers.UUIDField(required=False, allow_null=True)
    policy = serializers.UUIDField(required=False, allow_null=True)

    def validate_category(self, category: str | None) -> str:
        """Return the category as it is stored, "" for any."""
        return category or ""


class RuleInput(RuleFields):
    """A new rule."""

    team = serializers.UUIDField(required=False)


class RuleFilter(ResourceFilter):
    """What a list of rules can be asked for."""

    team = IdFilter(field_name="team_id")
    category = WordsFilter(words=Category.values)
    owner = IdFilter(field_name="owner_id", allow_none=True)
    rotation = IdFilter(field_name="rotation_id", allow_none=True)
    policy = IdFilter(field_name="policy_id", allow_none=True)
    updated_at = InstantRange()
    ordering = OrderingFilter(
        {"position": "position", "created_at": "created_at"}, default="position"
    )


class AssignmentRuleViewSet(ResourceViewSet):
    """Assignment rules."""

    read_serializer = RuleRead
    filters = RuleFilter
    inputs = {"create": RuleInput, "partial_update": RuleFields}
    permissions = {
        "list": "assignment_rules.view",
        "retrieve": "assignment_rules.view",
        "create": "assignment_rules.manage",
        "partial_update": "assignment_rules.manage",
        "destroy": "assignment_rules.manage",
    }

    def queryset_for(self, caller: Caller) -> QuerySet[AssignmentRule]:
        """Return the rules of the caller's teams."""
        return AssignmentRule.objects.visible_to(caller)

    def create(self, request: Request, **kwargs: Any) -> Response:
        """Make a rule."""
        values = self.validated()
        team = team_of(self, values.pop("team", None))
        rule = assignment_rules.create(team=team, by=self.caller.actor, values=values)
        return self.show(rule, status=201)

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change a rule."""
        rule = self.get_object()
        assignment_rules.change(
            rule,
            by=self.caller.actor,
            version=version_read(self, rule),
            values=self.validated(partial=True),
        )
        return self.show(rule)

    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Take a rule away."""
        assignment_rules.delete(self.get_object(), by=self.caller.actor)
        return Response(status=204)
