"""How many messages to the broker an incident costs under load, and how many ids each carries."""

import time
from typing import Any

from django.conf import settings

from bench.table import Figure
from bench.world import Nowhere, a_team_with_people
from crisis_api.lib import clock, nudge
from crisis_api.lib.actors import SYSTEM
from incidents.escalation import decide, deliver
from incidents.escalation.senders import registry
from incidents.services import lifecycle


class Counting:
    """Stands where Celery is, and counts what it is asked to carry."""

    def __init__(self) -> None:
        self.messages = self.ids = 0

    def send_task(self, _name: str, *, args: list[list[str]], **_: Any) -> None:
        """Carry nothing."""
        self.messages += 1
        self.ids += len(args[0])


def figures(*, quick: bool) -> list[Figure]:
    """Open incidents, decide and send, as fast as one process can, with hints on."""
    registry._SENDERS["console"] = Nowhere()
    team, people, policy = a_team_with_people(steps=5)
    counting, carrier = Counting(), nudge.current_app
    nudge.current_app = counting  # type: ignore[assignment]
    settings.NUDGE_ENABLED = True
    opened, until = 0, time.monotonic() + (2 if quick else 8)
    while time.monotonic() < until:
        for n in range(50):
            lifecycle.open_incident(
                team=team, category="spam", severity=4, title="Bench", by=SYSTEM,
                owner=people[n % len(people)], policy=policy,
            )  # fmt: skip
        opened += 50
        decide.fire_all_due()
        for pk in deliver.waiting(clock.now(), limit=500):
            deliver.deliver_one(pk)
    time.sleep(1)
    settings.NUDGE_ENABLED = False
    nudge.current_app = carrier
    return [
        Figure(
            "12", "Celery messages for an incident under load", counting.messages / opened,
            "", goal=0.1, least=False,
        ),
        Figure("12", "ids in a message under load", counting.ids / counting.messages, "", goal=50),
    ]  # fmt: skip
