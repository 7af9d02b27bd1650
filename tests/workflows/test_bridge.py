"""A human agent takes a call over, and everything that comes in between."""

import pytest
from bridge_steps import SUMMARY, Agent, ask_for_human, hears, playing, queued_call, refusal
from call_steps import VOICE, assert_nothing_left, engaged_call, hang_up
from temporal import House, PlacedCall, eventually

from cordboard.call.v1.call_pb2 import (
    PHASE_ABANDONED,
    PHASE_AGENT_ALERTING,
    PHASE_AGENT_CONNECTED,
    PHASE_COMPLETED,
    PHASE_QUEUED,
    TALK_OUTCOME_FAULT,
    TALK_OUTCOME_LOW_CONFIDENCE,
    TALK_OUTCOME_RED_LINE,
    URGENCY_ROUTINE,
    URGENCY_UNSPECIFIED,
    URGENCY_URGENT,
    TalkOutcome,
    Urgency,
)
from cordboard.call.v1.call_service_pb2 import (
    HoldLegRequest,
    HoldLegResponse,
    RemoveLegRequest,
    RemoveLegResponse,
    RetrieveLegRequest,
    RetrieveLegResponse,
)
from cordboard.call.v1.call_workflow_pb2 import HoldInput, QueuePlace, RemoveLegInput, RetrieveInput
from cordboard.call.v1.decisions_pb2 import AgentAlerted, AgentConnected, AgentMissed, CallQueued, MediaCommandRequested
from cordboard.call.v1.facts_pb2 import ConversationEnded
from cordboard.workflows import names, routing_stubs


async def bridged_call(house: House) -> tuple[PlacedCall, Agent]:
    call = await queued_call(house)
    agent = Agent(call)
    await agent.take()
    return call, agent


async def agent_hangs_up(call: PlacedCall, agent: Agent) -> None:
    request = RemoveLegRequest(leg_id=agent.leg_id, reason="AGENT_HUNG_UP")
    argument = RemoveLegInput(actor=f"agent/{agent.name}", request=request)
    await call.update(names.UPDATE_REMOVE_LEG, argument, RemoveLegResponse)
    await agent.gone("AGENT_HUNG_UP")


async def ended(call: PlacedCall) -> tuple[int, str]:
    result = await call.handle.result()
    await assert_nothing_left(call)
    return result.phase, result.end_reason


def removed_legs(call: PlacedCall) -> list[str]:
    return [command.remove_leg.leg_id for command in call.room.commands if command.HasField("remove_leg")]


async def test_caller_and_agent_hear_each_other_until_the_agent_hangs_up(house: House) -> None:
    call, agent = await bridged_call(house)
    await eventually(lambda: hears(call, call.leg_id) == [agent.leg_id])
    assert hears(call, agent.leg_id) == [call.leg_id]
    await agent_hangs_up(call, agent)
    assert await ended(call) == (PHASE_COMPLETED, "AGENT_HUNG_UP")
    assert house.routing.of(call.call_id) == ["enqueue 1", "confirm ann 1", "release ann 1 WRAP_UP"]


async def test_the_queue_is_asked_with_what_the_talk_gave(house: House) -> None:
    call = await queued_call(house, "clinical", "spanish")
    wait = house.routing.wait_of(call.call_id)
    assert (wait.queue, list(wait.skills), wait.priority) == ("front-desk", ["clinical", "spanish"], 10)
    [queued] = [event for event in await call.events() if isinstance(event, CallQueued)]
    assert queued.hand_over == SUMMARY
    await hang_up(call)
    await ended(call)


@pytest.mark.parametrize(
    ("outcome", "urgency", "priority"),
    [
        (TALK_OUTCOME_RED_LINE, URGENCY_URGENT, 20),
        (TALK_OUTCOME_LOW_CONFIDENCE, URGENCY_ROUTINE, 0),
        (TALK_OUTCOME_FAULT, URGENCY_UNSPECIFIED, 0),
    ],
)
async def test_whatever_the_ai_agent_cannot_do_goes_to_a_human(
    house: House, outcome: TalkOutcome.ValueType, urgency: Urgency.ValueType, priority: int
) -> None:
    call = await engaged_call(house)
    await call.fact(ConversationEnded(outcome=outcome, urgency=urgency), VOICE)
    await call.until(lambda view: view.phase == PHASE_QUEUED)
    await eventually(lambda: house.routing.of(call.call_id) == ["enqueue 1"])
    wait = house.routing.wait_of(call.call_id)
    # The talk named no skills, so the profile's own count.
    assert (wait.priority, list(wait.skills)) == (priority, ["front-desk"])
    await hang_up(call)
    await ended(call)


