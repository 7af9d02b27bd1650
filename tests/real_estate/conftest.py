"""The agency's tables and the servers that its calls live on."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from postgres import PostgresServer, postgres_server, postgres_url
from temporal import real_time
from temporalio.testing import WorkflowEnvironment

from lakeside_homes.listings import open_listings
from lakeside_homes.pack import ViewingTools

__all__ = ["PostgresServer", "postgres_server", "postgres_url"]

# A Monday, 08:00.
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
async def tools(postgres_url: str) -> AsyncIterator[ViewingTools]:
    """The agency's tools on empty tables, on a Monday morning."""
    async with open_listings(postgres_url) as listings:
        yield ViewingTools(listings, clock=lambda: NOW)


@pytest.fixture(scope="session")
async def real_time_server() -> AsyncIterator[WorkflowEnvironment]:
    """One development server, for all tests."""
    async with real_time() as environment:
        yield environment
