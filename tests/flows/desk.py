"""A team at its desks, for stories in which no process need die: one clock, one process, mail.

People call the API, `manage.py engine --once` does what is due, and what they are told is read in
their mailboxes.
"""

import io
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core import mail
from django.core.management import call_command

from crisis_api.access.models import Owner
from tests.conftest import Clock
from tests.factories.access import a_contact_point, a_person, a_team, an_api
from tests.rig import Api

CALL = "waiting for a reaction"


class Person(Api):
    """Somebody who has signed in, without a server in between."""

    def __init__(self, owner: Owner) -> None:
        self.id = str(owner.pk)
        self.client = an_api(owner)

    def send(
        self, method: str, path: str, body: Any = None, *, timeout: float = 30, **headers: str
    ) -> Any:
        """Send a request and return whatever is answered."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        call = getattr(self.client, method.lower())
        answer = call(f"/api/v1/{path}", body, headers=named)
        answer.ok, answer.text = answer.status_code < 400, answer.content.decode()
        return answer


class Desk:
    """The team, its people, and the clock on the wall."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.team = a_team(name="Lumelle", slug="lumelle")
        self.anna, self.ben = self._person("anna"), self._person("ben")
        self.vera = self._person("vera", "approver")
        self.mara = self._person("mara", "manager")

    def _person(self, name: str, role: str = "responder") -> Person:
        owner = a_person(self.team, role, name=name.capitalize())
        a_contact_point(owner, kind="email", address=f"{name}@lumelle.example")
        return Person(owner)

    def answers_by_rule(self, person: Person | None = None) -> Any:
        """Call whoever owns an incident, then Ben, then the managers, five minutes apart.

        With a person, a rule makes that one the owner of everything.
        """
        steps = [
            [{"kind": "owner"}],
            [{"kind": "person", "id": self.ben.id}],
            [{"kind": "role", "role": "manager"}],
        ]
        policy = self.mara.post(
            "escalation_policies/",
            {
                "name": "Standard",
                "steps": [
                    {"delay_seconds": 300 if number else 0, "targets": targets}
                    for number, targets in enumerate(steps)
                ],
            },
        )
        rule = {"policy": policy["id"], **({"owner": person.id} if person else {})}
        self.mara.post("assignment_rules/", rule)
        return policy

    def opens(self, **values: Any) -> Any:
        """Have Ben open an incident, and do what is due at once."""
        incident = {"title": "Burns", "category": "product_safety", "severity": "high", **values}
        opened = self.ben.post("incidents/", incident)
        self.work()
        return opened

    def work(self) -> None:
        """Do all that is due, and what follows from it."""
        said = ""
        while said != "0 done\n":
            out = io.StringIO()
            call_command("engine", "--once", stdout=out)
            said = out.getvalue()

    def later(self, **words: float) -> datetime:
        """Let time pass, and do what falls due."""
        self.clock.move(**words)
        self.work()
        return self.clock.now()

    def mailbox(self, name: str) -> list[str]:
        """Return what somebody has been sent since the last look, subject and text, in order."""
        to = f"{name}@lumelle.example"
        mine = [each for each in mail.outbox if to in each.to]
        mail.outbox[:] = [each for each in mail.outbox if to not in each.to]
        return [f"{each.subject}\n{each.body}" for each in mine]

    def called(self, *names: str) -> list[str]:
        """Return whom of these an escalation has called since the last look, in their order."""
        return [name for name in names if said(self.mailbox(name), CALL)]

    def kinds(self, incident: Any) -> list[str]:
        """Return the kinds of the events on an incident's timeline."""
        path = f"incidents/{incident['id']}/timeline/"
        return [event["kind"] for event in self.mara.all(path)]


def said(messages: Iterable[str], words: str) -> int:
    """Return how many of the messages say this, whatever the case of its letters."""
    return sum(words.lower() in message.lower() for message in messages)
