"""A backup as a file: the database, uploaded files, and what there is to check them by.

A plain tar of `crisis.sqlite3`, `files/` and, last, `manifest.json`. Keys are never in it.
"""

import hashlib
import io
import json
import os
import sqlite3
import tarfile
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

DATABASE = "crisis.sqlite3"
FILES = "files"
MANIFEST = "manifest.json"
FORMAT = 1


class Unusable(Exception):
    """It cannot be made or put back; the message says why."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself."""

    made_at: str
    version: str
    sha256: str
    files: int
    format: int = FORMAT


def copy(database: Path, to: Path) -> None:
    """Copy a database while others write to it, into one file; raise Unusable if it is damaged.

    SQLite's own backup: the copy is what was committed at one moment.
    """
    with (
        closing(sqlite3.connect(f"file:{_quoted(database)}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(to)) as copied,
    ):
        try:
            source.backup(copied)
            # Without a log beside it the file is all there is.
            copied.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.DatabaseError as error:
            raise Unusable(f"The database cannot be read whole: {error}.") from None
    check(to)


def check(database: Path) -> None:
    """Read every page and every reference; raise Unusable where something is broken."""
    with closing(sqlite3.connect(f"file:{_quoted(database)}?mode=ro", uri=True)) as opened:
        try:
            (said,) = opened.execute("PRAGMA integrity_check(1)").fetchone()
            dangling = opened.execute("PRAGMA foreign_key_check").fetchone()
        except sqlite3.DatabaseError as error:
            raise Unusable(f"The database is damaged: {error}.") from None
    if said != "ok":
        raise Unusable(f"The database is damaged: {said}.")
    if dangling:
        raise Unusable(f"The database is damaged: a row of {dangling[0]} refers to none there is.")


def pack(database: Path, files: Path, to: Path, *, made_at: str, version: str) -> Manifest:
    """Write the archive under another name, to the disk, and only then give it its own.

    Raises Unusable where that name is taken.
    """
    draft = to.with_name(f".{to.name}.draft")
    # The database was copied first: a file is stored before the row that names it.
    uploaded = sorted(path for path in files.rglob("*") if path.is_file())
    manifest = Manifest(made_at, version, digest(database), len(uploaded))
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            with tarfile.open(fileobj=stream, mode="w") as tar:
                tar.add(database, DATABASE, filter=_anonymous)
                for path in uploaded:
                    tar.add(path, f"{FILES}/{path.relative_to(files)}", filter=_anonymous)
                text = json.dumps(asdict(manifest)).encode()
                member = tarfile.TarInfo(MANIFEST)
                member.size = len(text)
                tar.addfile(member, io.BytesIO(text))
            stream.flush()
            os.fsync(stream.fileno())
        os.link(draft, to)
    except FileExistsError:
        raise Unusable(f"{to} is there already.") from None
    except OSError as error:
        raise Unusable(f"{to} cannot be written: {error.strerror}.") from None
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()
    return manifest


def unpack(archive: Path, folder: Path) -> Manifest:
    """Lay the archive out in a folder, and compare it with what it says of itself."""
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                if member.name in (DATABASE, MANIFEST) or member.name.startswith(f"{FILES}/"):
                    tar.extract(member, folder, filter="data")
        said: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        manifest = Manifest(**said)
    except (OSError, tarfile.TarError, ValueError, TypeError) as error:
        raise Unusable(f"{archive} is no whole backup ({type(error).__name__}).") from None
    if manifest.format != FORMAT:
        raise Unusable(f"{archive} has the format {manifest.format}; this release reads {FORMAT}.")
    if not (folder / DATABASE).is_file() or digest(folder / DATABASE) != manifest.sha256:
        raise Unusable(f"{archive} is damaged: its database is not the one that was backed up.")
    there = sum(path.is_file() for path in (folder / FILES).rglob("*"))
    if there != manifest.files:
        raise Unusable(f"{archive} is damaged: {there} of its {manifest.files} files are there.")
    check(folder / DATABASE)
    return manifest


def digest(file: Path) -> str:
    """Return the SHA-256 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


def _quoted(path: Path) -> str:
    # In a URI these two would end the path.
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
