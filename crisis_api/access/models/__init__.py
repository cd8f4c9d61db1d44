from crisis_api.access.models.audit import AuditEvent
from crisis_api.access.models.contact_point import ContactPoint
from crisis_api.access.models.external_ref import ExternalRef
from crisis_api.access.models.hold import SendingHold, unless_held
from crisis_api.access.models.idempotency import IdempotencyRecord
from crisis_api.access.models.key import ApiKey
from crisis_api.access.models.login import LoginAttempts
from crisis_api.access.models.owner import Owner
from crisis_api.access.models.permit import Permit
from crisis_api.access.models.team import Membership, Role, Team, TeamQuerySet, TeamRecord
from crisis_api.access.models.user import User

__all__ = [
    "ApiKey",
    "AuditEvent",
    "ContactPoint",
    "ExternalRef",
    "IdempotencyRecord",
    "LoginAttempts",
    "Membership",
    "Owner",
    "Permit",
    "Role",
    "SendingHold",
    "Team",
    "TeamQuerySet",
    "TeamRecord",
    "User",
    "unless_held",
]
