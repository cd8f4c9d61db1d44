"""`manage.py auditor`: compares plan and rows, and drives what was overlooked."""

import sys
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, connection

from crisis_api.lib import integrity, lease
from incidents.escalation import health
from incidents.escalation.auditor import ground, second_path, turns
from incidents.escalation.auditor.walks import Findings


class Command(BaseCommand):
    help = (
        "Looks at every plan and every row once, drives what was overlooked, and says what that "
        "was. Exit code 1 where there was anything, or where no engine ticks."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --every."""
        parser.add_argument(
            "--every",
            type=float,
            metavar="SECONDS",
            help="go on for ever, as a watch outside of every engine; ends only when told to",
        )

    def handle(self, *args: Any, every: float | None = None, **options: Any) -> None:
        """Look once, or again and again."""
        if every is None:
            sys.exit(1 if self._look() else 0)
        while True:
            try:
                self._look()
            except DatabaseError as error:
                second_path.tell("database_unreachable", 1, type(error).__name__)
                connection.close()
            time.sleep(every)

    def _look(self) -> bool:
        findings = turns.whole_round(lease.owner_name())
        silent = self._is_silent()
        for code, number in sorted(findings.counts.items()):
            self.stdout.write(f"{code}: {number} ({self._some(findings, code)})")
        if silent:
            self.stdout.write("engine_silent: no engine has ticked for 10 seconds")
        damaged = self._is_damaged()
        if not findings.counts and not silent and not damaged:
            self.stdout.write("nothing was overlooked")
        return bool(findings.counts) or silent or damaged

    def _is_damaged(self) -> bool:
        if connection.vendor != "sqlite":
            return False
        flaw = integrity.flaw(Path(connection.settings_dict["NAME"]))
        if flaw:
            self.stdout.write(f"{ground.DATABASE}: {flaw}")
            second_path.tell(ground.DATABASE, 1, flaw)
        return bool(flaw)

    def _is_silent(self) -> bool:
        age = health.report().last_tick_age
        silent = age is None or age > health.SILENT_AFTER.total_seconds()
        if silent:
            second_path.tell("engine_silent", 1, f"last tick {age} s ago")
        return silent

    def _some(self, findings: Findings, code: str) -> str:
        return ", ".join(str(pk) for pk in findings.ids.get(code, ())) or "driven"
