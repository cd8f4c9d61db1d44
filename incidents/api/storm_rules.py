"""`/storm_rules/`: how many negative mentions in how short a time open an incident."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from crisis_api.access.api.named import team_of, version_read
from crisis_api.access.callers import Caller
from crisis_api.lib.drf.filters import (
    FlagFilter,
    IdFilter,
    InstantRange,
    OrderingFilter,
    ResourceFilter,
)
from crisis_api.lib.drf.serializers import (
    ActorField,
    Computed,
    HtmlUrlField,
    InstantField,
    ReadSerializer,
    StrictSerializer,
    TitleField,
    WordField,
)
from crisis_api.lib.drf.views import ResourceViewSet
from incidents.models import Category, StormRule
from incidents.reads import SEVERITIES
from incidents.services import storm_rules

_DAY = 24 * 3600


class StormRuleRead(ReadSerializer):
    """A rule. `category` and `severity` null: worked out from what people write."""

    id = serializers.UUIDField()
    team = serializers.UUIDField(source="team_id")
    name = serializers.CharField()
    account = serializers.UUIDField(source="account_id", allow_null=True)
    window_seconds = serializers.IntegerField()
    min_negative = serializers.IntegerField()
    factor = serializers.FloatField()
    baseline_seconds = serializers.IntegerField()
    category = Computed(
        columns=["category"],
        make=lambda category: category or None,
        child=serializers.ChoiceField(choices=Category.values, allow_null=True),
    )
    severity = WordField(words=SEVERITIES, allow_null=True)
    is_active = serializers.BooleanField()
    html_url = HtmlUrlField("/admin/incidents/stormrule/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class StormRuleFields(StrictSerializer):
    """What may be changed of a rule."""

    name = TitleField(max_length=100)
    account = serializers.UUIDField(
        required=False, allow_null=True, help_text="Null: each account of the team by itself."
    )
    window_seconds = serializers.IntegerField(min_value=10, max_value=_DAY, required=False)
    min_negative = serializers.IntegerField(min_value=2, max_value=1_000_000, required=False)
    factor = serializers.FloatField(
        min_value=1, max_value=1000, required=False, help_text="Greater than 1."
    )
    baseline_seconds = serializers.IntegerField(
        min_value=10, max_value=30 * _DAY, required=False, help_text="Not less than the window."
    )
    category = serializers.ChoiceField(choices=Category.values, required=False, allow_null=True)
    severity = WordField(words=SEVERITIES, required=False, allow_null=True)
    is_active = serializers.BooleanField(required=False)

    def validate_category(self, category: str | None) -> str:
        """Return the category as it is stored, "" for any."""
        return category or ""


class StormRuleInput(StormRuleFields):
    """A new rule."""

    team = serializers.UUIDField(required=False)


class StormRuleFilter(ResourceFilter):
    """What a list of rules can be asked for."""

    team = IdFilter(field_name="team_id")
    account = IdFilter(field_name="account_id", allow_none=True)
    is_active = FlagFilter()
    updated_at = InstantRange()
    ordering = OrderingFilter(
        {"name": "name", "created_at": "created_at", "updated_at": "updated_at"}, default="name"
    )


class StormRuleViewSet(ResourceViewSet):
    """Storm rules."""

    read_serializer = StormRuleRead
    filters = StormRuleFilter
    inputs = {"create": StormRuleInput, "partial_update": StormRuleFields}
    permissions = {
        "list": "storm_rules.view",
        "retrieve": "storm_rules.view",
        "create": "storm_rules.manage",
        "partial_update": "storm_rules.manage",
        "destroy": "storm_rules.manage",
    }

    def queryset_for(self, caller: Caller) -> QuerySet[StormRule]:
        """Return the rules of the caller's teams."""
        return StormRule.objects.visible_to(caller)

    def create(self, request: Request, **kwargs: Any) -> Response:
        """Make a rule."""
        values = self.validated()
        team = team_of(self, values.pop("team", None))
        rule = storm_rules.create(team=team, by=self.caller.actor, values=values)
        address = reverse("storm_rule-detail", args=[rule.pk], request=request)
        return self.show(rule, status=201, headers={"Location": address})

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change a rule."""
        rule = self.get_object()
        storm_rules.change(
            rule,
            by=self.caller.actor,
            version=version_read(self, rule),
            values=self.validated(partial=True),
        )
        return self.show(rule)

    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Take a rule away; the incident that it opened stays."""
        storm_rules.delete(self.get_object(), by=self.caller.actor)
        return Response(status=204)
