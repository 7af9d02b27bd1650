"""How long calls wait for human agents, and what is said when none comes."""

from bridge_steps import Agent, hears, playing, queued_call
from call_steps import (
    VOICE,
    assert_nothing_left,
    attach,
    connect,
    detach,
    end_talk,
    engaged_call,
    hang_up,
)
from callback_steps import call_off, callback_of
from temporal import OFFER, House, PlacedCall, eventually

from cordboard.call.v1.call_pb2 import (
    PHASE_ABANDONED,
    PHASE_AGENT_ALERTING,
    PHASE_AGENT_CONNECTED,
    PHASE_AI_ENGAGED,
    PHASE_CALLBACK_BOOKED,
    PHASE_COMPLETED,
    PHASE_QUEUED,
    CallView,
)
from cordboard.call.v1.call_service_pb2 import (
    AddLegRequest,
    AddLegResponse,
    EscalateCallRequest,
    EscalateCallResponse,
    HoldLegRequest,
    HoldLegResponse,
)
from cordboard.call.v1.call_workflow_pb2 import AddLegInput, EscalateInput, HoldInput
from cordboard.call.v1.decisions_pb2 import AgentConnected, AgentMissed, CallbackBooked, CallQueued, TimerFired
from cordboard.call.v1.facts_pb2 import SlotsFilled
from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER
from cordboard.workflows import names


async def ended(call: PlacedCall) -> tuple[int, str]:
    result = await call.handle.result()
    await assert_nothing_left(call)
    return result.phase, result.end_reason


async def missed(call: PlacedCall) -> list[tuple[str, str]]:
    return [(event.agent_id, event.reason) for event in await call.events() if isinstance(event, AgentMissed)]


def removals(call: PlacedCall) -> list[tuple[str, str]]:
    orders = [command.remove_leg for command in call.room.commands if command.HasField("remove_leg")]
    return [(order.leg_id, order.reason) for order in orders]


def timers(view: CallView) -> set[str]:
    return {timer.timer_id for timer in view.timers}


async def hear_announcement(call: PlacedCall) -> list[str]:
    """The AI agent comes back, says its line and leaves; give the line."""
    await call.until(lambda view: view.phase == PHASE_AI_ENGAGED)
    house = call.house
    await eventually(lambda: any(one.announcement for _, one in house.agents.engaged if one.call_id == call.call_id))
    await attach(call)
    await end_talk(call)
    await detach(call)
    return [clause for _, one in house.agents.engaged if one.call_id == call.call_id for clause in one.announcement]


async def test_an_agent_who_does_not_answer_is_followed_by_the_next(patient_house: House) -> None:
    call = await queued_call(patient_house)
    await Agent(call, "ann").rung()
    await patient_house.environment.sleep(21)
    await call.until(lambda view: view.phase == PHASE_QUEUED)
    assert await missed(call) == [("ann", "NO_ANSWER")]
    second = Agent(call, "bob")
    await second.take()
    view = await call.view()
    assert not timers(view) & {"ring", "agent_join", "patience"}
    await hang_up(call)
    await ended(call)
    assert patient_house.routing.of(call.call_id)[:2] == ["enqueue 1", "release ann 1 NOT_READY NO_ANSWER"]


async def test_an_agent_who_accepts_and_does_not_join_has_missed_the_call(patient_house: House) -> None:
    call = await queued_call(patient_house)
    agent = Agent(call)
    await agent.rung()
    await agent.answer()
    view = await call.until(lambda view: "agent_join" in timers(view))
    assert "ring" not in timers(view)
    await patient_house.environment.sleep(16)
    await call.until(lambda view: view.phase == PHASE_QUEUED)
    assert await missed(call) == [("ann", "NO_ANSWER")]
    await hang_up(call)
    await ended(call)


async def test_an_agent_whose_media_comes_too_late_is_taken_out_of_the_room(patient_house: House) -> None:
    call = await queued_call(patient_house)
    agent = Agent(call)
    await agent.rung()
    await agent.answer()
    await agent.join()
    await patient_house.environment.sleep(16)
    await call.until(lambda view: view.phase == PHASE_QUEUED)
    await agent.connected()
    await eventually(lambda: (agent.leg_id, "OFFER_OVER") in removals(call))
    assert (await call.view()).phase == PHASE_QUEUED
    await hang_up(call)
    await ended(call)


