"""Wrap-up goes through its stages whatever one of them lacks, and says on the log what it made and what not."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from call_steps import consent, detach, end_talk, engaged_call
from scripted_wrap_up import WrapUpHouse, open_wrap_up, report
from temporal import House, MemoryKeys, open_house
from temporalio.client import WorkflowFailureError, WorkflowHistory
from temporalio.exceptions import ApplicationError, TerminatedError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from cordboard.activities.wrap_up.erased_calls import TemporalWorkflows
from cordboard.activities.wrap_up_starter import WrapUpStarter
from cordboard.activity.v1.wrap_up_activities_pb2 import WrapUpInput
from cordboard.call.v1 import wrap_up_facts_pb2 as facts
from cordboard.call.v1.call_pb2 import PHASE_COMPLETED
from cordboard.core.errors import InvalidError, UnavailableError
from cordboard.workflows import names
from cordboard.workflows.data_converter import data_converter
from cordboard.workflows.sandbox import workflow_runner
from cordboard.workflows.wrap_up_workflow import WrapUpWorkflow

AWAY = UnavailableError("STORE_AWAY", "the object store cannot be reached")
HISTORY = Path(__file__).with_name("wrap_up_histories") / "whole.json"


@pytest.fixture
async def house(time_skipping_server: WorkflowEnvironment) -> AsyncIterator[WrapUpHouse]:
    """Wrap-up on the server that skips time."""
    async with open_wrap_up(time_skipping_server) as opened:
        yield opened


@pytest.fixture
async def calls(real_time_server: WorkflowEnvironment) -> AsyncIterator[House]:
    """Calls in real time."""
    async with open_house(real_time_server) as opened:
        yield opened


async def done(house: WrapUpHouse) -> dict[str, facts.WrapUpStageDone]:
    """Give what is on the log of each stage."""
    return {
        facts.WrapUpStage.Name(event.stage).removeprefix("WRAP_UP_STAGE_"): event
        for event in await house.told()
        if isinstance(event, facts.WrapUpStageDone)
    }


def reasons(stage: facts.WrapUpStageDone) -> list[str]:
    return [one.reason for one in stage.shortfalls]


async def test_every_stage_and_object_is_on_the_log_in_order_and_a_stage_that_is_not_built_is_not(
    house: WrapUpHouse,
) -> None:
    output = await (await house.start()).result()
    assert output.result == facts.WRAP_UP_RESULT_WHOLE
    told = [type(event).__name__ for event in await house.told()]
    assert told == ["ObjectStored", "WrapUpStageDone"] * 4 + ["WrapUpFinished"]
    assert list(await done(house)) == ["RECORD", "TRANSCRIPT", "REDACT", "HISTORY"]
    last = house.stages.asked[-1][1]
    assert last.recording.channels == 2
    assert [one.kind for one in last.objects] == [
        facts.OBJECT_KIND_RECORDING_SEALED,
        facts.OBJECT_KIND_TRANSCRIPT_SEALED,
        facts.OBJECT_KIND_TRANSCRIPT_REDACTED,
    ]


async def test_a_store_that_is_away_for_hours_is_waited_for(house: WrapUpHouse) -> None:
    house.stages.answers["recording"] = [*[AWAY] * 40, *house.stages.answers["recording"]]
    output = await (await house.start()).result()
    assert output.result == facts.WRAP_UP_RESULT_WHOLE
    assert (await done(house))["RECORD"].took.ToTimedelta().total_seconds() > 2 * 3600


async def test_a_store_that_is_away_for_a_day_is_said_to_be_so_and_the_rest_is_tried(house: WrapUpHouse) -> None:
    # Few tries in a day, so that the test is short.
    away = ApplicationError("away", "UnavailableError", {}, type="STORE_AWAY", next_retry_delay=timedelta(hours=5))
    house.stages.answers["recording"] = [away]
    output = await (await house.start()).result()
    stages = await done(house)
    assert reasons(stages["RECORD"]) == ["STORE_AWAY"]
    assert stages["RECORD"].result == facts.WRAP_UP_RESULT_NOTHING
    assert stages["HISTORY"].result == facts.WRAP_UP_RESULT_WHOLE
    assert output.result == facts.WRAP_UP_RESULT_NOTHING


@pytest.mark.parametrize("stage", ["recording", "transcript", "redact", "history"])
async def test_a_stage_that_fails_for_good_stops_no_other(house: WrapUpHouse, stage: str) -> None:
    house.stages.answers[stage] = [InvalidError("BROKEN", "it cannot be done")]
    await (await house.start()).result()
    failed = [name for name, event in (await done(house)).items() if event.shortfalls]
    assert len(failed) == 1
    assert len(await done(house)) == 4


async def test_what_a_stage_lacks_is_told_and_handed_on(house: WrapUpHouse) -> None:
    house.stages.answers["recording"] = [report(facts.OBJECT_KIND_RECORDING_SEALED, "CAPTURE_MISSING")]
    output = await (await house.start()).result()
    assert output.result == facts.WRAP_UP_RESULT_PARTIAL
    assert [one.reason for one in house.stages.asked[-1][1].recording_shortfalls] == ["CAPTURE_MISSING"]


async def test_segments_on_their_way_are_waited_for_but_not_for_ever(house: WrapUpHouse) -> None:
    house.stages.capture = [UnavailableError("CAPTURE_OUTSTANDING", "on their way")]
    await (await house.start()).result()
    assert len(await done(house)) == 4


async def test_a_call_that_is_over_starts_its_wrap_up_once(calls: House) -> None:
    call = await engaged_call(calls)
    await consent(call, given=False)
    await end_talk(call)
    await detach(call)
    await call.handle.result()
    assert calls.wrapped_up == [call.call_id]


async def test_a_call_is_complete_even_when_its_wrap_up_cannot_be_started(calls: House) -> None:
    calls.wrap_up_away = True
    call = await engaged_call(calls)
    await end_talk(call)
    await detach(call)
    result = await call.handle.result()
    assert (result.phase, result.end_reason) == (PHASE_COMPLETED, "DONE")
    assert calls.wrapped_up == []


async def test_starting_a_wrap_up_again_is_fine(house: WrapUpHouse) -> None:
    starter = WrapUpStarter(house.client)
    call = WrapUpInput(call_id=house.call_id, tenant="demo")
    await starter.start_wrap_up(call)
    await starter.start_wrap_up(call)
    await house.client.get_workflow_handle(names.wrap_up_id(house.call_id)).terminate()


async def test_a_recorded_wrap_up_replays() -> None:
    content = json.loads(HISTORY.read_text(encoding="utf-8"))
    started = content["events"][0]["workflowExecutionStartedEventAttributes"]
    replayer = Replayer(
        workflows=[WrapUpWorkflow], data_converter=data_converter(MemoryKeys()), workflow_runner=workflow_runner()
    )
    result = await replayer.replay_workflow(
        WorkflowHistory.from_json(started["workflowId"], content), raise_on_replay_failure=False
    )
    assert result.replay_failure is None


async def test_the_wrap_up_of_an_erased_call_is_ended_and_publishes_nothing(house: WrapUpHouse) -> None:
    waiting = asyncio.Event()
    house.stages.capture = [AWAY]
    house.stages.on_capture = waiting.set
    handle = await house.start()
    await asyncio.wait_for(waiting.wait(), 30)
    workflows = TemporalWorkflows(house.client)
    await workflows.end(house.call_id)
    with pytest.raises(WorkflowFailureError) as failed:
        await handle.result()
    assert isinstance(failed.value.cause, TerminatedError)
    assert "ERASED" in str(failed.value.cause)
    assert await house.told() == []
    await workflows.end(house.call_id)
