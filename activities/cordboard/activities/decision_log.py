"""Decisions onto the record, with the record's word on what holds."""

from collections.abc import Sequence
from typing import Protocol

import grpc

from cordboard.core.errors import ConflictError
from cordboard.ledger.v1.envelope_pb2 import NewEvent
from cordboard.ledger.v1.ledger_service_pb2 import AppendRequest
from cordboard.ledger.v1.ledger_service_pb2_grpc import LedgerServiceStub
from cordboard.runtime.error_table import translate_errors
from cordboard.runtime.ledger_client import Ledger
from cordboard.runtime.trace_context import current_trace_id

SOURCE_SEQ_CONFLICT = "SOURCE_SEQ_CONFLICT"


class Appender(Protocol):
    """Appends events and tells how many of them were on the log before."""

    async def append(self, events: Sequence[NewEvent]) -> int:
        """Append all or none. Raises ConflictError(SOURCE_SEQ_CONFLICT), UnavailableError."""
        ...


class AppenderClient:
    """The ledger process, asked over gRPC."""

    def __init__(self, channel: grpc.aio.Channel, *, deadline: float) -> None:
        """Make an appender; `deadline` in seconds bounds one append."""
        self._stub = LedgerServiceStub(channel)
        self._deadline = deadline

    async def append(self, events: Sequence[NewEvent]) -> int:
        """Append all or none; see Appender.append."""
        async with translate_errors():
            response = await self._stub.Append(AppendRequest(events=events), timeout=self._deadline)
        return response.duplicates


class DecisionLog:
    """Appends a call's decisions. When the log has others under their numbers, those hold."""

    def __init__(self, appender: Appender, ledger: Ledger, *, build_id: str = "") -> None:
        """Make a log for the decisions of this build; the ledger asks for no build when it tells a repeat."""
        self._appender = appender
        self._ledger = ledger
        self._build_id = build_id

    async def append(self, decisions: Sequence[NewEvent]) -> list[NewEvent]:
        """Append decisions of one call, in order and without gaps.

        Gives all decisions that stand on the log from the first given number on. When an earlier try had made them they
        may differ in nothing but their times. Raises CordboardError.
        """
        for decision in decisions:
            decision.build_id, decision.trace_id = self._build_id, current_trace_id()
        try:
            if not await self._appender.append(decisions):
                return list(decisions)
        except ConflictError as error:
            if error.reason != SOURCE_SEQ_CONFLICT:
                raise
        first = decisions[0]
        found: dict[int, NewEvent] = {}
        async for envelope in self._ledger.read(first.stream, with_phi=True):
            event = envelope.event
            if event.source == first.source and event.source_seq >= first.source_seq:
                found[event.source_seq] = event
        return [found[number] for number in sorted(found)]