async def test_a_caller_whom_nobody_serves_in_time_is_told_so_and_let_go(patient_house: House) -> None:
    call = await queued_call(patient_house)
    await patient_house.environment.sleep(301)
    assert await hear_announcement(call) == ["Nobody is free."]
    assert await ended(call) == (PHASE_COMPLETED, "NO_HUMAN")
    assert patient_house.routing.of(call.call_id) == ["enqueue 1", "cancel 1"]
    assert "patience" in [event.timer_id for event in await call.events() if isinstance(event, TimerFired)]


async def test_a_caller_whose_number_is_known_is_promised_a_callback(patient_house: House) -> None:
    call = await engaged_call(patient_house)
    fact = SlotsFilled()
    fact.slots.callback_number = "5550198302"
    await call.fact(fact, VOICE)
    await call.until(lambda view: bool(view.slots.callback_number))
    await escalate(call)
    await detach(call)
    await call.until(lambda view: view.phase == PHASE_QUEUED)
    await patient_house.environment.sleep(301)
    assert await hear_announcement(call) == ["We call you back."]
    assert await ended(call) == (PHASE_COMPLETED, "NO_HUMAN")
    assert PHASE_CALLBACK_BOOKED in (await call.view()).phases
    [booked] = [event for event in await call.events() if isinstance(event, CallbackBooked)]
    assert booked.number == "5550198302"
    await call_off(await callback_of(patient_house, call))


async def test_an_agent_who_is_rung_when_patience_is_over_may_still_take_the_call(patient_house: House) -> None:
    call = await queued_call(patient_house)
    await patient_house.environment.sleep(290)
    agent = Agent(call)
    await agent.rung()
    await patient_house.environment.sleep(12)
    await call.until(lambda view: "patience" not in timers(view))
    await agent.answer()
    await agent.join()
    await agent.connected()
    await call.until(lambda view: view.agent_id == "ann" and "agent_join" not in timers(view))
    await hang_up(call)
    assert await ended(call) == (PHASE_COMPLETED, "CALLER_HUNG_UP")


async def test_no_agent_is_rung_once_patience_is_over(patient_house: House) -> None:
    call = await queued_call(patient_house)
    await patient_house.environment.sleep(290)
    await Agent(call, "ann").rung()
    await patient_house.environment.sleep(21)
    await call.until(lambda view: view.phase != PHASE_AGENT_ALERTING)
    await Agent(call, "bob").reserved()
    assert await hear_announcement(call) == ["Nobody is free."]
    await ended(call)
    asked = patient_house.routing.of(call.call_id)
    assert asked[:3] == ["enqueue 1", "release ann 1 NOT_READY NO_ANSWER", "cancel 1"]
    assert "release bob 1 READY CALL_ENDED" in asked


async def test_without_routing_the_caller_is_told_at_once(patient_house: House) -> None:
    patient_house.routing.absent = True
    call = await engaged_call(patient_house)
    await escalate(call)
    await detach(call)
    assert await hear_announcement(call) == ["Nobody is free."]
    assert await ended(call) == (PHASE_COMPLETED, "NO_HUMAN")


async def test_a_caller_whose_agent_is_lost_waits_again_at_the_head_and_gets_another(patient_house: House) -> None:
    call = await queued_call(patient_house)
    first = Agent(call)
    await first.take()
    hold = HoldInput(actor="agent/ann", request=HoldLegRequest(leg_id=call.leg_id))
    await call.update(names.UPDATE_HOLD, hold, HoldLegResponse)
    await first.gone("SILENT")
    await call.until(lambda view: "agent_rejoin" in timers(view))
    await patient_house.environment.sleep(10)
    assert (await call.view()).phase == PHASE_AGENT_CONNECTED
    await patient_house.environment.sleep(6)
    await eventually(lambda: "enqueue 2" in patient_house.routing.of(call.call_id))
    again = [event for event in await call.events() if isinstance(event, CallQueued)][-1]
    assert (again.reason, again.priority) == ("AGENT_LOST", 1000)
    second = Agent(call, "bob")
    await second.take()
    # Whom the lost agent had put on hold nobody else would take back.
    await eventually(lambda: hears(call, call.leg_id) == [second.leg_id])
    await eventually(lambda: playing(call, call.leg_id) == [])
    await hang_up(call)
    assert await ended(call) == (PHASE_COMPLETED, "CALLER_HUNG_UP")
    assert patient_house.routing.of(call.call_id) == [
        "enqueue 1",
        "confirm ann 1",
        "release ann 1 NOT_READY SESSION_LOST",
        "enqueue 2",
        "confirm bob 1",
        "release bob 1 WRAP_UP",
    ]


