"""What the fault tests share: processes to kill, and somebody whom the receiver stands for."""

import pytest

from crisis_api.access.models import ContactPoint, Owner, Team
from tests.factories.access import a_person, a_team
from tests.rig import Receiver, celery, engine, receiver, variables, web

__all__ = ["celery", "engine", "receiver", "variables", "web"]


@pytest.fixture
def team() -> Team:
    """A team with nobody in it."""
    return a_team()


@pytest.fixture
def owner(team: Team, receiver: Receiver) -> Owner:
    """Somebody whom the receiver stands for."""
    return somebody_at(receiver, team)


def somebody_at(receiver: Receiver, team: Team) -> Owner:
    """Return a responder of the team whose every message goes to the receiver."""
    owner = a_person(team)
    for urgency in ContactPoint.Urgency.values:
        ContactPoint.objects.create(
            owner=owner,
            urgency=urgency,
            kind="webhook",
            address=receiver.url("/hook"),
            secret="whsec_" + "a" * 43 + "=",
        )
    return owner
