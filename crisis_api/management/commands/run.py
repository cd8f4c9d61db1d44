"""Starts all of Crisis API on this machine."""

import os
import signal
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.db.utils import OperationalError

from crisis_api import demo
from crisis_api.access.models import User
from crisis_api.supervisor import alone, programs, valkey, welcome
from crisis_api.supervisor.child import die_with_parent
from crisis_api.supervisor.output import Output
from crisis_api.supervisor.processes import Program
from crisis_api.supervisor.supervisor import Supervisor


class Command(BaseCommand):
    """Runs the web server, a worker and the engine, and a Valkey where no REDIS_URL is set."""

    help = (
        "Starts the web server, a worker and the engine, with an embedded Valkey unless REDIS_URL "
        "is set, and SQLite unless DATABASE_URL is. Ctrl-C stops them all."
    )
    # `migrate` runs the checks, and does so against a database that may not exist yet.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add what `make run` needs."""
        parser.add_argument(
            "--stop-with-parent",
            action="store_true",
            help="Stop when the process that started this one dies, however it dies.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare the data, start everything, and stop everything."""
        if options["stop_with_parent"]:
            die_with_parent(signal.SIGTERM)
        try:
            run = alone.OneRun(settings.DATA_DIR)
            alone.require_free(settings.BIND, settings.PORT, patience=3 if run.was_killed else 0)
        except alone.Taken as error:
            raise CommandError(str(error)) from None
        try:
            code = self._run()
        except KeyboardInterrupt:
            code = 130
        run.end()
        if code:
            raise SystemExit(code)

    def _run(self) -> int:
        foundation = self._foundation()
        access, anybody = self._prepare()
        programs.empty_figures()
        children = [programs.web(), programs.worker(), programs.engine()]
        names = [each.name for each in [*([foundation] if foundation else []), *children]]
        output = Output(names)

        def founded() -> bool:
            if foundation is None or valkey.wait_until_ready(_socket()):
                return True
            log = settings.DATA_DIR / "valkey" / "valkey.log"
            output.say(f"The embedded Valkey does not start; {log} may say why.")
            return False

        def ready() -> bool:
            if answers := welcome.web_answers():
                output.say(welcome.text(access, anybody=anybody))
            return answers

        supervisor = Supervisor(children, output, foundation=foundation)
        try:
            return supervisor.run(once_founded=founded, until_ready=ready)
        finally:
            if foundation:
                valkey.forget(_socket())

    def _foundation(self) -> Program | None:
        """Return the embedded Valkey, or None where REDIS_URL names a server that answers."""
        if os.environ.get("REDIS_URL"):
            try:
                redis.Redis.from_url(settings.REDIS_URL, socket_timeout=3).ping()
            except (redis.RedisError, ValueError) as error:
                raise CommandError(f"REDIS_URL: no answer there ({error}).") from None
            return None
        data = settings.DATA_DIR / "valkey"
        try:
            valkey.prepare(_socket(), data)
        except valkey.UnsafeFolder as error:
            raise CommandError(str(error)) from None
        return valkey.program(_socket(), data)

    def _prepare(self) -> "tuple[demo.DemoAccess | None, bool]":
        """Bring the database up to date, and lay out the demo team where it is wanted.

        Returns how to come into the demo, and whether there is anybody who could sign in.
        """
        self.stdout.write("Preparing the database …")
        try:
            call_command("migrate", interactive=False, verbosity=0)
        except OperationalError as error:
            where = "DATABASE_URL" if os.environ.get("DATABASE_URL") else "The database"
            raise CommandError(f"{where}: {error}") from None
        access = demo.seed() if settings.DEMO else None
        anybody = User.objects.filter(is_active=True).exists()
        # The children have their own; a connection kept here would only be in the way.
        connections.close_all()
        return access, anybody


def _socket() -> Path:
    return Path(urlsplit(settings.REDIS_URL).path)
