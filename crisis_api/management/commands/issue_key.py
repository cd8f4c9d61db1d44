"""Issues an API key from a shell, for the first program that needs one."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q

from crisis_api.access import keys
from crisis_api.access.models import Membership, Owner, Team
from crisis_api.access.permissions import Scope
from crisis_api.lib import clock
from crisis_api.lib.actors import SYSTEM

LONGEST_DAYS = 3650


class Command(BaseCommand):
    """Prints a new key, once, alone on standard output."""

    help = (
        "Issues an API key and prints it, once, alone on standard output. Without --owner it is "
        "the team's and acts as itself; with --owner it is that person's and acts as them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add --team, --name, --scope, --owner and --expires-days."""
        parser.add_argument("--team", required=True, help="the team's address or name")
        parser.add_argument("--name", required=True, help="what the key is for")
        parser.add_argument(
            "--scope",
            action="append",
            nargs="+",
            required=True,
            choices=[str(scope) for scope in Scope],
            help="may be given more than once",
        )
        parser.add_argument("--owner", help="the user name of a member: a key of that person")
        parser.add_argument("--expires-days", type=int, help="days after which it ends")

    def handle(self, *args: Any, **options: Any) -> None:
        """Issue the key."""
        days = options["expires_days"]
        if days is not None and not 1 <= days <= LONGEST_DAYS:
            raise CommandError(f"--expires-days is from 1 to {LONGEST_DAYS}.")
        if not 1 <= len(options["name"]) <= 100:
            raise CommandError("--name has 1 to 100 characters.")
        team = _team(options["team"])
        owner = _member(team, options["owner"]) if options["owner"] else None
        _key, text = keys.issue(
            name=options["name"],
            scopes=[scope for scopes in options["scope"] for scope in scopes],
            team=None if owner else team,
            owner=owner,
            created_by=owner,
            expires_at=clock.now() + timedelta(days=days) if days else None,
            by=SYSTEM,
        )
        self.stdout.write(text)


def _team(named: str) -> Team:
    team = Team.objects.filter(Q(slug=named) | Q(name=named)).order_by("pk").first()
    if team is None:
        known = ", ".join(Team.objects.order_by("slug").values_list("slug", flat=True)[:20])
        raise CommandError(f"There is no team {named!r}. There are: {known or 'none yet'}.")
    return team


def _member(team: Team, username: str) -> Owner:
    member = Membership.objects.filter(team=team, owner__user__username=username).first()
    if member is None or member.owner.deactivated_at is not None:
        raise CommandError(f"{username!r} is not an active member of {team.slug}.")
    return member.owner
