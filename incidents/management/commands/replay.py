"""`manage.py replay FILE`: a recorded wave of comments comes in, as if it happened now."""

from argparse import ArgumentTypeError
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from crisis_api.lib import clock
from crisis_api.lib.ids import uuid7
from incidents.intake import replay
from incidents.intake.reading import is_of
from incidents.intake.storms import Gathered
from incidents.models import Account, Severity, StormRule

EVERY = timedelta(seconds=1)


def _speed(text: str) -> float | None:
    if text in ("max", "0"):
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= 1_000_000:
        raise ArgumentTypeError(f"{text!r} is no speed; examples: 1, 60, max")
    return speed


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is no number of comments")
    return int(text)


class Command(BaseCommand):
    help = "Lets a recorded wave of comments (JSON lines) come in, at its own speed or faster."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file and how to play it."""
        parser.add_argument("file", type=Path, help="for example incidents/demo/wave.jsonl")
        parser.add_argument(
            "--speed", type=_speed, default=1.0, help="1 as recorded, 60 an hour a minute, or max"
        )
        parser.add_argument("--team", help="the team's address, where several have the account")
        parser.add_argument("--account", help="handle or id; otherwise the one the file names")
        parser.add_argument("--limit", type=_positive, help="so many comments at most")
        parser.add_argument(
            "--again", action="store_true", help="let what is stored already come in as new"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Play the file, and say what comes of it."""
        comments = self._load(options["file"])[: options["limit"]]
        account = self._account(options["team"], options["account"], comments)
        if options["again"]:
            comments = replay.renamed(comments, uuid7().hex[-8:])
        fresh = replay.unknown(account, comments)
        if len(fresh) < len(comments):
            self._say(f"{len(comments) - len(fresh)} comments are known already (--again: anew)")
        if not fresh:
            return
        if not self._is_watched(account):
            self._say("no storm rule watches this account: nothing will open by itself")
        self._play(account, fresh, options["speed"])

    def _load(self, file: Path) -> list[replay.Comment]:
        try:
            comments, errors = replay.load(file)
        except OSError as failure:
            raise CommandError(f"{file}: {failure.strerror}") from failure
        for error in errors[:20]:
            self.stderr.write(f"line {error.line}{error.pointer}: {error.code}")
        if not comments:
            raise CommandError(f"{file}: no comment could be read")
        return comments

    def _account(
        self, team: str | None, named: str | None, comments: list[replay.Comment]
    ) -> Account:
        accounts = Account.objects.select_related("team").order_by("team__slug", "handle")
        if team is not None:
            accounts = accounts.filter(team__slug=team)
        handle = named or comments[0].parsed.account_handle
        found = [account for account in accounts if is_of(account, handle)]
        if len(found) == 1:
            return found[0]
        known = ", ".join(f"{row.handle} of {row.team.slug}" for row in accounts) or "none"
        if found:
            raise CommandError(f"several teams have an account {handle!r}; say --team ({known})")
        raise CommandError(f"there is no account {handle!r}; say --account (there are: {known})")

    def _is_watched(self, account: Account) -> bool:
        rules = StormRule.objects.filter(team=account.team, is_active=True)
        return any(rule.account_id in (None, account.pk) for rule in rules)

    def _play(self, account: Account, comments: list[replay.Comment], speed: float | None) -> None:
        began = clock.now()
        progress = _Progress(self, len(comments))
        try:
            self._say(f"{len(comments)} comments for {account.handle} of {account.team.name}")
            for step in replay.play(account, comments, speed=speed):
                progress.add(step)
        except KeyboardInterrupt:
            progress.flush()
            self._say(f"stopped after {progress.total} of {len(comments)} comments")
            return
        progress.flush()
        seconds = (clock.now() - began).total_seconds()
        self._say(
            f"done: {progress.total} comments, {progress.negative} negative, in {seconds:.1f} s"
        )

    def _say(self, text: str) -> None:
        now = timezone.localtime(clock.now())
        self.stdout.write(f"{now:%H:%M:%S}  {text}")
        self.stdout.flush()


class _Progress:
    """Says once a second what came in, and at once which incident opened or grew graver."""

    def __init__(self, command: Command, of: int) -> None:
        self._command, self._of = command, of
        self._told_at = clock.now()
        self._severities: dict[Any, int] = {}
        self._joined: dict[str, int] = {}
        self._came = self._bad = 0
        self.total = self.negative = 0

    def add(self, step: replay.Step) -> None:
        """Count what came in, and say what cannot wait."""
        received = step.received
        came = len(received.outcomes)
        self.total += came
        self.negative += received.negative
        self._came += came
        self._bad += received.negative
        for part in received.incidents:
            self._joined[part.reference] = self._joined.get(part.reference, 0) + part.joined
        if any(self._is_news(part) for part in received.incidents):
            for part in received.incidents:
                self._tell(part)
            self.flush()
        elif clock.now() - self._told_at >= EVERY:
            self.flush()

    def _is_news(self, part: Gathered) -> bool:
        before = self._severities.get(part.incident_id, part.severity)
        return part.opened or part.severity != before

    def _tell(self, part: Gathered) -> None:
        word = Severity(part.severity).word
        if part.opened:
            self._command._say(f"incident {part.reference} opened ({part.category}, {word})")
        elif self._severities.get(part.incident_id, part.severity) != part.severity:
            self._command._say(f"incident {part.reference} is {word} now")
        self._severities[part.incident_id] = part.severity

    def flush(self) -> None:
        """Say what came in since the last time."""
        self._told_at = clock.now()
        if not self._came:
            return
        # The first number counts from the beginning, all others since the last line.
        joined = "".join(f"; joined {name}: {number}" for name, number in self._joined.items())
        self._command._say(
            f"{self.total:>5} of {self._of} comments; new: {self._came}, "
            f"of these negative: {self._bad}{joined}"
        )
        self._came = self._bad = 0
        self._joined = {}
