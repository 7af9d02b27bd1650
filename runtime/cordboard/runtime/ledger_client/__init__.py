"""What a process needs to write to the record and to read from it."""

from cordboard.runtime.ledger_client.event_producer import About, EventProducer
from cordboard.runtime.ledger_client.grpc_ledger import LedgerClient
from cordboard.runtime.ledger_client.ledger import (
    CursorLease,
    Ledger,
    OpenedCall,
    agent_stream,
    call_stream,
    registry_stream,
)
from cordboard.runtime.ledger_client.memory_ledger import MemoryLedger
from cordboard.runtime.ledger_client.outbox import OutboxReport

__all__ = [
    "About",
    "CursorLease",
    "EventProducer",
    "Ledger",
    "LedgerClient",
    "MemoryLedger",
    "OpenedCall",
    "OutboxReport",
    "agent_stream",
    "call_stream",
    "registry_stream",
]
