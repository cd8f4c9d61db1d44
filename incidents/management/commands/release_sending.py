"""`manage.py release_sending`: shows what a hold keeps back, and lets it go out."""

from argparse import ArgumentTypeError
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from crisis_api.access.models import SendingHold
from crisis_api.access.services import holding
from crisis_api.access.services.holding import Waiting
from crisis_api.lib import clock
from crisis_api.lib.actors import SYSTEM

SHOWN = 20


class Command(BaseCommand):
    help = (
        "Shows what would go out once sending is released; with --yes releases it. Look at the "
        "incidents first: what was acknowledged after the backup is open again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --drop-older-than and --yes."""
        parser.add_argument(
            "--drop-older-than",
            type=_minutes,
            metavar="MINUTES",
            help="give up messages and webhook deliveries that were written longer ago; reminders "
            "stay, since each asks its incident whether it is still wanted",
        )
        parser.add_argument("--yes", action="store_true", help="do it, instead of only showing it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Show it, or do it."""
        hold = SendingHold.current()
        if hold is None:
            self.stdout.write("Sending is not held.")
            return
        now = clock.decisive_now()
        age = options["drop_older_than"]
        before = now - age if age is not None else None
        if options["yes"]:
            dropped = holding.release(by=SYSTEM, drop_before=before)
            for name, number in dropped.items():
                self.stdout.write(f"{name}: {number} given up")
            self.stdout.write("Sending is released.")
            return
        self.stdout.write(f"Sending is held ({hold}). A release would let out:")
        for name, rows in holding.would_go_out(now, before).items():
            self._show(name, rows)
        self.stdout.write(
            "`--yes` releases it; `--drop-older-than MINUTES` gives up what is stale."
        )

    def _show(self, name: str, rows: Sequence[Waiting]) -> None:
        self.stdout.write(f"  {name}: {len(rows)}")
        for row in rows[:SHOWN]:
            self.stdout.write(f"    {row.since:%Y-%m-%d %H:%M} UTC  {row.team}  {row.label}")
        if len(rows) > SHOWN:
            self.stdout.write(f"    … and {len(rows) - SHOWN} more")


def _minutes(text: str) -> timedelta:
    if not text.isdigit() or len(text) > 7:
        raise ArgumentTypeError("minutes, a whole number")
    return timedelta(minutes=int(text))
