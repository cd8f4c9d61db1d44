"""What the stories share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Clock, SharedClock
from tests.flows.desk import Desk
from tests.flows.lumelle import House, Lumelle
from tests.processes import Broker
from tests.rig import receiver

__all__ = ["receiver"]


@pytest.fixture
def lumelle(
    transactional_db: None, broker: Broker, shared_clock: SharedClock, tmp_path: Path
) -> Iterator[Lumelle]:
    """The demo team, with web server, worker, engine and broker as processes of their own."""
    house = House(tmp_path, shared_clock.move)
    try:
        yield house.open()
    finally:
        house.close()


@pytest.fixture
def desk(db: None, clock: Clock) -> Desk:
    """A team at its desks, in this process."""
    return Desk(clock)
