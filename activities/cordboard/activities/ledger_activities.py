"""Writing a call's decisions to the record."""

from temporalio import activity

from cordboard.activities.decision_log import DecisionLog
from cordboard.activity.v1.call_activities_pb2 import AppendResult
from cordboard.ledger.v1.ledger_service_pb2 import AppendRequest


class LedgerActivities:
    """The activities that write to the ledger."""

    def __init__(self, log: DecisionLog) -> None:
        self._log = log

    @activity.defn
    async def append(self, batch: AppendRequest) -> AppendResult:
        """Put decisions of one call on the log, and give those that stand there under their numbers."""
        return AppendResult(decisions=await self._log.append(list(batch.events)))
