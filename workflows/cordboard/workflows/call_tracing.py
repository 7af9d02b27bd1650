"""A call's trace through Temporal: from the request that began it, through the workflow, to its activities."""

from typing import Any

from opentelemetry import trace
from temporalio.client import (
    OutboundInterceptor,
    QueryWorkflowInput,
    SignalWorkflowInput,
    StartWorkflowInput,
    StartWorkflowUpdateInput,
    StartWorkflowUpdateWithStartInput,
    WorkflowHandle,
    WorkflowUpdateHandle,
)
from temporalio.contrib.opentelemetry import TracingInterceptor


class CallTracing(TracingInterceptor):
    """Temporal's own tracing, for clients and the workers made with them.

    It is safe under replay: a workflow's spans are made outside of it, with its own times, and not while it replays.
    What belongs to no trace, such as the signals that carry facts, begins none.
    """

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:
        """Trace the requests of code that is within a trace."""
        return _WithinTraces(next, super().intercept_client(next))


class _WithinTraces(OutboundInterceptor):
    def __init__(self, plain: OutboundInterceptor, traced: OutboundInterceptor) -> None:
        super().__init__(plain)
        self._plain = plain
        self._traced = traced

    @property
    def _way(self) -> OutboundInterceptor:
        return self._traced if trace.get_current_span().get_span_context().is_valid else self._plain

    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:
        return await self._way.start_workflow(input)

    async def query_workflow(self, input: QueryWorkflowInput) -> Any:
        return await self._way.query_workflow(input)

    async def signal_workflow(self, input: SignalWorkflowInput) -> None:
        await self._way.signal_workflow(input)

    async def start_workflow_update(self, input: StartWorkflowUpdateInput) -> WorkflowUpdateHandle[Any]:
        return await self._way.start_workflow_update(input)

    async def start_update_with_start_workflow(
        self, input: StartWorkflowUpdateWithStartInput
    ) -> WorkflowUpdateHandle[Any]:
        return await self._way.start_update_with_start_workflow(input)
