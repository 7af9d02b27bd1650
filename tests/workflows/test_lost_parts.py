import asyncio

import pytest
from call_steps import (
    VOICE,
    ai_leg,
    ask_tool,
    assert_nothing_left,
    attach,
    connect,
    consent,
    detach,
    end_talk,
    engaged_call,
    hang_up,
)
from temporal import House, PlacedCall, eventually

from cordboard.call.v1 import call_service_pb2 as service
from cordboard.call.v1 import call_workflow_pb2 as workflow_pb
from cordboard.call.v1.call_pb2 import (
    CONSENT_GIVEN,
    PHASE_ABANDONED,
    PHASE_AI_ENGAGED,
    PHASE_CANCELLED,
    PHASE_COMPLETED,
    PHASE_FAILED,
    PHASE_QUEUED,
    RECORDING_STATE_PAUSED,
    TALK_OUTCOME_DONE,
    TALK_OUTCOME_FAULT,
)
from cordboard.call.v1.facts_pb2 import (
    ConsentAnswered,
    PlayoutEnded,
    PlayoutStarted,
    ReplyHeard,
    ReplyPlanned,
    SlotsFilled,
    UtteranceHeard,
)
from cordboard.registry.v1.node_registry_service_pb2 import NODE_KIND_VOICE
from cordboard.workflows import names


async def finish(call: PlacedCall) -> None:
    await end_talk(call)
    await detach(call)
    assert (await call.handle.result()).phase == PHASE_COMPLETED
    await assert_nothing_left(call)


async def test_decisions_wait_for_a_ledger_that_is_away_and_none_is_lost(house: House) -> None:
    call = await engaged_call(house)
    await call.fact(SlotsFilled(turn_id="1"), VOICE)
    house.ledger.away = True
    argument = workflow_pb.EscalateInput(actor="app/a", request=service.EscalateCallRequest(reason="APP"))
    asking = asyncio.create_task(call.update(names.UPDATE_ESCALATE, argument, service.EscalateCallResponse))
    await eventually(lambda: house.appender.refusals > 2)
    assert not asking.done()
    assert not (await call.view()).escalation_reason
    house.ledger.away = False
    await asking
    assert (await call.view()).escalation_reason == "APP"
    await hang_up(call)
    await call.handle.result()
    await assert_nothing_left(call)


async def test_a_hang_up_does_not_wait_for_the_ledger_and_is_logged_after(house: House) -> None:
    call = await engaged_call(house)
    house.ledger.away = True
    request = service.EndCallRequest(call_id=call.call_id, reason="OPERATOR")
    argument = workflow_pb.EndCallInput(actor="app/a", request=request)
    asking = asyncio.create_task(call.update(names.UPDATE_END_CALL, argument, service.EndCallResponse))
    await eventually(lambda: not call.room.open)
    house.ledger.away = False
    await asking
    assert (await call.handle.result()).phase == PHASE_CANCELLED
    await assert_nothing_left(call)


async def test_a_pause_of_the_recording_does_not_wait_for_the_ledger(house: House) -> None:
    call = await engaged_call(house)
    await consent(call)
    house.ledger.away = True
    request = service.SetRecordingRequest(call_id=call.call_id, state=RECORDING_STATE_PAUSED)
    argument = workflow_pb.SetRecordingInput(actor="app/a", request=request)
    asking = asyncio.create_task(call.update(names.UPDATE_SET_RECORDING, argument, service.SetRecordingResponse))
    await eventually(lambda: call.room.kinds[-1] == "pause_recording")
    house.ledger.away = False
    await asking
    await call.until(lambda view: view.recording == RECORDING_STATE_PAUSED)
    await finish(call)


async def test_a_voice_agent_that_dies_is_replaced_by_one_that_knows_the_conversation(house: House) -> None:
    call = await engaged_call(house)
    await consent(call)
    await call.fact(ReplyHeard(play_id="p1", text="May we record this call?"), VOICE)
    await call.fact(UtteranceHeard(turn_id="1", text="Yes."), VOICE)
    await call.fact(UtteranceHeard(turn_id="2", text="I am Ann Poe."), VOICE)
    slots = SlotsFilled()
    slots.slots.name = "Ann Poe"
    await call.fact(slots, VOICE)
    await ask_tool(call)
    await call.until(lambda view: [tool.outcome for tool in view.tool_calls] == ["ok"])
    house.agents.lose("v1:1")
    await detach(call, "LOST")
    await eventually(lambda: len(house.agents.engaged) == 2)
    address, engagement = house.agents.engaged[1]
    assert address == "v2:1"
    assert not engagement.ask_consent
    context = engagement.context
    assert [(turn.speaker, turn.text) for turn in context.turns] == [
        ("agent", "May we record this call?"),
        ("caller", "Yes."),
        ("caller", "I am Ann Poe."),
    ]
    assert (context.turns_taken, context.slots.name, context.consent) == (2, "Ann Poe", CONSENT_GIVEN)
    assert [(tool.name, tool.outcome, tool.result["a"]) for tool in context.tool_calls] == [("clinic.echo", "ok", "b")]
    await attach(call)
    assert (await call.view()).phase == PHASE_AI_ENGAGED
    await finish(call)


async def test_a_tools_result_reaches_the_voice_agent_that_took_over(house: House) -> None:
    call = await engaged_call(house)
    house.agents.lose("v1:1")
    await ask_tool(call)
    await call.until(lambda view: [tool.outcome for tool in view.tool_calls] == ["ok"])
    assert not house.agents.delivered
    await detach(call, "LOST")
    await eventually(lambda: [one.tool_call_id for one in house.agents.delivered] == ["t/1/1"])
    await attach(call)
    await finish(call)