async def test_the_ai_agent_leaves_once_the_human_is_asked_for(house: House) -> None:
    call = await queued_call(house)
    [(_, release)] = house.agents.released
    assert release.finish_speaking
    # Its port is taken out of the room: the human is alone with the caller.
    await eventually(lambda: bool(removed_legs(call)))
    assert hears(call, call.leg_id) == []
    await hang_up(call)
    await ended(call)


async def test_the_place_in_the_queue_is_noted(house: House) -> None:
    call = await queued_call(house)
    await call.handle.signal(routing_stubs.SIGNAL_QUEUE_MOVED, QueuePlace(position=3))
    await call.until(lambda view: view.queue_position == 3)
    await hang_up(call)
    await ended(call)


async def test_an_agent_who_declines_is_followed_by_the_next(house: House) -> None:
    call = await queued_call(house)
    first, second = Agent(call, "ann"), Agent(call, "bob", 4)
    await first.rung()
    await first.answer(accepted=False)
    await call.until(lambda view: view.phase == PHASE_QUEUED)
    await second.take()
    await agent_hangs_up(call, second)
    await ended(call)
    assert house.routing.of(call.call_id) == [
        "enqueue 1",
        "release ann 1 NOT_READY DECLINED",
        "confirm bob 4",
        "release bob 4 WRAP_UP",
    ]


async def test_an_agent_whose_reservation_ran_out_elsewhere_is_rung_no_longer(house: House) -> None:
    call = await queued_call(house)
    agent = Agent(call)
    await agent.rung()
    await agent.withdrawn("SESSION_LOST")
    await call.until(lambda view: view.phase == PHASE_QUEUED)
    [missed] = [event for event in await call.events() if isinstance(event, AgentMissed)]
    assert missed.reason == "SESSION_LOST"
    await hang_up(call)
    await ended(call)


async def test_a_second_reservation_takes_the_place_of_the_first(house: House) -> None:
    call = await queued_call(house)
    first, second = Agent(call, "ann"), Agent(call, "bob")
    await first.rung()
    await second.reserved()
    await call.until(lambda view: view.agent_id == "bob")
    # What was said of the first comes once more, late.
    await first.reserved()
    await first.withdrawn("NO_ANSWER")
    await second.answer()
    await second.join()
    await second.connected()
    await call.until(lambda view: view.phase == PHASE_AGENT_CONNECTED)
    await agent_hangs_up(call, second)
    await ended(call)
    assert "release ann 1 NOT_READY NO_ANSWER" in house.routing.of(call.call_id)


async def test_repeated_reservations_and_answers_count_once(house: House) -> None:
    call = await queued_call(house)
    agent = Agent(call)
    for _ in range(3):
        await agent.reserved()
    await call.until(lambda view: view.phase == PHASE_AGENT_ALERTING)
    for _ in range(3):
        await agent.answer()
    await agent.join()
    await agent.connected()
    await call.until(lambda view: view.phase == PHASE_AGENT_CONNECTED)
    await agent.reserved()
    await agent.answer()
    await agent_hangs_up(call, agent)
    await ended(call)
    kinds = [type(event) for event in await call.events()]
    assert kinds.count(AgentAlerted) == kinds.count(AgentConnected) == 1
    assert AgentMissed not in kinds


async def test_a_reservation_that_nobody_wants_is_given_back(house: House) -> None:
    call, agent = await bridged_call(house)
    await Agent(call, "bob").reserved()
    await eventually(lambda: "release bob 1 READY CALL_ENDED" in house.routing.of(call.call_id))
    await agent_hangs_up(call, agent)
    await ended(call)


async def test_a_caller_who_hangs_up_in_the_queue_has_abandoned_the_call(house: House) -> None:
    call = await queued_call(house)
    await hang_up(call)
    assert await ended(call) == (PHASE_ABANDONED, "CALLER_HUNG_UP")
    assert house.routing.of(call.call_id) == ["enqueue 1", "cancel 1"]


async def test_a_caller_who_hangs_up_while_an_agent_is_rung_frees_the_agent(house: House) -> None:
    call = await queued_call(house)
    await Agent(call).rung()
    await hang_up(call)
    assert await ended(call) == (PHASE_ABANDONED, "CALLER_HUNG_UP")
    assert house.routing.of(call.call_id) == ["enqueue 1", "cancel 1"]


