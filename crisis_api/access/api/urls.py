"""Paths of people and teams, below /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from crisis_api.access.api.api_keys import ApiKeyViewSet
from crisis_api.access.api.audit_events import AuditEventViewSet
from crisis_api.access.api.contact_points import ContactPointViewSet
from crisis_api.access.api.me import MeView
from crisis_api.access.api.memberships import MembershipViewSet
from crisis_api.access.api.owners import OwnerViewSet
from crisis_api.access.api.teams import TeamViewSet

router = SimpleRouter()
router.register("teams", TeamViewSet, basename="team")
router.register("owners", OwnerViewSet, basename="owner")
router.register("memberships", MembershipViewSet, basename="membership")
router.register("api_keys", ApiKeyViewSet, basename="api_key")
router.register("contact_points", ContactPointViewSet, basename="contact_point")
router.register("audit_events", AuditEventViewSet, basename="audit_event")

urlpatterns = [
    path("me/", MeView.as_view({"get": "show_me", "patch": "change_me"}), name="me"),
    *router.urls,
]
