"""Writing a call's decisions to the record."""

from temporalio import activity

from cordboard.ledger.v1.ledger_service_pb2 import AppendRequest, AppendResponse
from cordboard.runtime.ledger_client import Ledger


class LedgerActivities:
    """The activities that write to the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @activity.defn
    async def append(self, batch: AppendRequest) -> AppendResponse:
        """Put decisions on the log and give their places; a repeat is fine."""
        return AppendResponse(seqs=await self._ledger.append(list(batch.events)))