async def test_a_caller_who_hangs_up_while_the_agent_joins_leaves_nobody_in_an_empty_room(house: House) -> None:
    call = await queued_call(house)
    agent = Agent(call)
    await agent.rung()
    await agent.answer()
    await agent.join()
    await hang_up(call)
    await agent.connected()
    assert await ended(call) == (PHASE_ABANDONED, "CALLER_HUNG_UP")
    assert AgentConnected not in [type(event) for event in await call.events()]


async def test_a_caller_who_hangs_up_in_the_talk_leaves_the_agent_work_to_finish(house: House) -> None:
    call, _ = await bridged_call(house)
    await hang_up(call)
    assert await ended(call) == (PHASE_COMPLETED, "CALLER_HUNG_UP")
    assert house.routing.of(call.call_id)[-1] == "release ann 1 WRAP_UP"


async def test_only_the_agent_who_is_rung_may_join(house: House) -> None:
    call = await queued_call(house)
    agent, other = Agent(call), Agent(call, "bob")
    assert await refusal(agent) == "WRONG_PHASE"
    await agent.rung()
    assert await refusal(other) == "NOT_OFFERED"
    # Desk and media come by different ways: the answer may be on its way still.
    await agent.join()
    await agent.connected()
    assert (await call.view()).phase == PHASE_AGENT_ALERTING
    await agent.answer()
    await call.until(lambda view: view.phase == PHASE_AGENT_CONNECTED)
    assert await refusal(other) == "NOT_OFFERED"
    assert await refusal(agent) == "WRONG_PHASE"
    await agent_hangs_up(call, agent)
    await ended(call)


async def test_an_agent_who_comes_back_in_place_of_their_leg_keeps_the_call(house: House) -> None:
    call, agent = await bridged_call(house)
    before = agent.leg_id
    await agent.join(replaces=before)
    await agent.connected()
    await eventually(lambda: hears(call, call.leg_id) == [agent.leg_id])
    assert (await call.view()).phase == PHASE_AGENT_CONNECTED
    await agent_hangs_up(call, agent)
    assert await ended(call) == (PHASE_COMPLETED, "AGENT_HUNG_UP")


async def test_a_leg_on_hold_hears_nobody_and_is_heard_by_nobody(house: House) -> None:
    call, agent = await bridged_call(house)
    await eventually(lambda: hears(call, call.leg_id) == [agent.leg_id])
    hold = HoldInput(actor="agent/ann", request=HoldLegRequest(leg_id=call.leg_id))
    await call.update(names.UPDATE_HOLD, hold, HoldLegResponse)
    await eventually(lambda: hears(call, call.leg_id) == [] and hears(call, agent.leg_id) == [])
    await eventually(lambda: playing(call, call.leg_id) == ["hold_music"])
    assert playing(call, agent.leg_id) == []
    retrieve = RetrieveInput(actor="agent/ann", request=RetrieveLegRequest(leg_id=call.leg_id))
    await call.update(names.UPDATE_RETRIEVE, retrieve, RetrieveLegResponse)
    await eventually(lambda: hears(call, call.leg_id) == [agent.leg_id])
    assert hears(call, agent.leg_id) == [call.leg_id]
    await eventually(lambda: playing(call, call.leg_id) == [])
    await agent_hangs_up(call, agent)
    await ended(call)


async def test_an_agent_whose_line_broke_comes_back_and_hears_music_no_longer(house: House) -> None:
    call, agent = await bridged_call(house)
    await agent.gone("CLIENT_CLOSED")
    await call.until(lambda view: any(timer.timer_id == "agent_rejoin" for timer in view.timers))
    await eventually(lambda: playing(call, call.leg_id) == ["hold_music"])
    assert (await call.view()).phase == PHASE_AGENT_CONNECTED
    # Another desk of the same agent need not know which leg it was, and nobody else may come in.
    assert await refusal(Agent(call, "bob")) == "NOT_OFFERED"
    await agent.join()
    await eventually(lambda: hears(call, call.leg_id) == [agent.leg_id])
    assert playing(call, call.leg_id) == ["hold_music"]
    await agent.connected()
    await call.until(lambda view: not any(timer.timer_id == "agent_rejoin" for timer in view.timers))
    await eventually(lambda: playing(call, call.leg_id) == [])
    await agent_hangs_up(call, agent)
    assert await ended(call) == (PHASE_COMPLETED, "AGENT_HUNG_UP")
    assert house.routing.of(call.call_id) == ["enqueue 1", "confirm ann 1", "release ann 1 WRAP_UP"]


