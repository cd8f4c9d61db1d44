"""`manage.py engine`: the clock of the system."""

import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from crisis_api.lib import presence
from incidents.escalation.auditor import watch
from incidents.escalation.engine import Engine, run_once


class Command(BaseCommand):
    help = "Fires due reminders and works every due row that nobody has claimed."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --once."""
        parser.add_argument("--once", action="store_true", help="do all that is due, and stop")

    def handle(self, *args: Any, **options: Any) -> None:
        """Tick until told to stop, or once."""
        presence.join()
        if options["once"]:
            self.stdout.write(f"{run_once()} done")
            return
        engine = Engine(end=watch.end_the_process)
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: engine.stopping.set())
        self.stdout.write(f"engine {engine.name} is running")
        engine.run()
        self.stdout.write(f"engine {engine.name} has stopped")
