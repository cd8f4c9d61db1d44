"""The world that the contract tests call the API in, built once for each of their modules."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction

from crisis_api.lib.drf.throttles import Rate
from tests.contract import world as the_world
from tests.contract.calling import Callers
from tests.contract.world import World


@pytest.fixture(scope="module")
def _worlds(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Callers, Callers]]:
    with django_db_blocker.unblock(), the_world.now_is(), transaction.atomic():
        worlds = Callers(the_world.build()), Callers(the_world.build("Foreign", "foreign"))
    yield worlds
    with django_db_blocker.unblock():
        call_command("flush", verbosity=0, interactive=False)


@pytest.fixture
def in_the_world(
    _worlds: tuple[Callers, Callers], db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The world's clock stands still; what a test does to its rows is undone."""
    settings.HTTP_ALLOW_PRIVATE = [f"{name}.lumelle.example" for name in ("chat", "hooks")]
    monkeypatch.setattr(socket, "getaddrinfo", _resolved(socket.getaddrinfo))
    settings.THROTTLE_RATES = {
        name: Rate(10**9, timedelta(minutes=1)) for name in ("api", "intake")
    }
    with the_world.now_is():
        yield


def _resolved(getaddrinfo: Any) -> Any:
    """Return a resolver that knows the names of the world, at an address that nobody calls."""

    def known(host: Any, *args: Any, **kwargs: Any) -> Any:
        ours = str(host).endswith("lumelle.example")
        return getaddrinfo("127.0.0.1" if ours else host, *args, **kwargs)

    return known


@pytest.fixture
def world(_worlds: tuple[Callers, Callers], in_the_world: None) -> World:
    """A brand in the middle of a crisis."""
    return _worlds[0].world


@pytest.fixture
def foreign(_worlds: tuple[Callers, Callers], in_the_world: None) -> World:
    """Another brand, with the same rows, of which the first must see nothing."""
    return _worlds[1].world


@pytest.fixture
def callers(_worlds: tuple[Callers, Callers], in_the_world: None) -> Callers:
    """Clients of the brand's people and keys."""
    return _worlds[0]


@pytest.fixture
def strangers(_worlds: tuple[Callers, Callers], in_the_world: None) -> Callers:
    """Clients of the other brand's people and keys."""
    return _worlds[1]
