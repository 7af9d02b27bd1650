"""The clinic's tables that the tests of its tools live in."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from postgres import PostgresServer, postgres_server, postgres_url

from cordboard.verticals.healthcare.database import open_database
from cordboard.verticals.healthcare.tools import ClinicTools

__all__ = ["PostgresServer", "postgres_server", "postgres_url"]

# A Monday, 08:00 in New York.
NOW = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)


@pytest.fixture
async def tools(postgres_url: str) -> AsyncIterator[ClinicTools]:
    """The clinic's tools on empty tables, on a Monday morning."""
    async with open_database(postgres_url) as database:
        yield ClinicTools(database, clock=lambda: NOW)
