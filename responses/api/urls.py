"""Paths of what goes out, under `/api/v1/`."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from responses.api.desk_settings import DeskSettingsViewSet
from responses.api.follow_ups import FollowUpViewSet
from responses.api.statements import RevisionViewSet, StatementViewSet
from responses.api.status_pages import StatusPageViewSet
from responses.api.support_tickets import SupportTicketViewSet
from responses.api.webhook_deliveries import WebhookDeliveryViewSet
from responses.api.webhook_endpoints import WebhookEndpointViewSet

router = SimpleRouter()
router.register("statements", StatementViewSet, basename="statement")
router.register("support_tickets", SupportTicketViewSet, basename="support_ticket")
router.register("follow_ups", FollowUpViewSet, basename="follow_up")
router.register("webhook_endpoints", WebhookEndpointViewSet, basename="webhook_endpoint")
router.register("webhook_deliveries", WebhookDeliveryViewSet, basename="webhook_delivery")

urlpatterns = [
    *router.urls,
    path("statements/<str:statement>/revisions/", RevisionViewSet.as_view({"get": "list"})),
    path(
        "teams/<str:team>/status_page/",
        StatusPageViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
    ),
    path(
        "teams/<str:team>/desk_settings/",
        DeskSettingsViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
    ),
]
