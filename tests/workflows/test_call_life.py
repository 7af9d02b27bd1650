from call_steps import (
    VOICE,
    ask_tool,
    assert_nothing_left,
    consent,
    detach,
    end_talk,
    engaged_call,
)
from temporal import AGENT, House

from cordboard.call.v1.call_pb2 import (
    PHASE_AI_ENGAGED,
    PHASE_COMPLETED,
    PHASE_INTAKE,
    PHASE_OFFERED,
    PHASE_WRAPPING_UP,
    RECORDING_STATE_OFF,
    RECORDING_STATE_UNSPECIFIED,
)
from cordboard.call.v1.decisions_pb2 import MediaCommandRequested, MediaCommandSettled, SlotsTaken
from cordboard.call.v1.facts_pb2 import ConsentAnswered, SlotsFilled

KINDS_OF_A_CALL = [
    "create_room",
    "add_leg",
    "add_leg",
    "set_routing",
    "start_recording",
    "set_routing",
    "stop_recording",
    "close_room",
]


async def test_a_call_is_answered_recorded_served_and_completed(house: House) -> None:
    call = await engaged_call(house)
    [(_, engagement)] = house.agents.engaged
    assert engagement.ask_consent
    assert engagement.leg_token.startswith("token for ai-")
    assert engagement.peer_leg_id == call.leg_id
    await consent(call)
    await ask_tool(call)
    await call.until(lambda view: [tool.outcome for tool in view.tool_calls] == ["ok"])
    await end_talk(call)
    await detach(call)
    result = await call.handle.result()
    assert (result.phase, result.end_reason) == (PHASE_COMPLETED, "DONE")
    view = await call.view()
    lived = [PHASE_OFFERED, PHASE_INTAKE, PHASE_AI_ENGAGED, PHASE_WRAPPING_UP, PHASE_COMPLETED]
    assert list(view.phases) == lived
    assert view.profile == AGENT
    assert [delivery.result["a"] for delivery in house.agents.delivered] == ["b"]
    assert call.room.kinds == KINDS_OF_A_CALL
    [(_, release)] = house.agents.released
    assert release.finish_speaking
    await assert_nothing_left(call)


async def test_every_command_is_on_the_log_before_and_after_it_is_sent(house: House) -> None:
    call = await engaged_call(house)
    await end_talk(call)
    await detach(call)
    await call.handle.result()
    events = await call.events()
    asked = [event.command.command_seq for event in events if isinstance(event, MediaCommandRequested)]
    settled = [event.command_seq for event in events if isinstance(event, MediaCommandSettled)]
    assert asked == settled == [command.command_seq for command in call.room.commands]


async def test_without_consent_nothing_is_recorded_and_the_talk_goes_on(house: House) -> None:
    call = await engaged_call(house)
    await consent(call, given=False)
    await ask_tool(call)
    await call.until(lambda view: [tool.outcome for tool in view.tool_calls] == ["ok"])
    assert (await call.view()).recording == RECORDING_STATE_UNSPECIFIED
    assert "start_recording" not in call.room.kinds
    await end_talk(call)
    await detach(call)
    await call.handle.result()


async def test_a_node_that_cannot_record_does_not_stop_the_call(house: House) -> None:
    house.nodes.refused["start_recording"] = "UNIMPLEMENTED"
    call = await engaged_call(house)
    await call.fact(ConsentAnswered(given=True), VOICE)
    view = await call.until(lambda view: view.recording == RECORDING_STATE_OFF)
    assert view.phase == PHASE_AI_ENGAGED
    await end_talk(call)
    await detach(call)
    assert (await call.handle.result()).phase == PHASE_COMPLETED
    await assert_nothing_left(call)


async def test_what_the_agent_learnt_is_taken_with_the_fact_as_its_cause(house: House) -> None:
    call = await engaged_call(house)
    fact = SlotsFilled()
    fact.slots.name = "Ann Poe"
    posted = await call.fact(fact, VOICE)
    await call.until(lambda view: view.slots.name == "Ann Poe")
    envelopes = [envelope async for envelope in house.ledger.read(posted.event.stream, with_phi=True)]
    [taken] = [one for one in envelopes if one.event.event.Is(SlotsTaken.DESCRIPTOR)]
    assert taken.event.causation.seq == posted.seq
    await call.handle.cancel()
    await call.handle.result()
