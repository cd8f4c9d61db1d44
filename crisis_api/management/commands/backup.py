"""`manage.py backup FILE`: a whole backup of an installation on SQLite, while it runs."""

import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from crisis_api import __version__
from crisis_api.backups import archive
from crisis_api.lib import clock

KEYS = ("secret_key", "field_keys", "blind_index_key")


class Command(BaseCommand):
    help = (
        "Writes the database and uploaded files into one file, while everything runs, and checks "
        "it. Keys are not in it: keep them apart. On PostgreSQL use pg_dump."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the name of the file."""
        parser.add_argument("file", type=Path, help="must not be there yet; gets mode 0600")

    def handle(self, *args: Any, **options: Any) -> None:
        """Copy, check, pack, and say what is not in it."""
        if connection.vendor != "sqlite":
            raise CommandError("This is PostgreSQL: use pg_dump, as docs/operations.md says.")
        to: Path = options["file"].absolute()
        if to.exists():
            raise CommandError(f"{to} is there already.")
        if not to.parent.is_dir():
            raise CommandError(f"There is no folder {to.parent}.")
        try:
            # Beside it, where there must be room for it anyway.
            with tempfile.TemporaryDirectory(prefix=".backup-", dir=to.parent) as folder:
                draft = Path(folder) / archive.DATABASE
                archive.copy(Path(connection.settings_dict["NAME"]), draft)
                manifest = archive.pack(
                    draft,
                    Path(settings.MEDIA_ROOT),
                    to,
                    made_at=f"{clock.now():%Y-%m-%dT%H:%M:%SZ}",
                    version=__version__,
                )
        except archive.Unusable as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{to}: {to.stat().st_size} bytes, {manifest.files} uploaded files.")
        self.stderr.write(self._about_keys())

    def _about_keys(self) -> str:
        kept = [name for name in KEYS if (settings.DATA_DIR / name).exists()]
        if kept:
            where = ", ".join(str(settings.DATA_DIR / name) for name in kept)
            return f"Keys are not in it. Keep copies apart, or it is of little use: {where}."
        return "Keys are not in it. They come from the environment here: keep FIELD_KEYS apart."
