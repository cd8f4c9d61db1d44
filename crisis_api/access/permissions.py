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
    ("memberships.view", EVERYBODY, Scope.READ),
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
    ("escalation_policies.view", EVERYBODY, Scope.READ),
    ("escalation_policies.manage", MANAGE, Scope.MANAGE),
    ("assignment_rules.view", EVERYBODY, Scope.READ),
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
    ("incidents.note", INBOX | {Role.LEGAL}, Scope.INCIDENTS),
    ("notifications.view", EVERYBODY, Scope.READ),
    ("notifications.retry", WORK, Scope.INCIDENTS),
    # What comes in
    ("accounts.view", EVERYBODY, Scope.READ),
    ("accounts.manage", MANAGE, Scope.MANAGE),
    ("posts.view", EVERYBODY, Scope.READ),
    ("posts.edit", INBOX, Scope.INTAKE),
    ("authors.view", EVERYBODY, Scope.READ),
    ("authors.edit", INBOX, Scope.INTAKE),
    ("mentions.view", EVERYBODY, Scope.READ),
    ("mentions.intake", INBOX, Scope.INTAKE),
    ("mentions.attach", INBOX, Scope.INCIDENTS),
    ("storm_rules.view", EVERYBODY, Scope.READ),
    ("storm_rules.manage", MANAGE, Scope.MANAGE),
    # What goes out
    ("statements.view", EVERYBODY, Scope.READ),
    ("statements.write", WRITE, Scope.RESPONSES),
    ("statements.submit", WRITE, Scope.RESPONSES),
    ("statements.approve", APPROVE, Scope.RESPONSES, True),
    ("statements.request_changes", APPROVE, Scope.RESPONSES),
    ("statements.publish", WORK, Scope.RESPONSES),
    ("statements.retract", WORK | {Role.LEGAL}, Scope.RESPONSES),
    ("support_tickets.view", EVERYBODY, Scope.READ),
    ("support_tickets.write", INBOX | {Role.LEGAL}, Scope.RESPONSES),
    ("follow_ups.view", EVERYBODY, Scope.READ),
    ("follow_ups.write", WRITE, Scope.RESPONSES),
    ("webhook_endpoints.view", MANAGE, Scope.MANAGE),
    ("webhook_endpoints.manage", MANAGE, Scope.MANAGE),
    ("webhook_deliveries.view", MANAGE, Scope.MANAGE),
    ("webhook_deliveries.replay", MANAGE, Scope.MANAGE),
)


def permission(name: str) -> Permission:
    """Return the row of that name; a name that is not in the table is a programming error."""
    return PERMISSIONS[name]
