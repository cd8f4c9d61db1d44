"""`/webhook_endpoints/`: where a team's events go."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access import refs
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
    HtmlUrlField,
    InstantField,
    ReadSerializer,
    StrictSerializer,
    TitleField,
)
from crisis_api.lib.drf.views import ResourceViewSet
from responses.api.webhook_deliveries import WebhookDeliveryRead
from responses.models import WebhookDelivery, WebhookEndpoint
from responses.services import webhook_endpoints
from responses.webhooks.kinds import KINDS
from responses.webhooks.patterns import MAX_PATTERNS

_KINDS = (
    "Kinds of events, or patterns: `incident.*` is every event of incidents, `*` or an empty list "
    f"is every event. There are: {', '.join(f'`{kind}`' for kind in KINDS)}."
)


class WebhookEndpointRead(ReadSerializer):
    """An endpoint; `event_kinds` empty means every event."""

    id = serializers.UUIDField()
    team = serializers.UUIDField(source="team_id")
    url = serializers.CharField()
    description = serializers.CharField()
    event_kinds = serializers.ListField(child=serializers.CharField(), help_text=_KINDS)
    disabled_at = InstantField(allow_null=True)
    disabled_reason = serializers.CharField()
    failures = serializers.IntegerField()
    failing_since = InstantField(allow_null=True)
    paused_until = InstantField(allow_null=True)
    previous_secret_until = InstantField(allow_null=True)
    external_refs = refs.Refs("webhook_endpoint")
    html_url = HtmlUrlField("/admin/responses/webhookendpoint/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class WebhookEndpointWithSecretRead(WebhookEndpointRead):
    """The same with its signing secret, which is shown this once."""

    secret = serializers.CharField()


class WebhookEndpointFields(StrictSerializer):
    """What may be changed."""

    url = serializers.CharField(
        max_length=1000, help_text="For example: https://hooks.example.com/crisis"
    )
    description = TitleField(max_length=200, allow_blank=True, required=False)
    event_kinds = serializers.ListField(
        child=serializers.CharField(max_length=200),
        max_length=MAX_PATTERNS,
        required=False,
        help_text=_KINDS,
    )
    external_refs = refs.RefsInput(required=False)


class WebhookEndpointInput(WebhookEndpointFields):
    """A new endpoint."""

    team = serializers.UUIDField(required=False)


class WebhookEndpointFilter(ResourceFilter):
    """What a list of endpoints can be asked for."""

    team = IdFilter(field_name="team_id")
    disabled = FlagFilter(field_name="disabled_at", lookup_expr="isnull", exclude=True)
    failing = FlagFilter(field_name="failing_since", lookup_expr="isnull", exclude=True)
    created_at = InstantRange()
    updated_at = InstantRange()
    external_refs = refs.RefsFilter("webhook_endpoint")
    ordering = OrderingFilter(
        {"created_at": "created_at", "updated_at": "updated_at"}, default="-created_at"
    )


class WebhookEndpointViewSet(ResourceViewSet):
    """Endpoints to which events are sent, signed by Standard Webhooks."""

    read_serializer = WebhookEndpointRead
    filters = WebhookEndpointFilter
    permissions = {
        "list": "webhook_endpoints.view",
        "retrieve": "webhook_endpoints.view",
        "create": "webhook_endpoints.manage",
        "partial_update": "webhook_endpoints.manage",
        "destroy": "webhook_endpoints.manage",
        "rotate_secret": "webhook_endpoints.manage",
        "disable": "webhook_endpoints.manage",
        "enable": "webhook_endpoints.manage",
        "ping": "webhook_endpoints.manage",
    }
    inputs = {"create": WebhookEndpointInput, "partial_update": WebhookEndpointFields}
    shows = {
        "create": WebhookEndpointWithSecretRead,
        "rotate_secret": WebhookEndpointWithSecretRead,
        "ping": WebhookDeliveryRead,
    }

    def queryset_for(self, caller: Caller) -> QuerySet[WebhookEndpoint]:
        """Return those of the caller's teams."""
        return WebhookEndpoint.objects.visible_to(caller)

    def create(self, request: Request, **kwargs: Any) -> Response:
        """Have events sent to an address; the answer shows the signing secret, this once."""
        data = self.validated()
        data["team"] = team_of(self, data.get("team"))
        return self.show(webhook_endpoints.create(**data, by=self.caller.actor), status=201)

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change the address, the description or the kinds of events."""
        row = self.get_object()
        data, version = self.validated(partial=True), version_read(self, row)
        return self.show(
            webhook_endpoints.change(row, **data, by=self.caller.actor, version=version)
        )

    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Send nothing there any more, and forget its deliveries."""
        webhook_endpoints.delete(self.get_object(), by=self.caller.actor)
        return Response(status=204)

    @action(detail=True, methods=["post"])
    def rotate_secret(self, request: Request, **kwargs: Any) -> Response:
        """Sign with a new secret, shown this once; for 24 hours with the old one too."""
        row = self.get_object()
        return self.show(webhook_endpoints.rotate_secret(row, by=self.caller.actor))

    @action(detail=True, methods=["post"])
    def disable(self, request: Request, **kwargs: Any) -> Response:
        """Send nothing there until it is enabled again."""
        return self.show(webhook_endpoints.disable(self.get_object(), by=self.caller.actor))

    @action(detail=True, methods=["post"])
    def enable(self, request: Request, **kwargs: Any) -> Response:
        """Send what happens from now on."""
        return self.show(webhook_endpoints.enable(self.get_object(), by=self.caller.actor))

    @extend_schema(responses={202: WebhookDeliveryRead})
    @action(detail=True, methods=["post"], url_path="test")
    def ping(self, request: Request, **kwargs: Any) -> Response:
        """Send a signed test message; the answer is its delivery, on its way."""
        delivery = webhook_endpoints.ping(self.get_object(), by=self.caller.actor)
        return self.show(WebhookDelivery.objects.filter(pk=delivery.pk), status=202)
