"""Names of sets of words that several fields share, or that several fields call alike."""

from crisis_api.access.api.fields import LANGUAGES
from crisis_api.access.models import ContactPoint
from incidents.api.policy_serializers import KINDS
from incidents.models import (
    Author,
    Category,
    IncidentStatus,
    Mention,
    Notification,
    Receipt,
    Severity,
)
from incidents.services.handling import BY_HAND
from responses.models import FollowUp, Statement
from responses.services.publications import TARGETS

AuthorKind = Author.Kind.values
CategoryWord = Category.values
ContactPointKind = ContactPoint.Kind.values
FollowUpKind = FollowUp.Kind.values
IncidentStatusWord = IncidentStatus.values
Language = LANGUAGES
MentionKind = Mention.Kind.values
MentionOutcome = ["", *Mention.Outcome.values]
MentionOutcomeByHand = [outcome.value for outcome in BY_HAND]
NotificationStatus = Notification.Status.values
PublicationTarget = TARGETS
ReceiptStatus = Receipt.Status.values
SeverityWord = list(Severity.words())
StatementKind = Statement.Kind.values
TargetKind = KINDS
WithdrawalReason = Statement.PublicReason.values
