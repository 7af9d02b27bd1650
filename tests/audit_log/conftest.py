"""What the record's tests share."""

from pathlib import Path

import pytest
from postgres import postgres_server, postgres_url
from postgres_ledger import PostgresLedger, ledger_template, ledger_url, postgres_ledger, utc_now
from strict_warnings import make_strict

from cordboard.audit_log.event_store import EventStore
from cordboard.audit_log.memory.event_store import MemoryEventStore

__all__ = ["ledger_template", "ledger_url", "postgres_ledger", "postgres_server", "postgres_url"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let no warning pass."""
    make_strict(items, Path(__file__).parent)


@pytest.fixture(params=["memory", "postgres"])
def event_store(request: pytest.FixtureRequest) -> EventStore:
    if request.param == "memory":
        return MemoryEventStore(utc_now)
    ledger: PostgresLedger = request.getfixturevalue("postgres_ledger")
    return ledger.store