async def test_an_agent_who_hangs_up_while_their_line_is_broken_ends_the_call(house: House) -> None:
    call, agent = await bridged_call(house)
    await agent.gone("SILENT")
    await call.until(lambda view: any(timer.timer_id == "agent_rejoin" for timer in view.timers))
    request = RemoveLegRequest(leg_id=agent.leg_id, reason="AGENT_HUNG_UP")
    argument = RemoveLegInput(actor=f"agent/{agent.name}", request=request)
    await call.update(names.UPDATE_REMOVE_LEG, argument, RemoveLegResponse)
    assert await ended(call) == (PHASE_COMPLETED, "AGENT_HUNG_UP")
    assert house.routing.of(call.call_id)[-1] == "release ann 1 WRAP_UP"


async def test_an_agent_who_hangs_up_and_closes_their_line_at_once_was_not_cut_off(house: House) -> None:
    call, agent = await bridged_call(house)
    # The far end's goodbye is at the node before the command is.
    house.nodes.refused["remove_leg"] = "LEG_NOT_FOUND"
    request = RemoveLegRequest(leg_id=agent.leg_id, reason="AGENT_HUNG_UP")
    argument = RemoveLegInput(actor=f"agent/{agent.name}", request=request)
    await call.update(names.UPDATE_REMOVE_LEG, argument, RemoveLegResponse)
    await agent.gone("CLIENT_CLOSED")
    assert await ended(call) == (PHASE_COMPLETED, "AGENT_HUNG_UP")
    assert house.routing.of(call.call_id)[-1] == "release ann 1 WRAP_UP"


async def test_a_caller_who_hangs_up_while_their_agent_is_away_is_no_longer_waited_for(house: House) -> None:
    call, agent = await bridged_call(house)
    await agent.gone("CLIENT_CLOSED")
    await call.until(lambda view: any(timer.timer_id == "agent_rejoin" for timer in view.timers))
    await hang_up(call)
    assert await ended(call) == (PHASE_COMPLETED, "CALLER_HUNG_UP")
    assert house.routing.of(call.call_id)[-1] == "release ann 1 NOT_READY SESSION_LOST"


async def test_a_caller_who_waits_hears_music_then_ringing_then_the_agent(house: House) -> None:
    call = await queued_call(house)
    await eventually(lambda: playing(call, call.leg_id) == ["hold_music"])
    agent = Agent(call)
    await agent.rung()
    await eventually(lambda: playing(call, call.leg_id) == ["ring_back"])
    await agent.answer(accepted=False)
    await call.until(lambda view: view.phase == PHASE_QUEUED)
    await eventually(lambda: playing(call, call.leg_id) == ["hold_music"])
    second = Agent(call, "bob")
    await second.take()
    await eventually(lambda: playing(call, call.leg_id) == [])
    await agent_hangs_up(call, second)
    await ended(call)


async def test_a_node_without_sounds_does_not_stop_the_call(house: House) -> None:
    house.nodes.refused["play"] = "UNIMPLEMENTED"
    call, agent = await bridged_call(house)
    await agent_hangs_up(call, agent)
    assert await ended(call) == (PHASE_COMPLETED, "AGENT_HUNG_UP")


async def test_an_agent_whose_media_breaks_before_the_bridge_has_missed_the_call(house: House) -> None:
    call = await queued_call(house)
    agent = Agent(call)
    await agent.rung()
    await agent.answer()
    await agent.join()
    await agent.gone("DTLS_FAILED")
    await call.until(lambda view: view.phase == PHASE_QUEUED)
    await eventually(lambda: "release ann 1 NOT_READY SESSION_LOST" in house.routing.of(call.call_id))
    await hang_up(call)
    await ended(call)


async def test_routing_that_is_away_is_waited_for(house: House) -> None:
    house.routing.away = True
    call = await ask_for_human(house)
    house.routing.away = False
    await eventually(lambda: house.routing.of(call.call_id) == ["enqueue 1"])
    await Agent(call).take()
    await hang_up(call)
    await ended(call)


async def test_people_who_talk_are_not_parted_because_routing_has_forgotten_them(house: House) -> None:
    house.routing.stale = True
    call, agent = await bridged_call(house)
    await eventually(lambda: hears(call, call.leg_id) == [agent.leg_id])
    assert (await call.view()).phase == PHASE_AGENT_CONNECTED
    await agent_hangs_up(call, agent)
    assert await ended(call) == (PHASE_COMPLETED, "AGENT_HUNG_UP")


async def test_every_command_of_a_bridged_call_was_applied(house: House) -> None:
    call, agent = await bridged_call(house)
    await agent_hangs_up(call, agent)
    await ended(call)
    asked = [event.command.command_seq for event in await call.events() if isinstance(event, MediaCommandRequested)]
    assert asked == [command.command_seq for command in call.room.commands]
