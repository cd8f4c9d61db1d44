"""`manage.py restore FILE`: puts a backup back, and holds sending until a person releases it."""

import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from crisis_api.backups import archive, putting_back
from crisis_api.lib import clock, presence
from crisis_api.supervisor import alone


class Command(BaseCommand):
    help = (
        "Puts a backup made by `backup` in the place of the database, which stays under another "
        "name. Everything must be stopped. Nothing goes out afterwards until release_sending."
    )
    # They would look at a database that may be damaged or gone.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the name of the file."""
        parser.add_argument("file", type=Path, help="what `backup` wrote")

    def handle(self, *args: Any, **options: Any) -> None:
        """Refuse while anything runs; otherwise put it back."""
        if connection.vendor != "sqlite":
            raise CommandError("This is PostgreSQL: use pg_restore, as docs/operations.md says.")
        database = Path(connection.settings_dict["NAME"])
        database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        connection.close()
        try:
            run = alone.OneRun(settings.DATA_DIR)
            try:
                with presence.alone(database):
                    self._put_back(options["file"], database)
            finally:
                run.end()
        except alone.Taken as error:
            raise CommandError(str(error)) from None
        except presence.Busy:
            raise CommandError(
                "Web, worker or engine are running on this database. Stop them first."
            ) from None
        except archive.Unusable as error:
            raise CommandError(f"{error} Nothing has changed.") from None

    def _put_back(self, file: Path, database: Path) -> None:
        putting_back.close_down(database)
        # On the same file system, so that it can take the old one's place by a renaming.
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=database.parent) as folder:
            unpacked = Path(folder)
            manifest = archive.unpack(file, unpacked)
            unreadable = putting_back.prepare(unpacked / archive.DATABASE)
            now = clock.now()
            kept = self._files(unpacked / archive.FILES, f"before-{now:%Y%m%dT%H%M%SZ}")
            kept_database = putting_back.take_its_place(unpacked / archive.DATABASE, database, now)
        self.stdout.write(f"Restored what {manifest.version} backed up at {manifest.made_at}.")
        for old in filter(None, (kept_database, kept)):
            self.stdout.write(f"What was there before is kept: {old}")
        if unreadable:
            self.stderr.write(
                "FIELD_KEYS of this machine do not open what is stored in "
                f"{', '.join(unreadable)}: bring the keys of then before you start."
            )
        self.stdout.write(
            "Nothing goes out until somebody has looked: `manage.py release_sending` shows what "
            "would, and lets it."
        )

    def _files(self, restored: Path, suffix: str) -> Path | None:
        """Put uploaded files back; return the name under which those of before stay."""
        there = Path(settings.MEDIA_ROOT)
        kept = None
        if there.exists():
            kept = there.with_name(f"{there.name}.{suffix}")
            there.rename(kept)
        if restored.exists():
            restored.rename(there)
        return kept
