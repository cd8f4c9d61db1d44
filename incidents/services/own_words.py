"""What the brand itself said: known when it comes back, noticed where nothing explains it.

A network tells of our own replies like of anybody's comments. Higher layers register what they have
sent; whatever else appears under the account's name was posted past the process.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Final

from crisis_api.lib.actors import SYSTEM
from incidents import timeline
from incidents.escalation import reminders
from incidents.escalation.alarms import MANAGERS
from incidents.models import Account, Connection, Reminder
from incidents.models.escalation import ReminderKind

# A network may tell of a reply before it has answered us that it took it.
PATIENCE: Final = timedelta(minutes=5)
_LONGEST_ID: Final = 90

Explains = Callable[[Account, Collection[str]], set[str]]

_explaining: list[Explains] = []


def register(explains: Explains) -> None:
    """Say which of some ids on the network a layer knows as its own; called once, at start.

    `explains(account, external_ids)` is asked of replies, comments and publications alike, both
    when they come in and minutes later, before anybody is told.
    """
    if explains not in _explaining:
        _explaining.append(explains)


def known(account: Account, external_ids: Collection[str]) -> set[str]:
    """Return those that something of ours explains."""
    wanted = set(external_ids)
    return {pk for explains in _explaining for pk in explains(account, wanted)} if wanted else set()


def learn(account: Account, author_external_id: str) -> None:
    """Note how the network names the account as a writer; by it later words are known as ours."""
    if author_external_id:
        mine = Connection.objects.filter(account_id=account.pk)
        mine.exclude(writer_external_id=author_external_id).update(
            writer_external_id=author_external_id[:255]
        )


def look_into(account: Account, what: str, external_id: str, now: datetime) -> None:
    """Have it found out, some minutes from now, whether something of ours explains this.

    `what` is `comment`, `message` or `post`. The same again changes nothing.
    """
    kind = ReminderKind.POSTED_OUTSIDE
    reminders.schedule(
        kind,
        account,
        due_at=now + PATIENCE,
        dedup_key=f"{kind}:{account.pk.hex}:{what}:{external_id[:_LONGEST_ID]}",
        targets=[MANAGERS],
        urgency="urgent",
    )


def act(account: Account, reminder: Reminder) -> bool:
    """Tell the timeline of what is still unexplained; return whether to tell the managers."""
    _, _, what, external_id = reminder.dedup_key.split(":", 3)
    if known(account, [external_id]):
        return False
    timeline.record(
        f"account.{ReminderKind.POSTED_OUTSIDE}",
        account,
        by=SYSTEM,
        data={"what": what, "external_id": external_id},
    )
    return True
