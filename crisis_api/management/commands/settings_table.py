"""Prints or writes the page of documentation about settings."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from crisis_api.settings import environment
from crisis_api.settings.table import CHECKOUT


class Command(BaseCommand):
    """Prints docs/settings.md, or writes it."""

    help = "Prints the table of settings as Markdown; --write puts it into docs/settings.md."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add --write."""
        parser.add_argument("--write", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print or write."""
        if options["write"]:
            file = CHECKOUT / "docs" / "settings.md"
            file.parent.mkdir(exist_ok=True)
            file.write_text(environment.as_markdown(), encoding="utf-8")
        else:
            self.stdout.write(environment.as_markdown(), ending="")