async def test_an_agent_who_comes_back_in_time_and_does_not_connect_is_lost(patient_house: House) -> None:
    call = await queued_call(patient_house)
    agent = Agent(call)
    await agent.take()
    await agent.gone("CLIENT_CLOSED")
    await call.until(lambda view: "agent_rejoin" in timers(view))
    await patient_house.environment.sleep(10)
    await agent.join()
    await patient_house.environment.sleep(6)
    await call.until(lambda view: view.phase == PHASE_QUEUED)
    await eventually(lambda: (agent.leg_id, "OFFER_OVER") in removals(call))
    await hang_up(call)
    await ended(call)


async def test_an_agent_lost_twice_is_the_end_of_the_call(patient_house: House) -> None:
    call = await queued_call(patient_house)
    for name in ("ann", "bob"):
        agent = Agent(call, name)
        await agent.take()
        await agent.gone("SILENT")
        await call.until(lambda view: "agent_rejoin" in timers(view))
        await patient_house.environment.sleep(16)
        await call.until(lambda view: view.phase in (PHASE_QUEUED, PHASE_AI_ENGAGED))
    assert await hear_announcement(call) == ["Nobody is free."]
    assert await ended(call) == (PHASE_COMPLETED, "NO_HUMAN")
    assert patient_house.routing.of(call.call_id) == [
        "enqueue 1",
        "confirm ann 1",
        "release ann 1 NOT_READY SESSION_LOST",
        "enqueue 2",
        "confirm bob 1",
        "release bob 1 NOT_READY SESSION_LOST",
    ]


async def test_an_app_that_asks_for_a_human_lets_the_ai_agent_say_so_first(patient_house: House) -> None:
    call = await engaged_call(patient_house)
    await escalate(call)
    await eventually(lambda: bool(patient_house.agents.released))
    [(_, release)] = patient_house.agents.released
    assert release.finish_speaking
    assert list(release.last_words) == ["A colleague helps you."]
    assert (await call.view()).phase == PHASE_AI_ENGAGED
    await detach(call)
    await call.until(lambda view: view.phase == PHASE_QUEUED)
    await eventually(lambda: bool(patient_house.routing.asked))
    assert list(patient_house.routing.wait_of(call.call_id).skills) == ["front-desk"]
    await Agent(call).take()
    await hang_up(call)
    await ended(call)


async def test_a_caller_who_is_away_is_not_offered_to_anybody(patient_house: House) -> None:
    call = await queued_call(patient_house)
    await hang_up(call, "SILENT")
    await call.until(lambda view: "rejoin" in timers(view))
    await Agent(call).reserved()
    request = AddLegRequest(sdp_offer=OFFER, role=LEG_ROLE_CALLER, replaces_leg_id=call.leg_id)
    join = AddLegInput(actor="caller", request=request)
    answer: AddLegResponse = await call.update(names.UPDATE_ADD_LEG, join, AddLegResponse)
    call.leg_id = answer.leg_id
    await connect(call)
    await call.until(lambda view: view.phase == PHASE_AGENT_ALERTING)
    await hang_up(call)
    await ended(call)


async def test_an_agent_never_talks_to_a_caller_who_has_vanished(patient_house: House) -> None:
    call = await queued_call(patient_house)
    agent = Agent(call)
    await agent.rung()
    await hang_up(call, "SILENT")
    await call.until(lambda view: "rejoin" in timers(view))
    await agent.answer()
    await agent.join()
    await agent.connected()
    assert await ended(call) == (PHASE_ABANDONED, "CALLER_VANISHED")
    assert not [event for event in await call.events() if isinstance(event, AgentConnected)]
    assert patient_house.routing.of(call.call_id) == ["enqueue 1", "cancel 1"]


async def escalate(call: PlacedCall) -> None:
    argument = EscalateInput(actor="app/a", request=EscalateCallRequest(reason="APP"))
    await call.update(names.UPDATE_ESCALATE, argument, EscalateCallResponse)
