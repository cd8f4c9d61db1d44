"""Putting a backup back: everything is prepared beside the old database and then takes its place.

Until the last step, one renaming, the old database stays where it is, and afterwards it stays under
another name.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from crisis_api import triggers
from crisis_api.access.models import SendingHold
from crisis_api.access.services import holding
from crisis_api.backups.archive import Unusable
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.crypto import EncryptedTextField

_BESIDE = ("-wal", "-shm")


def close_down(database: Path) -> None:
    """Bring the old database into one file, if it can still be read; raise Unusable if it is open.

    Leaving the write-ahead log needs the file to oneself, so this finds shells and scripts too.
    """
    if not database.exists():
        return
    with closing(sqlite3.connect(database, timeout=1)) as old:
        try:
            old.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise Unusable("Somebody has the database open. Stop everything first.") from None
        except sqlite3.DatabaseError:
            pass  # Damaged: that may be why there is a restore. It is kept as it is.


def prepare(draft: Path) -> list[str]:
    """Bring the restored database up to date and hold its sending; return what to warn of.

    Raises Unusable where a newer release made it, or where its guards cannot be put on.
    """
    with _connected_to(draft):
        # As everywhere: what is committed must be on the disk.
        known = set(_known_migrations())
        newer = sorted(set(MigrationRecorder(connection).applied_migrations()) - known)
        if newer:
            raise Unusable(f"A newer release made it: {'.'.join(newer[-1])} is unknown here.")
        call_command("migrate", interactive=False, verbosity=0)
        if missing := triggers.missing(connection):
            raise Unusable(f"{len(missing)} guards could not be put on: {missing[0]} …")
        holding.hold(reason=SendingHold.Reason.RESTORED, by=SYSTEM)
        return _unreadable()


def take_its_place(draft: Path, database: Path, at: datetime) -> Path | None:
    """Put the draft where the database is; return the name under which the old one stays.

    The old name is given away before it is taken, so that whatever dies in between, there is always
    a whole database under it.
    """
    kept = None
    if database.exists():
        kept = database.with_name(f"{database.name}.before-{at:%Y%m%dT%H%M%SZ}")
        _second_name(database, kept)
        for ending in _BESIDE:
            # Only where it was too damaged to be brought into one file.
            if (log := database.with_name(database.name + ending)).exists():
                log.replace(kept.with_name(kept.name + ending))
    os.replace(draft, database)
    descriptor = os.open(database.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return kept


def _second_name(file: Path, name: Path) -> None:
    try:
        os.link(file, name)
    except FileExistsError:
        raise Unusable(f"{name} is there already; try again in a second.") from None
    except OSError:
        shutil.copy2(file, name)  # a file system without second names


def _known_migrations() -> Iterator[tuple[str, str]]:
    from django.db.migrations.loader import MigrationLoader  # only here are they read from disk

    yield from MigrationLoader(None).disk_migrations


@contextmanager
def _connected_to(file: Path) -> Iterator[None]:
    """Have Django's connection mean another file for a while, and leave that file whole."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = str(file)
    try:
        yield
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode=DELETE")
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def _unreadable() -> list[str]:
    """Return the tables that hold something which none of FIELD_KEYS opens."""
    found = []
    for model in apps.get_models():
        names = [f.name for f in model._meta.fields if isinstance(f, EncryptedTextField)]
        if any(not _opens(model, name) for name in names):
            found.append(model._meta.db_table)
    return found


def _opens(model: Any, name: str) -> bool:
    try:
        model._base_manager.exclude(**{name: ""}).values_list(name, flat=True).first()
    except ImproperlyConfigured:
        return False
    return True
