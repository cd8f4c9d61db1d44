"""Backups of a SQLite: made while it is written to, checked, and put back whole or not at all."""

import os
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from crisis_api.backups import archive, putting_back
from crisis_api.lib import clock

VERSION = {"made_at": "2026-11-22T18:00:00Z", "version": "1.0.0"}


@pytest.fixture
def database(tmp_path):
    """A database in WAL mode with 500 rows, the last of them in its log only."""
    path = tmp_path / "there ?#.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("CREATE TABLE a (id INTEGER PRIMARY KEY, text TEXT)")
        raw.executemany("INSERT INTO a (text) VALUES (?)", [("x" * 200,)] * 500)
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        raw.execute("INSERT INTO a (text) VALUES ('last')")
        yield path


def a_backup(database, tmp_path, name="b.tar"):
    copied = tmp_path / f"copy of {name}"
    archive.copy(database, copied)
    archive.pack(copied, tmp_path / "files", tmp_path / name, **VERSION)
    return tmp_path / name


def rows(path):
    with closing(sqlite3.connect(path)) as raw:
        return raw.execute("SELECT count(*), max(text) FROM a").fetchone()


def test_holds_what_was_committed_while_somebody_writes(database, tmp_path):
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO a (text) VALUES ('zzz not committed')")
        backup = a_backup(database, tmp_path)
        writer.execute("COMMIT")

    (tmp_path / "out").mkdir()
    manifest = archive.unpack(backup, tmp_path / "out")
    assert rows(tmp_path / "out" / archive.DATABASE) == (501, "x" * 200)
    assert (manifest.made_at, manifest.files) == (VERSION["made_at"], 0)
    assert backup.stat().st_mode & 0o777 == 0o600


def test_takes_uploaded_files_along(database, tmp_path):
    (tmp_path / "files" / "evidence").mkdir(parents=True)
    (tmp_path / "files" / "evidence" / "Снимок.png").write_bytes(b"\x89PNG")
    backup = a_backup(database, tmp_path)
    (tmp_path / "out").mkdir()

    assert archive.unpack(backup, tmp_path / "out").files == 1
    assert (tmp_path / "out/files/evidence/Снимок.png").read_bytes() == b"\x89PNG"


def test_never_writes_over_another_backup(database, tmp_path):
    backup = a_backup(database, tmp_path)
    before = backup.read_bytes()
    with pytest.raises(archive.Unusable, match="is there already"):
        archive.pack(database, tmp_path / "files", backup, **VERSION)
    assert backup.read_bytes() == before
    assert [path.name for path in tmp_path.glob(".*")] == []


@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_refuses_an_archive_that_was_cut_off(database, tmp_path, part):
    backup = a_backup(database, tmp_path)
    whole = backup.read_bytes()
    backup.write_bytes(whole[: int(len(whole.rstrip(b"\0")) * part)])
    (tmp_path / "out").mkdir()
    with pytest.raises(archive.Unusable):
        archive.unpack(backup, tmp_path / "out")


def test_refuses_an_archive_in_which_a_bit_has_changed(database, tmp_path):
    backup = a_backup(database, tmp_path)
    text = bytearray(backup.read_bytes())
    text[text.index(b"xxxx")] ^= 1
    backup.write_bytes(text)
    (tmp_path / "out").mkdir()
    with pytest.raises(archive.Unusable, match="not the one that was backed up"):
        archive.unpack(backup, tmp_path / "out")


def test_refuses_to_back_up_a_damaged_database(database, tmp_path):
    damaged = tmp_path / "damaged"
    archive.copy(database, damaged)
    text = bytearray(damaged.read_bytes())
    text[8192:8292] = b"\xff" * 100
    damaged.write_bytes(text)
    with pytest.raises(archive.Unusable, match=r"damaged|cannot be read"):
        archive.copy(damaged, tmp_path / "again")


def test_writes_nothing_outside_of_its_folder(database, tmp_path):
    backup = tmp_path / "evil.tar"
    with tarfile.open(backup, "w") as tar:
        tar.add(database, "files/../../outside")
    (tmp_path / "out").mkdir()
    with pytest.raises(archive.Unusable):
        archive.unpack(backup, tmp_path / "out")
    assert not (tmp_path / "outside").exists()


def test_takes_the_place_of_the_old_one_and_keeps_it(database, tmp_path):
    draft = tmp_path / "draft"
    archive.copy(database, draft)
    with closing(sqlite3.connect(draft, isolation_level=None)) as raw:
        raw.execute("DELETE FROM a WHERE id > 10")
    with closing(sqlite3.connect(database)):
        kept = putting_back.take_its_place(draft, database, clock.now())

    assert rows(database)[0] == 10
    # With its log, which it had because it was not closed down before.
    assert rows(kept) == (501, "x" * 200)
    assert not draft.exists()


def test_finds_whoever_has_the_database_open(database):
    with closing(sqlite3.connect(database)) as somebody:
        somebody.execute("SELECT * FROM a").fetchone()
        with pytest.raises(archive.Unusable, match="has the database open"):
            putting_back.close_down(database)


class Installation:
    """A data folder and its commands, apart from the database of the tests."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "DATA_DIR": str(folder),
        }

    def says(self, *words, **environment):
        done = subprocess.run(
            [sys.executable, str(settings.BASE_DIR / "manage.py"), *words],
            env={**self.environment, **environment}, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    installation = Installation(tmp_path_factory.mktemp("installation") / "data")
    assert installation.says("migrate", "-v0") == (0, "")
    secret = (
        "from crisis_api.access.models import *; "
        "o = Owner.objects.create(user=User.objects.create(username='ben')); "
        "ContactPoint.objects.create(owner=o, kind='email', address='ben@example.com')"
    )
    code, said = installation.says("shell", "-v0", "-c", secret)
    assert code == 0, said
    return installation


@pytest.mark.timeout(300)
def test_warns_of_keys_and_refuses_what_a_newer_release_made(installation, tmp_path):
    backup = tmp_path / "b.tar"
    code, said = installation.says("backup", str(backup))
    assert code == 0, said
    assert str(installation.folder / "field_keys") in said
    assert installation.says("backup", str(backup))[0] == 1

    other = "b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXItbzE="
    code, said = installation.says("restore", str(backup), FIELD_KEYS=other)
    assert code == 0, said
    assert "do not open what is stored in access_contactpoint" in said

    future = "INSERT INTO django_migrations (app, name, applied) VALUES ('access','9999_x','2030')"
    with closing(sqlite3.connect(installation.folder / "crisis.sqlite3")) as raw:
        raw.execute(future)
        raw.commit()
    newer = tmp_path / "newer.tar"
    assert installation.says("backup", str(newer))[0] == 0
    code, said = installation.says("restore", str(newer))
    assert code == 1
    assert "A newer release made it: access.9999_x is unknown here" in said
    assert list(installation.folder.glob(".restore-*")) == []


@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has its own backups")
@pytest.mark.parametrize("command", ["backup", "restore"])
def test_leaves_postgresql_to_its_own_tools(command, tmp_path):
    assert connection.vendor == "postgresql"
    with pytest.raises(CommandError, match="pg_"):
        call_command(command, str(tmp_path / "b.tar"))
