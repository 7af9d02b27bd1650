"""Calls that are run by a platform team's own workflow, on the team's own queue."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from bridge_steps import Agent
from call_steps import assert_nothing_left, attach, connect, consent, detach, end_talk, hang_up
from team_house import pinned, scripted_call, team_client, team_worker
from temporal import OFFER, House, PlacedCall
from temporalio.client import WorkflowExecutionStatus

from cordboard.call.v1.call_pb2 import (
    PHASE_AI_ENGAGED,
    PHASE_COMPLETED,
    PHASE_QUEUED,
    RECORDING_STATE_ON,
    TALK_OUTCOME_WANTS_HUMAN,
)
from cordboard.call.v1.call_service_pb2 import AddLegRequest, AddLegResponse
from cordboard.call.v1.call_workflow_pb2 import AddLegInput
from cordboard.call.v1.facts_pb2 import ConsentAnswered, SlotsFilled
from cordboard.call.v1.script_pb2 import ScriptAbandoned, ScriptPinned
from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER
from cordboard.workflows import names, registered_script
from cordboard.workflows.script_contract import script_workflow_id

VOICE = "voice-agent/v1/b1"


@pytest.fixture
async def team(house: House) -> AsyncIterator[House]:
    """A house with a team's worker beside it."""
    async with team_worker(house):
        yield house


async def outcome(call: PlacedCall) -> tuple[int, str]:
    result = await call.handle.result()
    await assert_nothing_left(call)
    return result.phase, result.end_reason


async def script_result(call: PlacedCall) -> Any:
    handle: Any = team_client(call.house).get_workflow_handle(script_workflow_id(call.call_id, "viewing"))
    return await handle.result()


async def abandoned(call: PlacedCall) -> list[str]:
    return [event.reason for event in await call.events() if isinstance(event, ScriptAbandoned)]


async def test_a_teams_workflow_serves_the_caller_and_may_finish_its_own_work(team: House) -> None:
    call = await scripted_call(team, pinned("team.Intake"))
    await consent(call)
    slots = SlotsFilled()
    slots.slots.name = "Ann Poe"
    await call.fact(slots, VOICE)
    await call.until(lambda view: view.slots.name == "Ann Poe")
    await end_talk(call)
    await detach(call)
    assert await outcome(call) == (PHASE_COMPLETED, "VIEWING_BOOKED")
    assert await script_result(call) == "lake|Ann Poe|demo"
    assert await abandoned(call) == []


async def test_the_version_that_a_call_began_with_is_on_its_log(team: House) -> None:
    call = await scripted_call(team, pinned("team.Intake"))
    view = await call.until(lambda view: bool(view.workflow))
    assert (view.workflow, view.workflow_version, view.script_reason) == ("viewing", "7", "")
    await hang_up(call)
    await call.handle.result()
    [event] = [event for event in await call.events() if isinstance(event, ScriptPinned)]
    assert (event.script.version, event.script.digest) == ("7", b"d" * 32)


async def test_a_caller_who_wants_a_human_waits_where_the_team_says(team: House) -> None:
    call = await scripted_call(team, pinned("team.Intake"))
    await consent(call)
    await end_talk(call, TALK_OUTCOME_WANTS_HUMAN)
    await detach(call)
    view = await call.until(lambda view: view.phase == PHASE_QUEUED)
    assert view.queue == "viewings"
    await hang_up(call)
    await call.handle.result()


async def test_a_caller_who_joins_later_is_waited_for(team: House) -> None:
    call, _ = await team.start(sdp="", workflow="viewing", script=pinned("team.Intake"), input='{"area":"lake"}')
    offer = AddLegInput(
        actor="app/a", request=AddLegRequest(call_id=call.call_id, sdp_offer=OFFER, role=LEG_ROLE_CALLER)
    )
    call.leg_id = (await call.update(names.UPDATE_ADD_LEG, offer, AddLegResponse)).leg_id
    await connect(call)
    await call.until(lambda view: view.phase == PHASE_AI_ENGAGED)
    await attach(call)
    await consent(call)
    await end_talk(call)
    await detach(call)
    assert await outcome(call) == (PHASE_COMPLETED, "VIEWING_BOOKED")
    assert await abandoned(call) == []


async def test_a_hang_up_ends_the_verb_and_cancels_the_script(team: House) -> None:
    call = await scripted_call(team, pinned("team.Patient", capabilities=["answer", "talk"]))
    await hang_up(call)
    await call.handle.result()
    handle = team.client.get_workflow_handle(script_workflow_id(call.call_id, "viewing"))
    over = (WorkflowExecutionStatus.CANCELED, WorkflowExecutionStatus.COMPLETED)

    async with asyncio.timeout(20):
        while (await handle.describe()).status not in over:
            await asyncio.sleep(0.05)


