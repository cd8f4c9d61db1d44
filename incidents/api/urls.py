"""Paths of what comes in and who must act, below `/api/v1/`."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from incidents.api.accounts import AccountViewSet
from incidents.api.assignment_rules import AssignmentRuleViewSet
from incidents.api.authors import AuthorViewSet
from incidents.api.calendar_feeds import CalendarFeedViewSet
from incidents.api.claims import ClaimViewSet
from incidents.api.contact_point_tests import ContactPointTestViewSet
from incidents.api.escalation_policies import EscalationPolicyViewSet
from incidents.api.hand_offs import HandOffViewSet
from incidents.api.handover_notes import HandoverNoteViewSet
from incidents.api.inbox_settings import InboxSettingsViewSet
from incidents.api.incident_settings import IncidentSettingsViewSet
from incidents.api.incidents import IncidentViewSet
from incidents.api.mentions import MentionViewSet
from incidents.api.network_webhooks import deliver
from incidents.api.notes import NoteViewSet
from incidents.api.notifications import NotificationViewSet
from incidents.api.overrides import OverrideViewSet
from incidents.api.posts import PostViewSet
from incidents.api.receipts import ReceiptViewSet
from incidents.api.reminders import ReminderViewSet
from incidents.api.rotation_layers import RotationLayerViewSet
from incidents.api.rotations import RotationViewSet
from incidents.api.shift_swaps import ShiftSwapViewSet
from incidents.api.storm_rules import StormRuleViewSet
from incidents.api.timeline import TimelineViewSet

OF_AN_INCIDENT = r"incidents/(?P<incident>[^/]+)"

router = SimpleRouter()
router.register("incidents", IncidentViewSet, basename="incident")
router.register(f"{OF_AN_INCIDENT}/timeline", TimelineViewSet, basename="incident_event")
router.register(f"{OF_AN_INCIDENT}/reminders", ReminderViewSet, basename="incident_reminder")
router.register(f"{OF_AN_INCIDENT}/notes", NoteViewSet, basename="incident_note")
router.register("notifications", NotificationViewSet, basename="notification")

router.register("rotations", RotationViewSet, basename="rotation")
router.register(
    r"rotations/(?P<rotation>[^/]+)/overrides", OverrideViewSet, basename="rotation_override"
)
router.register(
    r"rotations/(?P<rotation>[^/]+)/layers", RotationLayerViewSet, basename="rotation_layer"
)
router.register("calendar_feeds", CalendarFeedViewSet, basename="calendar_feed")
router.register("shift_swaps", ShiftSwapViewSet, basename="shift_swap")
router.register("escalation_policies", EscalationPolicyViewSet, basename="escalation_policy")
router.register("assignment_rules", AssignmentRuleViewSet, basename="assignment_rule")

router.register("accounts", AccountViewSet, basename="account")
router.register("posts", PostViewSet, basename="post")
router.register("authors", AuthorViewSet, basename="author")
router.register("mentions", MentionViewSet, basename="mention")
router.register("hand_offs", HandOffViewSet, basename="hand_off")
router.register("handover_notes", HandoverNoteViewSet, basename="handover_note")
router.register("claims", ClaimViewSet, basename="claim")
router.register("receipts", ReceiptViewSet, basename="receipt")
router.register("storm_rules", StormRuleViewSet, basename="storm_rule")

urlpatterns = [
    path(
        "teams/<uuid:pk>/incident_settings/",
        IncidentSettingsViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="incident_settings",
    ),
    path(
        "teams/<uuid:pk>/inbox_settings/",
        InboxSettingsViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="inbox_settings",
    ),
    path(
        "contact_points/<uuid:pk>/test/",
        ContactPointTestViewSet.as_view({"post": "test"}),
        name="contact_point_test",
    ),
    path("webhooks/<str:network>/", deliver, name="network_webhook"),
    path("webhooks/<str:network>/<uuid:account>/", deliver, name="account_webhook"),
    *router.urls,
]
