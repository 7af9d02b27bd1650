"""Where a conversation logs what it saw and decided."""

from dataclasses import dataclass, field
from typing import Protocol

from google.protobuf.message import Message

from cordboard.runtime.ledger_client import EventProducer, call_stream


class FactLog(Protocol):
    """Takes the facts of one call in order, at once: the audio loop never waits for a disk or the ledger."""

    def record(self, event: Message, *, media_us: int, leg_id: str, turn_id: str) -> None:
        """Log one fact."""
        ...


class LedgerFactLog:
    """Logs to the ledger, through the spool while the ledger is away."""

    def __init__(self, producer: EventProducer, call_id: str) -> None:
        """Take this process's producer and the call, whose first fact has words in it: its key is asked for at once."""
        self._producer = producer
        self._stream = call_stream(call_id)
        producer.expect(self._stream)

    def record(self, event: Message, *, media_us: int, leg_id: str, turn_id: str) -> None:
        """Log one fact."""
        self._producer.record_nowait(
            self._stream, event, media_us=max(0, media_us), leg_id=leg_id, turn_id=turn_id, actor="engine"
        )


@dataclass(frozen=True, slots=True)
class LoggedFact:
    """One fact as it was logged."""

    event: Message
    media_us: int
    leg_id: str
    turn_id: str


@dataclass(slots=True)
class MemoryFactLog:
    """The in-memory twin: a list."""

    facts: list[LoggedFact] = field(default_factory=list)

    def record(self, event: Message, *, media_us: int, leg_id: str, turn_id: str) -> None:
        """Keep the fact."""
        self.facts.append(LoggedFact(event, media_us, leg_id, turn_id))
