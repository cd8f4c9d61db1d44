"""One table of permissions, from which the checks and the docs come.

A permission is `<resource>.<verb>`. A person has it by a role in the team; a key has it by its
scope, and a personal key only where its person has it too. `people_only` is never a team key's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from crisis_api.access.models.team import Role


class Scope(StrEnum):
    """What an API key is for."""

    READ = "read"
    INTAKE = "intake"
    INCIDENTS = "incidents"
    RESPONSES = "responses"
    MANAGE = "manage"


@dataclass(frozen=True, slots=True)
class Permission:
    """Who may do one thing: the roles of people, and the scope that a key needs."""

    name: str
    roles: frozenset[Role]
    scope: Scope
    people_only: bool = False


EVERYBODY = frozenset(Role)
# Everybody but moderators, who may come from outside.
OTHERS = EVERYBODY - {Role.MODERATOR}
INBOX = frozenset({Role.MODERATOR, Role.RESPONDER, Role.APPROVER, Role.MANAGER})
WORK = frozenset({Role.RESPONDER, Role.APPROVER, Role.MANAGER})
APPROVE = frozenset({Role.APPROVER, Role.LEGAL, Role.MANAGER})
WRITE = WORK | {Role.LEGAL}
MANAGE = frozenset({Role.MANAGER})


def _table(
    *rows: tuple[str, Iterable[Role], Scope] | tuple[str, Iterable[Role], Scope, bool],
) -> dict[str, Permission]:
    return {
        row[0]: Permission(row[0], frozenset(row[1]), row[2], row[3] if len(row) == 4 else False)
        for row in rows
    }


PERMISSIONS = _table(
    # Who may, and who answers
    ("teams.view", EVERYBODY, Scope.READ),
    ("teams.manage", MANAGE, Scope.MANAGE),
    ("teams.freeze", WORK | {Role.LEGAL}, Scope.MANAGE),
    ("owners.view", EVERYBODY, Scope.READ),
    ("owners.manage", MANAGE, Scope.MANAGE),
    ("memberships.view", OTHERS, Scope.READ),
    ("memberships.manage", MANAGE, Scope.MANAGE, True),
    ("api_keys.view", MANAGE, Scope.MANAGE),
    ("api_keys.manage", MANAGE, Scope.MANAGE, True),
    ("contact_points.view", MANAGE, Scope.MANAGE),
    ("contact_points.manage", MANAGE, Scope.MANAGE),
    ("audit_events.view", MANAGE, Scope.MANAGE),
    ("rotations.view", EVERYBODY, Scope.READ),
    ("rotations.manage", MANAGE, Scope.MANAGE),
    ("rotations.override", WORK, Scope.INCIDENTS),
    ("calendar_feeds.manage", MANAGE, Scope.MANAGE),
    ("escalation_policies.view", OTHERS, Scope.READ),
    ("escalation_policies.manage", MANAGE, Scope.MANAGE),
    ("assignment_rules.view", OTHERS, Scope.READ),
    ("assignment_rules.manage", MANAGE, Scope.MANAGE),
    # Incidents
    ("incidents.view", EVERYBODY, Scope.READ),
    ("incidents.open", INBOX, Scope.INCIDENTS),
    ("incidents.edit", WORK, Scope.INCIDENTS),
    ("incidents.acknowledge", WORK, Scope.INCIDENTS),
    ("incidents.assign", WORK, Scope.INCIDENTS),
    ("incidents.escalate", INBOX, Scope.INCIDENTS),
    ("incidents.snooze", WORK, Scope.INCIDENTS),
    ("incidents.contain", WORK, Scope.INCIDENTS),
    ("incidents.resolve", WORK, Scope.INCIDENTS),
    ("incidents.close", WORK, Scope.INCIDENTS),
    ("incidents.reopen", WORK, Scope.INCIDENTS),
    ("incidents.merge", WORK, Scope.INCIDENTS),
    ("incidents.split", WORK, Scope.INCIDENTS),
    ("incidents.relate", WORK, Scope.INCIDENTS),
    ("incidents.note", WRITE, Scope.INCIDENTS),
    ("notifications.view", OTHERS, Scope.READ),
    ("notifications.retry", WORK, Scope.INCIDENTS),
    # What comes in
    ("accounts.view", EVERYBODY, Scope.READ),
    ("accounts.manage", MANAGE, Scope.MANAGE),
    ("accounts.connect", MANAGE, Scope.MANAGE),
    ("posts.view", EVERYBODY, Scope.READ),
    ("posts.edit", WORK, Scope.INTAKE),
    ("authors.view", EVERYBODY, Scope.READ),
    ("authors.edit", WORK, Scope.INTAKE),
    ("mentions.view", EVERYBODY, Scope.READ),
    ("mentions.intake", INBOX, Scope.INTAKE),
    ("receipts.view", WORK, Scope.INTAKE),
    ("mentions.attach", INBOX, Scope.INCIDENTS),
    ("mentions.handle", INBOX, Scope.INCIDENTS),
    ("mentions.hand_off", INBOX, Scope.INCIDENTS),
    ("hand_offs.view", EVERYBODY, Scope.READ),
    ("hand_offs.close", INBOX, Scope.INCIDENTS),
    ("mentions.unmask", WORK | {Role.LEGAL}, Scope.INCIDENTS, True),
    ("press_enquiries.view", OTHERS, Scope.READ),
    ("handover_notes.view", INBOX | {Role.LEGAL}, Scope.READ),
    ("handover_notes.write", INBOX, Scope.INCIDENTS),
    ("inbox.manage", MANAGE, Scope.MANAGE),
    ("claims.view", EVERYBODY, Scope.READ),
    ("claims.edit", INBOX, Scope.INCIDENTS),
    ("claims.set_truth", WRITE, Scope.INCIDENTS),
    ("storm_rules.view", OTHERS, Scope.READ),
    ("storm_rules.manage", MANAGE, Scope.MANAGE),
    # What goes out
    ("statements.view", OTHERS, Scope.READ),
    ("statements.write", WRITE, Scope.RESPONSES),
    ("statements.submit", WRITE, Scope.RESPONSES),
    ("statements.approve", APPROVE, Scope.RESPONSES, True),
    ("statements.request_changes", APPROVE, Scope.RESPONSES),
    ("statements.publish", WORK, Scope.RESPONSES),
    ("statements.retract", WORK | {Role.LEGAL}, Scope.RESPONSES),
    ("support_tickets.view", OTHERS, Scope.READ),
    ("support_tickets.write", WRITE, Scope.RESPONSES),
    ("follow_ups.view", OTHERS, Scope.READ),
    ("follow_ups.write", WRITE, Scope.RESPONSES),
    ("webhook_endpoints.view", MANAGE, Scope.MANAGE),
    ("webhook_endpoints.manage", MANAGE, Scope.MANAGE),
    ("webhook_deliveries.view", MANAGE, Scope.MANAGE),
    ("webhook_deliveries.replay", MANAGE, Scope.MANAGE),
)


def permission(name: str) -> Permission:
    """Return the row of that name; a name that is not in the table is a programming error."""
    return PERMISSIONS[name]