async def test_a_script_gets_no_verb_that_its_registration_does_not_name(team: House) -> None:
    script = pinned("team.Careless", capabilities=["answer", "record", "hang_up"])
    call = await scripted_call(team, script, talk=False)
    assert await outcome(call) == (PHASE_COMPLETED, "DONE")
    refusals = await script_result(call)
    assert refusals == ["UNIMPLEMENTED", "CONSENT_MISSING", "MISSING_CAPABILITY", "FIELD_INVALID"]


async def test_a_verb_is_done_once_and_its_result_told_again_and_noise_changes_nothing(team: House) -> None:
    call = await scripted_call(team, pinned("team.Stutterer", capabilities=["answer", "hang_up"]), talk=False)
    assert await outcome(call) == (PHASE_COMPLETED, "DONE")
    assert await script_result(call) == ["one", "one", "one", "two"]


async def served_by_default(call: PlacedCall, reason: str) -> None:
    """The caller is served to the end all the same."""
    await call.until(lambda view: view.script_reason == reason)
    await call.until(lambda view: view.phase == PHASE_AI_ENGAGED)
    await attach(call)
    await end_talk(call)
    await detach(call)
    assert (await outcome(call))[0] == PHASE_COMPLETED
    assert await abandoned(call) == [reason]


async def test_a_queue_without_a_worker_is_given_up_by_name(house: House) -> None:
    call = await scripted_call(house, pinned("team.Intake", queue="nobody"))
    await call.until(lambda view: view.script_reason == "SCRIPT_QUEUE_DEAD")
    await consent(call)
    await end_talk(call)
    await detach(call)
    assert await outcome(call) == (PHASE_COMPLETED, "DONE")
    assert await abandoned(call) == ["SCRIPT_QUEUE_DEAD"]


async def test_a_type_that_the_worker_does_not_know_is_given_up_by_name(team: House) -> None:
    call = await scripted_call(team, pinned("team.Nothing"))
    await served_by_default(call, "SCRIPT_UNKNOWN_TYPE")


async def test_a_script_that_fails_is_followed_by_the_default_script_from_where_the_call_is(team: House) -> None:
    call = await scripted_call(team, pinned("team.Broken"))
    await consent(call, given=False)
    await call.until(lambda view: view.script_reason == "SCRIPT_FAILED")
    await end_talk(call)
    await detach(call)
    assert await outcome(call) == (PHASE_COMPLETED, "DONE")
    assert await abandoned(call) == ["SCRIPT_FAILED"]


async def test_a_script_that_asks_for_nothing_is_given_up_and_cancelled(team: House) -> None:
    script = pinned("team.Silent", patience=timedelta(seconds=1), capabilities=["talk"])
    call = await scripted_call(team, script, talk=False)
    await served_by_default(call, "SCRIPT_SILENT")
    handle = team.client.get_workflow_handle(script_workflow_id(call.call_id, "viewing"))
    assert (await handle.describe()).status == WorkflowExecutionStatus.CANCELED


async def test_who_waits_for_a_human_when_the_script_breaks_keeps_their_place(team: House) -> None:
    call = await scripted_call(team, pinned("team.Dropper", capabilities=["answer", "enqueue"]), talk=False)
    view = await call.until(lambda view: view.script_reason == "SCRIPT_FAILED")
    assert (view.phase, view.queue) == (PHASE_QUEUED, "viewings")
    agent = Agent(call, "ann")
    await agent.take()
    await agent.gone("AGENT_HUNG_UP")
    assert await outcome(call) == (PHASE_COMPLETED, "AGENT_HUNG_UP")


async def test_a_script_whose_worker_is_gone_in_the_middle_is_given_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registered_script, "STALLED", timedelta(seconds=1))
    async with team_worker(house):
        call = await scripted_call(house, pinned("team.Intake"))
        await call.until(lambda view: any(timer.timer_id == "consent" for timer in view.timers))
    await call.fact(ConsentAnswered(given=True), VOICE)
    await call.until(lambda view: view.script_reason == "SCRIPT_QUEUE_DEAD")
    await call.until(lambda view: view.recording == RECORDING_STATE_ON)
    await end_talk(call)
    await detach(call)
    assert await outcome(call) == (PHASE_COMPLETED, "DONE")


async def test_what_travels_between_call_and_script_is_sealed_with_its_own_key(team: House) -> None:
    call = await scripted_call(team, pinned("team.Intake"))
    await consent(call)
    await end_talk(call)
    await detach(call)
    await call.handle.result()
    handle = team.client.get_workflow_handle(script_workflow_id(call.call_id, "viewing"))
    history = (await handle.fetch_history()).to_json()
    assert "lake" not in history
    assert "c2NyaXB0" in history  # the purpose `script`, in base64
