"""Prints or writes the page of documentation about who may do what."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from crisis_api.access.models import Role
from crisis_api.access.permissions import PERMISSIONS, Permission, Scope

PAGE = ("docs", "permissions.md")

_ROLES = {
    Role.VIEWER: "reads",
    Role.MODERATOR: "works the inbox",
    Role.RESPONDER: "handles incidents and answers",
    Role.APPROVER: "handles incidents, and approves what others wrote",
    Role.LEGAL: "reads, writes and approves texts",
    Role.MANAGER: "all of it, and decides who belongs to the team and how it works",
}
_SCOPES = {
    Scope.READ: "reading",
    Scope.INTAKE: "handing in posts, authors and mentions",
    Scope.INCIDENTS: "everything that is done with incidents",
    Scope.RESPONSES: "statements, support tickets and follow-ups",
    Scope.MANAGE: "the team, its people, policies, rotations, keys and webhooks",
}


class Command(BaseCommand):
    """Prints docs/permissions.md, or writes it."""

    help = "Prints the table of permissions as Markdown; --write puts it into docs/permissions.md."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add --write."""
        parser.add_argument("--write", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print or write."""
        if options["write"]:
            file = settings.BASE_DIR.joinpath(*PAGE)
            file.parent.mkdir(exist_ok=True)
            file.write_text(as_markdown(), encoding="utf-8")
        else:
            self.stdout.write(as_markdown(), ending="")


def as_markdown() -> str:
    """Return docs/permissions.md."""
    lines = [
        "# Permissions",
        "",
        "Who may do what in a team. Checks and this page come from one table, "
        "`crisis_api/access/permissions.py`; the page is written by `make docs`.",
        "",
        "A person may do what their role in the team says. A key of a team may do what its scopes "
        "say. A key of a person may do what both say. What only people may do is never done by a "
        "key of a team, and by a key of a person only where the team allows its people's keys to "
        "approve. A row of a team that one doesn't belong to does not exist: 404.",
        "",
        "Everybody sees and keeps their own contact points and keys, and changes their own "
        "language, time zone and working hours.",
        "",
        "## Roles",
        "",
        *(f"- `{role}`: {does}" for role, does in _ROLES.items()),
        "",
        "## Scopes of keys",
        "",
        *(f"- `{scope}`: {does}" for scope, does in _SCOPES.items()),
        "",
        "## The table",
        "",
        f"| permission | {' | '.join(Role.values)} | scope of a key | only people |",
        "|---" * (len(Role) + 3) + "|",
    ]
    lines += map(_row, PERMISSIONS.values())
    return "\n".join(lines) + "\n"


def _row(row: Permission) -> str:
    roles = " | ".join("yes" if role in row.roles else "" for role in Role)
    people = "yes" if row.people_only else ""
    return f"| `{row.name}` | {roles} | `{row.scope}` | {people} |"
