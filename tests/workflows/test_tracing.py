"""One call is one trace: from the request that began it, through its workflow, to what its activities log."""

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest
from call_steps import connect, hang_up
from kept_spans import KeptSpans, kept_spans, trace_of
from temporal import House, MemoryKeys, PlacedCall, open_house
from temporalio.client import WorkflowHistory
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from cordboard.runtime.ledger_client import call_stream
from cordboard.workflows.call_tracing import CallTracing
from cordboard.workflows.call_workflow import CallWorkflow
from cordboard.workflows.data_converter import data_converter
from cordboard.workflows.sandbox import workflow_runner


@pytest.fixture
def spans() -> Iterator[KeptSpans]:
    with kept_spans() as kept:
        yield kept


@pytest.fixture
async def traced_house(real_time_server: WorkflowEnvironment, spans: KeptSpans) -> AsyncIterator[House]:
    async with open_house(real_time_server, interceptors=[CallTracing(spans.tracer)]) as opened:
        yield opened


async def _call(house: House, spans: KeptSpans) -> tuple[PlacedCall, str]:
    """Start a call within a span, as the gateway's door does; gives the trace as well."""
    call_id = await house.open_call()
    with spans.tracer.start_as_current_span("StartCall") as span:
        trace_id = f"{span.get_span_context().trace_id:032x}"
        answer = await house.start_at_once(call_id, str(uuid4()))
    return house.placed(call_id, answer.leg_id), trace_id


async def test_a_calls_decisions_and_activities_belong_to_the_trace_of_its_start(
    traced_house: House, spans: KeptSpans
) -> None:
    call, trace_id = await _call(traced_house, spans)
    await connect(call)
    await hang_up(call)
    await call.handle.result()
    log = [envelope.event async for envelope in traced_house.ledger.read(call_stream(call.call_id))]
    decisions = [event for event in log if event.source.startswith("workflow/")]
    assert decisions
    assert {event.trace_id for event in decisions} == {trace_id}
    assert trace_id in {trace_of(span) for span in spans.named("RunActivity:admit")}
    assert {trace_of(span) for span in spans.finished if span.name.startswith("RunActivity:")} == {trace_id}
    # The relay's signals come by no request of anybody, so they begin no traces of their own.
    assert spans.traces() == {trace_id}


async def test_a_traced_call_replays_with_and_without_tracing(traced_house: House, spans: KeptSpans) -> None:
    call, _ = await _call(traced_house, spans)
    await connect(call)
    await hang_up(call)
    await call.handle.result()
    history = await call.handle.fetch_history()
    before = len(spans.finished)
    for interceptors in ([], [CallTracing(spans.tracer)]):
        replayer = Replayer(
            workflows=[CallWorkflow],
            data_converter=data_converter(MemoryKeys()),
            workflow_runner=workflow_runner(),
            interceptors=interceptors,
        )
        recorded = WorkflowHistory(call.handle.id, history.events)
        result = await replayer.replay_workflow(recorded, raise_on_replay_failure=False)
        assert result.replay_failure is None
    assert len(spans.finished) == before, "a replay makes no spans"
