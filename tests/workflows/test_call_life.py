from temporal import AGENT, House, PlacedCall

from cordboard.call.v1.call_pb2 import (
    CONSENT_GIVEN,
    PHASE_AI_ENGAGED,
    PHASE_COMPLETED,
    PHASE_INTAKE,
    PHASE_OFFERED,
    PHASE_WRAPPING_UP,
    TALK_OUTCOME_DONE,
)
from cordboard.call.v1.facts_pb2 import (
    ConsentAnswered,
    ConversationEnded,
    LegStateChanged,
    ToolCallRequested,
    VoicePortChanged,
)
from cordboard.media.v1.leg_pb2 import LEG_STATE_CONNECTED

VOICE = "voice-agent/v1/b1"


async def engaged(house: House) -> PlacedCall:
    """A call whose caller and AI agent are connected."""
    call, answer = await house.start()
    assert answer.sdp_answer == f"v=0 answer for {answer.leg_id}"
    await call.fact(LegStateChanged(leg_id=call.leg_id, state=LEG_STATE_CONNECTED, placement_epoch=1))
    view = await call.until(lambda view: view.phase == PHASE_AI_ENGAGED)
    ai = next(leg.leg_id for leg in view.legs if leg.leg_id != call.leg_id)
    await call.fact(VoicePortChanged(leg_id=ai, attached=True))
    return call


async def test_a_call_is_answered_recorded_served_and_completed(house: House) -> None:
    call = await engaged(house)
    [(_, engagement)] = house.agents.engaged
    assert engagement.ask_consent
    assert engagement.leg_token.startswith("token for ai-")
    assert engagement.peer_leg_id == call.leg_id
    await call.fact(ConsentAnswered(given=True), VOICE)
    await call.until(lambda view: view.consent == CONSENT_GIVEN and view.recording == 1)
    await call.fact(
        ToolCallRequested(tool_call_id="t/1/1", turn_id="1", name="clinic.echo", arguments={"a": "b"}), VOICE
    )
    await call.until(lambda view: [tool.outcome for tool in view.tool_calls] == ["ok"])
    await call.fact(ConversationEnded(outcome=TALK_OUTCOME_DONE), VOICE)
    await call.fact(VoicePortChanged(leg_id=engagement.leg_id, attached=False, reason="RELEASED"))
    result = await call.handle.result()
    assert (result.phase, result.end_reason) == (PHASE_COMPLETED, "DONE")
    view = await call.view()
    assert list(view.phases) == [
        PHASE_OFFERED,
        PHASE_INTAKE,
        PHASE_AI_ENGAGED,
        PHASE_WRAPPING_UP,
        PHASE_COMPLETED,
    ]
    assert view.profile == AGENT
    assert [delivery.result["a"] for delivery in house.agents.delivered] == ["b"]
    assert not call.room.open
    assert not house.agents.busy
    await call.assert_live_equals_log()
