"""What the node saw, on its way to the log."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Protocol

from google.protobuf.message import Message

from cordboard.runtime.ledger_client import EventProducer, call_stream

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CallFact:
    """One fact of one call, with the call's media time in microseconds."""

    call_id: str
    event: Message
    media_us: int
    leg_id: str = ""
    turn_id: str = ""


class FactLog(Protocol):
    """Takes facts in the order in which they happened."""

    def record(self, fact: CallFact) -> None:
        """Take a fact; returns at once and never fails."""
        ...


class ListedFacts:
    """A `FactLog` that keeps its facts in a list; a waiter can sleep until one comes."""

    def __init__(self) -> None:
        """Hold nothing."""
        self.facts: list[CallFact] = []
        self._news = asyncio.Event()

    def record(self, fact: CallFact) -> None:
        """Keep a fact."""
        self.facts.append(fact)
        self._news.set()

    async def changed(self) -> None:
        """Return when a fact was recorded since the last call of this."""
        await self._news.wait()
        self._news.clear()


class ProducedFacts:
    """A `FactLog` on the runtime's event producer, which numbers and spools facts and brings them to the ledger."""

    def __init__(self, producer: EventProducer) -> None:
        """Record through `producer`, which the caller starts and closes."""
        self._producer = producer

    def record(self, fact: CallFact) -> None:
        """Hand a fact over."""
        number = self._producer.record_nowait(
            call_stream(fact.call_id),
            fact.event,
            media_us=fact.media_us,
            leg_id=fact.leg_id,
            turn_id=fact.turn_id,
        )
        if not number:
            _log.error("a fact is lost", extra={"call_id": fact.call_id, "event_type": type(fact.event).__name__})