async def test_the_only_voice_agent_may_be_asked_again_after_its_restart(house: House) -> None:
    house.registry.remove(NODE_KIND_VOICE, "v2")
    call = await engaged_call(house)
    await detach(call, "LOST")
    await eventually(lambda: len(house.agents.engaged) == 2)
    await attach(call)
    await finish(call)


async def test_without_any_voice_agent_a_human_is_asked_for(house: House) -> None:
    house.agents.away |= {"v1:1", "v2:1"}
    call, _ = await house.start()
    await connect(call)
    view = await call.until(lambda view: view.phase == PHASE_QUEUED, seconds=30)
    assert view.talk_outcome == TALK_OUTCOME_FAULT
    await hang_up(call)
    assert (await call.handle.result()).phase == PHASE_ABANDONED
    await assert_nothing_left(call)


async def test_a_talk_that_kills_each_voice_agent_is_given_up(house: House) -> None:
    call = await engaged_call(house)
    for number in range(2, 5):
        await detach(call, "LOST")
        await eventually(lambda number=number: len(house.agents.engaged) == number)  # type: ignore[misc]
        await attach(call)
    await detach(call, "LOST")
    view = await call.until(lambda view: view.phase == PHASE_QUEUED)
    assert view.talk_outcome == TALK_OUTCOME_FAULT
    await hang_up(call)
    await call.handle.result()
    await assert_nothing_left(call)


async def test_a_talk_in_which_something_is_achieved_is_not_what_its_voice_agents_die_of(house: House) -> None:
    call = await engaged_call(house)
    for number in range(2, 8):
        await call.fact(SlotsFilled(turn_id=str(number)), VOICE)
        await detach(call, "LOST")
        await eventually(lambda number=number: len(house.agents.engaged) == number)  # type: ignore[misc]
        await attach(call)
    await finish(call)


async def test_a_talk_whose_voice_agent_died_over_the_last_line_is_over_once_that_was_played(house: House) -> None:
    call = await engaged_call(house)
    await call.fact(ReplyPlanned(play_id="p9", clauses=["Goodbye."], closes_with=TALK_OUTCOME_DONE), VOICE)
    await call.fact(PlayoutStarted(play_id="p9"), VOICE)
    await detach(call, "LOST")
    await call.fact(PlayoutEnded(play_id="p9"), VOICE)
    result = await call.handle.result()
    assert (result.phase, (await call.view()).talk_outcome) == (PHASE_COMPLETED, TALK_OUTCOME_DONE)
    assert len(house.agents.engaged) == 1
    await assert_nothing_left(call)


async def test_a_lost_media_node_fails_the_call(house: House) -> None:
    call = await engaged_call(house)
    await call.handle.signal(names.SIGNAL_LOSE_NODE, workflow_pb.NodeLost(node_id="m2", boot_id="b1"))
    await call.handle.signal(names.SIGNAL_LOSE_NODE, workflow_pb.NodeLost(node_id="m1", boot_id="another"))
    assert (await call.view()).phase == PHASE_AI_ENGAGED
    await call.handle.signal(names.SIGNAL_LOSE_NODE, workflow_pb.NodeLost(node_id="m1", boot_id="b1"))
    result = await call.handle.result()
    assert (result.phase, result.end_reason) == (PHASE_FAILED, "MEDIA_LOST")
    assert call.call_id not in house.agents.busy
    await call.assert_live_equals_log()


async def test_a_media_node_that_does_not_answer_fails_the_call(house: House) -> None:
    call = await engaged_call(house)
    house.nodes.away.add("m1:1")
    await call.fact(ConsentAnswered(given=True), VOICE)
    result = await call.handle.result()
    assert (result.phase, result.end_reason) == (PHASE_FAILED, "MEDIA_LOST")
    await call.assert_live_equals_log()


async def test_late_facts_of_a_closed_call_are_dropped(house: House) -> None:
    call = await engaged_call(house)
    leg_id = await ai_leg(call)
    await hang_up(call)
    await call.handle.result()
    await call.fact(SlotsFilled(turn_id="9"), VOICE)
    other = await engaged_call(house)
    assert leg_id != await ai_leg(other)
    await hang_up(other)
    await other.handle.result()
    await assert_nothing_left(other)


@pytest.mark.parametrize(
    ("name", "outcome", "reason"),
    [
        ("clinic.full", "failed", "SLOT_TAKEN"),
        ("clinic.away", "unknown", "SYSTEM_OF_RECORD_AWAY"),
        ("clinic.nothing", "failed", "TOOL_UNKNOWN"),
        ("append", "failed", "TOOL_UNKNOWN"),
        ("other.echo", "failed", "TOOL_UNKNOWN"),
        ("clinic.flaky", "ok", ""),
    ],
)
async def test_a_tool_that_fails_is_told_from_one_whose_effect_is_not_known(
    house: House, name: str, outcome: str, reason: str
) -> None:
    call = await engaged_call(house)
    await ask_tool(call, name=name)
    await eventually(lambda: bool(house.agents.delivered))
    [told] = house.agents.delivered
    assert (told.outcome, told.reason) == (outcome, reason)
    [tool] = (await call.view()).tool_calls
    assert tool.attempts == {"clinic.away": 4, "clinic.flaky": 2}.get(name, 1)
    await finish(call)


async def test_a_tool_call_that_is_asked_for_twice_happens_once(house: House) -> None:
    call = await engaged_call(house)
    await ask_tool(call)
    await ask_tool(call)
    await call.until(lambda view: [tool.outcome for tool in view.tool_calls] == ["ok"])
    await ask_tool(call)
    await finish(call)
    view = await call.view()
    assert [(tool.tool_call_id, tool.attempts) for tool in view.tool_calls] == [("t/1/1", 1)]
