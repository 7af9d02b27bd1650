"""The store that routing's tests ask, on both kinds of tables."""

from collections.abc import AsyncIterator

import pytest
from postgres import postgres_server, postgres_url
from routing_house import RoutingHouse, StandingClock

from cordboard.activities.routing.memory_storage import MemoryStorage
from cordboard.activities.routing.postgres.storage import PostgresStorage

__all__ = ["postgres_server", "postgres_url"]


@pytest.fixture(params=["memory", "postgres"])
async def house(request: pytest.FixtureRequest) -> AsyncIterator[RoutingHouse]:
    """A store on empty tables of either kind."""
    clock = StandingClock()
    if request.param == "memory":
        yield RoutingHouse(MemoryStorage(clock), clock)
        return
    url: str = request.getfixturevalue("postgres_url")
    storage = PostgresStorage(url, clock)
    yield RoutingHouse(storage, clock, url)
    await storage.close()
