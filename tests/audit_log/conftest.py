"""What the record's tests share."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from postgres import postgres_server, postgres_url

from cordboard.audit_log.event_store import EventStore
from cordboard.audit_log.memory.event_store import MemoryEventStore
from cordboard.audit_log.postgres.database import Database
from cordboard.audit_log.postgres.event_store import PostgresEventStore
from cordboard.audit_log.postgres.schema import prepare_schema

__all__ = ["postgres_server", "postgres_url"]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class PostgresLedger:
    """A store that leads on an empty database."""

    url: str
    database: Database
    store: PostgresEventStore


@pytest.fixture
async def postgres_ledger(postgres_url: str) -> AsyncIterator[PostgresLedger]:
    database = Database(postgres_url)
    await prepare_schema(database, utc_now)
    store = PostgresEventStore(database, utc_now)
    store.appender.start()
    await store.appender.wait_until_leading()
    yield PostgresLedger(postgres_url, database, store)
    await store.appender.stop()
    await database.close()


@pytest.fixture(params=["memory", "postgres"])
def event_store(request: pytest.FixtureRequest) -> EventStore:
    if request.param == "memory":
        return MemoryEventStore(utc_now)
    ledger: PostgresLedger = request.getfixturevalue("postgres_ledger")
    return ledger.store
