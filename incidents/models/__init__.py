from incidents.models.account import Account, Author, Post
from incidents.models.calendar import CalendarFeed
from incidents.models.claim import Claim, ClaimBook, ClaimPart, ClaimRarity
from incidents.models.connection import AuthorizationRequest, Connection
from incidents.models.escalation import (
    AuditorState,
    EngineHeartbeat,
    Escalation,
    Reminder,
    ReminderKind,
)
from incidents.models.event import Event, PendingEvent
from incidents.models.inbox import HandOff, HandoverNote, InboxSettings, Unmasking
from incidents.models.incident import (
    UNRESOLVED,
    Category,
    Incident,
    IncidentRelation,
    IncidentStatus,
    Mode,
    Note,
    ReferenceCounter,
    Severity,
)
from incidents.models.mention import Mention, StormRule
from incidents.models.milestone import Milestone
from incidents.models.notification import Notification, NotificationReminder
from incidents.models.policy import AssignmentRule, EscalationPolicy, EscalationStep
from incidents.models.receipt import Receipt
from incidents.models.rotation import (
    LayerParticipant,
    Override,
    Rotation,
    RotationLayer,
    RotationParticipant,
)
from incidents.models.settings import IncidentSettings
from incidents.models.shift_swap import ShiftSwap

__all__ = [
    "UNRESOLVED",
    "Account",
    "AssignmentRule",
    "AuditorState",
    "Author",
    "AuthorizationRequest",
    "CalendarFeed",
    "Category",
    "Claim",
    "ClaimBook",
    "ClaimPart",
    "ClaimRarity",
    "Connection",
    "EngineHeartbeat",
    "Escalation",
    "EscalationPolicy",
    "EscalationStep",
    "Event",
    "HandOff",
    "HandoverNote",
    "InboxSettings",
    "Incident",
    "IncidentRelation",
    "IncidentSettings",
    "IncidentStatus",
    "LayerParticipant",
    "Mention",
    "Milestone",
    "Mode",
    "Note",
    "Notification",
    "NotificationReminder",
    "Override",
    "PendingEvent",
    "Post",
    "Receipt",
    "ReferenceCounter",
    "Reminder",
    "ReminderKind",
    "Rotation",
    "RotationLayer",
    "RotationParticipant",
    "Severity",
    "ShiftSwap",
    "StormRule",
    "Unmasking",
]
