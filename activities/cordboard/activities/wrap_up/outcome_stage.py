"""The stage that derives the call's outcome."""

from typing import Protocol

from temporalio import activity

from cordboard.activities.wrap_up.stage import working
from cordboard.activity.v1.wrap_up_activities_pb2 import WrapUpStageInput, WrapUpStageReport


class OutcomeDeriver(Protocol):
    """Derives the outcome of a call and keeps it."""

    async def derive(self, call: WrapUpStageInput) -> WrapUpStageReport:
        """Derive from log and published transcript; a repeat keeps one row. Raises CordboardError."""
        ...


class OutcomeStage:
    """Hands the call to whoever derives outcomes; leaves the stage out when there is nobody."""

    def __init__(self, deriver: OutcomeDeriver | None = None) -> None:
        self._deriver = deriver

    @activity.defn(name="wrap_up.derive_outcome")
    async def derive_outcome(self, call: WrapUpStageInput) -> WrapUpStageReport:
        """Derive the outcome; see the stub."""
        if self._deriver is None:
            return WrapUpStageReport(not_built=True)
        async with working(call):
            return await self._deriver.derive(call)
