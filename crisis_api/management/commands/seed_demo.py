"""`manage.py seed_demo`: the demo team, as `make run` lays it out."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from crisis_api import demo


class Command(BaseCommand):
    help = "Lays out the demo team, if it is not there, and prints how to come in."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the login and the key."""
        if not settings.DEMO:
            # Its people are reached through the console, which only a demo has.
            raise CommandError("Set DEMO=true, here and for the processes: this is no real team.")
        access = demo.seed()
        self.stdout.write(f"admin {access.admin_username} / {access.admin_password}")
        self.stdout.write(f"key   {access.api_key}")
