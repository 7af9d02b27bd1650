"""Writing what wrap-up did to the record."""

from temporalio import activity

from cordboard.ledger.v1.ledger_service_pb2 import AppendRequest
from cordboard.runtime.ledger_client import Ledger
from cordboard.runtime.trace_context import current_trace_id


class WrapUpLog:
    """Puts the facts that a wrap-up's workflow numbered on the log."""

    def __init__(self, ledger: Ledger, *, build_id: str = "") -> None:
        self._ledger = ledger
        self._build_id = build_id

    @activity.defn(name="wrap_up.append_facts")
    async def append_facts(self, batch: AppendRequest) -> None:
        """Append; see the stub."""
        for event in batch.events:
            event.build_id, event.trace_id = self._build_id, current_trace_id()
        await self._ledger.append(list(batch.events))
