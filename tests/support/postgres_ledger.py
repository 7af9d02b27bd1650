"""An event store that leads on an empty database of a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from postgres import PostgresServer, database_name

from cordboard.audit_log.postgres.database import Database
from cordboard.audit_log.postgres.event_store import PostgresEventStore
from cordboard.audit_log.postgres.schema import prepare_schema


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class PostgresLedger:
    """A store that leads on an empty database."""

    url: str
    database: Database
    store: PostgresEventStore


@pytest.fixture(scope="session")
def ledger_template(postgres_server: PostgresServer) -> str:
    """Name of a database that has the schema and no rows; copying it is faster than making it again."""

    async def prepare(url: str) -> None:
        database = Database(url)
        await prepare_schema(database, utc_now)
        await database.close()

    asyncio.run(prepare(postgres_server.create_database("ledger_template")))
    return "ledger_template"


@pytest.fixture
def ledger_url(postgres_server: PostgresServer, ledger_template: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """DSN of a database with the schema and no rows."""
    name = database_name(request)
    yield postgres_server.create_database(name, ledger_template)
    postgres_server.drop_database(name)


@pytest.fixture
async def postgres_ledger(ledger_url: str) -> AsyncIterator[PostgresLedger]:
    database = Database(ledger_url)
    store = PostgresEventStore(database, utc_now)
    store.appender.start()
    await store.appender.wait_until_leading()
    yield PostgresLedger(ledger_url, database, store)
    await store.appender.stop()
    await database.close()
