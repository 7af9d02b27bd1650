from bridge_steps import Agent, queued_call
from call_steps import assert_nothing_left, attach, connect, consent, detach, end_talk, engaged_call, hang_up
from temporal import OFFER, House, PlacedCall, eventually

from cordboard.call.v1.call_pb2 import (
    CONSENT_REFUSED,
    PHASE_ABANDONED,
    PHASE_AI_ENGAGED,
    PHASE_COMPLETED,
    PHASE_UNSPECIFIED,
    TALK_OUTCOME_FAULT,
    CallView,
    Phase,
)
from cordboard.call.v1.call_service_pb2 import AddLegRequest, AddLegResponse
from cordboard.call.v1.call_workflow_pb2 import AddLegInput, CallResult
from cordboard.call.v1.decisions_pb2 import AiReleased, TimerCancelled, TimerFired, TimerSet
from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER
from cordboard.workflows import names


def timers(view: CallView) -> set[str]:
    return {timer.timer_id for timer in view.timers}


async def ended(call: PlacedCall) -> tuple[Phase.ValueType, str]:
    result: CallResult = await call.handle.result()
    await assert_nothing_left(call)
    return result.phase, result.end_reason


async def fired(call: PlacedCall) -> list[str]:
    return [event.timer_id for event in await call.events() if isinstance(event, TimerFired)]


async def test_a_caller_who_never_connects_is_let_go(patient_house: House) -> None:
    call, _ = await patient_house.start()
    await call.until(lambda view: view.phase == PHASE_AI_ENGAGED)
    await attach(call)
    assert await ended(call) == (PHASE_COMPLETED, "CALLER_VANISHED")
    assert await fired(call) == ["connect"]


async def test_no_answer_about_recording_is_a_no(patient_house: House) -> None:
    call = await engaged_call(patient_house)
    await patient_house.environment.sleep(61)
    view = await call.until(lambda view: view.consent == CONSENT_REFUSED)
    assert view.phase == PHASE_AI_ENGAGED
    assert "start_recording" not in call.room.kinds
    await hang_up(call)
    await ended(call)


async def test_a_talk_without_end_is_ended(patient_house: House) -> None:
    call = await engaged_call(patient_house)
    await consent(call)
    await call.until(lambda view: "talk" in timers(view))
    assert await ended(call) == (PHASE_COMPLETED, "TALK_ENDED")
    assert "talk" in await fired(call)


async def test_every_call_has_a_limit(patient_house: House) -> None:
    call = await queued_call(patient_house)
    await Agent(call).take()
    assert await ended(call) == (PHASE_COMPLETED, "CALL_LIMIT")
    view = await call.view()
    assert abs(view.ended_at.seconds - view.offered_at.seconds - 4 * 3600) < 60


async def test_a_caller_who_vanished_and_does_not_come_back_is_let_go(patient_house: House) -> None:
    call = await engaged_call(patient_house)
    await hang_up(call, "SILENT")
    await call.until(lambda view: "rejoin" in timers(view))
    assert await ended(call) == (PHASE_COMPLETED, "CALLER_VANISHED")
    assert await fired(call) == ["rejoin"]


async def test_a_caller_who_comes_back_in_time_keeps_the_call(patient_house: House) -> None:
    call = await engaged_call(patient_house)
    await hang_up(call, "SILENT")
    await call.until(lambda view: "rejoin" in timers(view))
    request = AddLegRequest(sdp_offer=OFFER, role=LEG_ROLE_CALLER, replaces_leg_id=call.leg_id)
    answer: AddLegResponse = await call.update(
        names.UPDATE_ADD_LEG, AddLegInput(actor="caller", request=request), AddLegResponse
    )
    assert answer.sdp_answer
    call.leg_id = answer.leg_id
    await connect(call)
    view = await call.until(lambda view: "connect" not in timers(view))
    assert "rejoin" not in timers(view)
    await hang_up(call)
    await ended(call)


async def test_a_call_that_was_started_without_media_waits_a_minute_for_it(patient_house: House) -> None:
    call, answer = await patient_house.start(sdp="")
    assert not answer.leg_id
    await call.until(lambda view: "join" in timers(view))
    assert await ended(call) == (PHASE_ABANDONED, "CALLER_VANISHED")


async def test_a_voice_agent_that_does_not_leave_cannot_hold_the_call(patient_house: House) -> None:
    call = await engaged_call(patient_house)
    await consent(call)
    await end_talk(call)
    await call.until(lambda view: "farewell" in timers(view))
    assert await ended(call) == (PHASE_COMPLETED, "DONE")
    assert "farewell" in await fired(call)


async def test_a_voice_agent_that_never_comes_is_replaced(patient_house: House) -> None:
    call, _ = await patient_house.start()
    await connect(call)
    await call.until(lambda view: "voice_attach" in timers(view))
    await patient_house.environment.sleep(9)
    await eventually(lambda: len(patient_house.agents.engaged) == 2)
    addresses = [address for address, _ in patient_house.agents.engaged]
    assert addresses == ["v1:1", "v2:1"]
    await attach(call)
    await consent(call)
    await end_talk(call)
    await detach(call)
    assert await ended(call) == (PHASE_COMPLETED, "DONE")


async def test_voice_agents_that_never_come_end_the_talk(patient_house: House) -> None:
    call, _ = await patient_house.start()
    await connect(call)
    assert await ended(call) == (PHASE_COMPLETED, "NO_HUMAN")
    released = [event.outcome for event in await call.events() if isinstance(event, AiReleased)]
    assert released[0] == TALK_OUTCOME_FAULT


async def test_a_workflow_that_is_never_started_ends_by_itself(patient_house: House) -> None:
    call_id = await patient_house.open_call()
    handle = await patient_house.client.start_workflow(
        names.CALL_WORKFLOW,
        patient_house.call_input(call_id),
        id=names.workflow_id(call_id),
        task_queue=names.CALLS_QUEUE,
        result_type=CallResult,
    )
    assert (await handle.result()).phase == PHASE_UNSPECIFIED


async def test_no_timer_is_left_running_on_the_log(patient_house: House) -> None:
    call = await engaged_call(patient_house)
    await hang_up(call)
    await ended(call)
    running: set[str] = set()
    for event in await call.events():
        if isinstance(event, TimerSet):
            running.add(event.timer_id)
        elif isinstance(event, TimerFired | TimerCancelled):
            running.discard(event.timer_id)
    assert not running
