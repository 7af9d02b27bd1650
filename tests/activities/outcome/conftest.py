"""The store that the outcome tests ask, of either kind."""

from collections.abc import AsyncIterator

import pytest
from postgres import postgres_server, postgres_url

from cordboard.activities.outcome.memory_outcome_store import MemoryOutcomeStore
from cordboard.activities.outcome.outcome_store import OutcomeStore
from cordboard.activities.outcome.postgres.outcome_store import PostgresOutcomeStore

__all__ = ["postgres_server", "postgres_url"]


@pytest.fixture(params=["memory", "postgres"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[OutcomeStore]:
    """An empty store."""
    if request.param == "memory":
        yield MemoryOutcomeStore()
        return
    kept = PostgresOutcomeStore(request.getfixturevalue("postgres_url"))
    yield kept
    await kept.close()
