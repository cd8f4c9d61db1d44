"""`/webhook_deliveries/`: each event on its way to each endpoint, and sending it again."""

from typing import Any

import orjson
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access.callers import Caller
from crisis_api.lib.drf.filters import (
    IdFilter,
    InstantRange,
    NumberFilter,
    OrderingFilter,
    ResourceFilter,
    TextFilter,
    WordsFilter,
)
from crisis_api.lib.drf.serializers import (
    Computed,
    HtmlUrlField,
    InstantField,
    ReadSerializer,
    StrictSerializer,
)
from crisis_api.lib.drf.views import ResourceViewSet
from responses.api.named import row_of
from responses.models import WebhookDelivery, WebhookEndpoint
from responses.services import webhook_deliveries
from responses.webhooks.payloads import message_id


class WebhookDeliveryRead(ReadSerializer):
    """A delivery; `message_id` is what the receiver sees as `webhook-id`, on every attempt."""

    id = serializers.UUIDField()
    team = serializers.UUIDField(source="team_id")
    endpoint = serializers.UUIDField(source="endpoint_id")
    event = serializers.UUIDField(source="event_id")
    event_kind = serializers.CharField(source="event__kind")
    incident = serializers.UUIDField(source="event__incident_id", allow_null=True)
    message_id = Computed(columns=["event_id"], make=message_id, child=serializers.CharField())
    status = serializers.ChoiceField(choices=WebhookDelivery.Status.values)
    due_at = InstantField()
    attempts = serializers.IntegerField()
    last_attempt_at = InstantField(allow_null=True)
    last_status = serializers.IntegerField(allow_null=True)
    last_error = serializers.CharField()
    delivered_at = InstantField(allow_null=True)
    payload = Computed(columns=["payload"], make=orjson.loads, child=serializers.DictField())
    html_url = HtmlUrlField("/admin/responses/webhookdelivery/{id}/change/")
    created_at = InstantField()
    updated_at = InstantField()


class ReplayInput(StrictSerializer):
    """Which events an endpoint gets again: those of the time that it has missed, or all."""

    endpoint = serializers.UUIDField()
    since = InstantField()
    until = InstantField()
    include_delivered = serializers.BooleanField(required=False)


class ReplayRead(ReadSerializer):
    """How many go out again; with `next_since` there are more from then on."""

    count = serializers.IntegerField()
    next_since = InstantField(allow_null=True)


class WebhookDeliveryFilter(ResourceFilter):
    """What a list of deliveries can be asked for."""

    team = IdFilter(field_name="team_id")
    endpoint = IdFilter(field_name="endpoint_id")
    event = IdFilter(field_name="event_id")
    incident = IdFilter(field_name="event__incident_id", allow_none=True)
    event_kind = TextFilter(field_name="event__kind", max_length=60)
    status = WordsFilter(words=WebhookDelivery.Status.values)
    last_status = NumberFilter()
    due_at = InstantRange()
    created_at = InstantRange()
    updated_at = InstantRange()
    ordering = OrderingFilter(
        {"created_at": "created_at", "due_at": "due_at", "updated_at": "updated_at"},
        default="-created_at",
    )


class WebhookDeliveryViewSet(ResourceViewSet):
    """Deliveries of events to endpoints."""

    read_serializer = WebhookDeliveryRead
    filters = WebhookDeliveryFilter
    permissions = {
        "list": "webhook_deliveries.view",
        "retrieve": "webhook_deliveries.view",
        "replay": "webhook_deliveries.replay",
        "replay_range": "webhook_deliveries.replay",
    }
    inputs = {"replay_range": ReplayInput}
    shows = {"replay_range": ReplayRead}

    def queryset_for(self, caller: Caller) -> QuerySet[WebhookDelivery]:
        """Return those of the caller's teams."""
        return WebhookDelivery.objects.visible_to(caller)

    @action(detail=True, methods=["post"])
    def replay(self, request: Request, **kwargs: Any) -> Response:
        """Send it again, under the same message id."""
        return self.show(webhook_deliveries.replay(self.get_object(), by=self.caller.actor))

    # Its path ends like that of one delivery's replay, from which its name would be made.
    @extend_schema(operation_id="webhook_deliveries_replay_range")
    @action(detail=False, methods=["post"], url_path="replay", url_name="replay-range")
    def replay_range(self, request: Request, **kwargs: Any) -> Response:
        """Send an endpoint again what happened from `since` until before `until`."""
        data = self.validated()
        endpoint = row_of(WebhookEndpoint, data.pop("endpoint"), self.caller)
        self.require_in(endpoint.team_id)
        done = webhook_deliveries.replay_range(endpoint, **data, by=self.caller.actor)
        return Response({"count": done.count, "next_since": done.next_since})
