"""What the outside world does to a call, step by step."""

from temporal import House, PlacedCall

from cordboard.call.v1.call_pb2 import (
    CONSENT_GIVEN,
    PHASE_AI_ENGAGED,
    RECORDING_STATE_ON,
    TALK_OUTCOME_DONE,
    TalkOutcome,
)
from cordboard.call.v1.facts_pb2 import (
    ConsentAnswered,
    ConversationEnded,
    LegStateChanged,
    SlotsFilled,
    ToolCallRequested,
    VoicePortChanged,
)
from cordboard.media.v1.leg_pb2 import LEG_ROLE_AI_AGENT, LEG_STATE_CONNECTED, LEG_STATE_ENDED

VOICE = "voice-agent/v1/b1"
SECRET = "my chest hurts since Tuesday"


async def connect(call: PlacedCall) -> None:
    """The caller's media is connected."""
    await call.fact(LegStateChanged(leg_id=call.leg_id, state=LEG_STATE_CONNECTED, placement_epoch=1))
    await call.until(lambda view: any(leg.state == LEG_STATE_CONNECTED for leg in view.legs))


async def ai_leg(call: PlacedCall) -> str:
    """Give the AI agent's leg, the newest one."""
    return next(leg.leg_id for leg in reversed((await call.view()).legs) if leg.role == LEG_ROLE_AI_AGENT)


async def attach(call: PlacedCall) -> None:
    """The voice agent has opened its port."""
    leg_id = await ai_leg(call)
    await call.fact(VoicePortChanged(leg_id=leg_id, attached=True))
    await call.until(lambda view: any(leg.leg_id == leg_id and leg.state == LEG_STATE_CONNECTED for leg in view.legs))


async def engaged_call(house: House) -> PlacedCall:
    """A call whose caller and AI agent are connected."""
    call, _ = await house.start()
    await connect(call)
    await call.until(lambda view: view.phase == PHASE_AI_ENGAGED)
    await attach(call)
    return call


async def consent(call: PlacedCall, given: bool = True) -> None:
    """The caller answers the question about recording."""
    await call.fact(ConsentAnswered(given=given), VOICE)
    if given:
        await call.until(lambda view: view.consent == CONSENT_GIVEN and view.recording == RECORDING_STATE_ON)


async def ask_tool(call: PlacedCall, tool_call_id: str = "t/1/1", name: str = "clinic.echo") -> None:
    """The AI agent asks for a tool."""
    fact = ToolCallRequested(tool_call_id=tool_call_id, turn_id="1", name=name, arguments={"a": "b"})
    await call.fact(fact, VOICE)


async def end_talk(call: PlacedCall, outcome: TalkOutcome.ValueType = TALK_OUTCOME_DONE) -> None:
    """The AI agent has ended the conversation."""
    await call.fact(ConversationEnded(outcome=outcome), VOICE)


async def end_talk_with_secrets(call: PlacedCall) -> None:
    """The AI agent has heard, asked a tool and summed up what nobody else may read."""
    slots = SlotsFilled()
    slots.slots.reason = SECRET
    await call.fact(slots, VOICE)
    fact = ToolCallRequested(tool_call_id="t/1/1", name="clinic.echo", arguments={"reason": SECRET})
    await call.fact(fact, VOICE)
    await call.until(lambda view: [tool.outcome for tool in view.tool_calls] == ["ok"])
    await call.fact(ConversationEnded(outcome=TALK_OUTCOME_DONE, summary=SECRET), VOICE)


async def detach(call: PlacedCall, reason: str = "RELEASED") -> None:
    """The voice agent's port was closed."""
    await call.fact(VoicePortChanged(leg_id=await ai_leg(call), attached=False, reason=reason))


async def hang_up(call: PlacedCall, reason: str = "CLIENT_CLOSED") -> None:
    """The caller is gone."""
    await call.fact(LegStateChanged(leg_id=call.leg_id, state=LEG_STATE_ENDED, reason=reason, placement_epoch=1))
    if call.house.environment.supports_time_skipping:
        # Whoever waits for the call's end next lets hours pass, which the word of it must not lose the race against.
        await call.until(
            lambda view: all(leg.state == LEG_STATE_ENDED for leg in view.legs if leg.leg_id == call.leg_id)
        )


async def assert_nothing_left(call: PlacedCall) -> None:
    """Nothing of the call is left anywhere, and its log amounts to what it thinks itself."""
    assert not call.room.open
    assert call.call_id not in call.house.agents.busy
    await call.assert_live_equals_log()
