"""`manage.py hold_sending`: nothing goes out until somebody releases it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from crisis_api.access.models import SendingHold
from crisis_api.access.services import holding
from crisis_api.lib.actors import SYSTEM


class Command(BaseCommand):
    help = (
        "Holds everything that goes out: messages, webhooks, publications. To be run after a "
        "database was restored, PostgreSQL or SQLite, and before engines and workers start on it; "
        "`manage.py restore` has done it already. `release_sending` ends it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --restored."""
        parser.add_argument(
            "--restored", action="store_true", help="say that the database was restored"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Hold it, and say so."""
        reasons = SendingHold.Reason
        reason = reasons.RESTORED if options["restored"] else reasons.BY_HAND
        if holding.hold(reason=reason, by=SYSTEM):
            self.stdout.write("Nothing goes out any more. `manage.py release_sending` ends it.")
        else:
            self.stdout.write(f"Sending was held already ({SendingHold.current()}).")
