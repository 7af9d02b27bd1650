"""A conversation over a port in memory: hears, answers, books, is interrupted, and logs it."""

from voice_agent_call import TWO_OFFERS, MemoryCall

from cordboard.call.v1.call_pb2 import TalkOutcome, Urgency
from cordboard.call.v1.facts_pb2 import (
    BargedIn,
    ConsentAnswered,
    ConversationEnded,
    EngineVersionsReported,
    ReplyHeard,
    ReplyPlanned,
    SlotsFilled,
    ToolCallRequested,
    TurnMeasured,
    UtteranceHeard,
)


async def test_the_agent_greets_and_asks_for_consent_at_once() -> None:
    async with MemoryCall() as call:
        await call.listen()

        assert call.replies() == ["Lakeside Clinic, this is Robin. May we record this call?"]
        assert call.of(EngineVersionsReported)[0].versions == {"asr": "scripted"}
        assert call.of(ReplyPlanned)[0].turn_id == ""


async def test_a_caller_books_an_appointment_from_greeting_to_goodbye() -> None:
    async with MemoryCall() as call:
        await call.listen()
        assert await call.say("Yes, that's fine.") == "Thank you. What's your name?"
        assert await call.say("Maria Lopez.") == "Thanks, Maria. What is the visit about?"
        assert await call.say("I have a sore knee.") == "Okay. What number can we reach you on?"
        assert await call.say("555-0123.") == "I have five five five, zero one two three. Is it urgent?"
        await call.say("No, it can wait.", pause_ms=600)
        assert await call.settle_tool(result=TWO_OFFERS) == (
            "I have Tuesday at ten, or Wednesday at two thirty. Which is better?"
        )
        await call.say("Wednesday, please.", pause_ms=600)
        assert "booked for Wednesday at two thirty" in await call.settle_tool(
            result={"appointment_id": "a-1", "starts_at": "2026-03-04T14:30:00-05:00"}
        )
        assert await call.say("No, thank you. Bye.") == "See you then. Goodbye."

        assert call.of(ConsentAnswered) == [ConsentAnswered(given=True, turn_id="t1")]
        slots = call.of(SlotsFilled)[-1].slots
        assert (slots.name, slots.callback_number, slots.reason, slots.urgency) == (
            "Maria Lopez", "5550123", "I have a sore knee", Urgency.URGENCY_ROUTINE,
        )  # fmt: skip
        tools = call.of(ToolCallRequested)
        assert [tool.tool_call_id for tool in tools] == ["call-1/5/1", "call-1/6/1"]
        assert tools[1].arguments["slot_id"] == "s-2"
        assert [utterance.turn_id for utterance in call.of(UtteranceHeard)] == [f"t{turn}" for turn in range(1, 8)]
        assert call.of(ConversationEnded)[0].outcome == TalkOutcome.TALK_OUTCOME_DONE
        assert isinstance(call.facts()[-1], ConversationEnded)


async def test_barging_in_silences_the_agent_and_only_what_was_heard_counts() -> None:
    async with MemoryCall() as call:
        await call.silence(1_000)
        call.script.expect("Can I talk to a person please?")
        await call.voice(600)
        assert not call.node.is_playing
        await call.silence(1_000)
        await call.listen()

        heard = call.of(ReplyHeard)[0]
        assert heard.interrupted
        assert heard.text.startswith("Lakeside Clinic, this")
        barged = call.of(BargedIn)[0]
        assert 0 < barged.onset_to_silence.ToMicroseconds() <= 120_000
        ended = call.of(ConversationEnded)[0]
        assert ended.outcome == TalkOutcome.TALK_OUTCOME_WANTS_HUMAN


async def test_each_stage_of_a_turn_is_measured_and_the_stages_add_up() -> None:
    async with MemoryCall() as call:
        await call.listen()
        await call.say("Yes.")

        measured = call.of(TurnMeasured)[0]
        whole = measured.speech_end_to_reply.ToMicroseconds()
        assert [stage.stage for stage in measured.stages] == [
            "capture", "end_of_turn_wait", "asr", "dialogue", "tts_first_byte", "transport",
        ]  # fmt: skip
        assert abs(sum(stage.took.ToMicroseconds() for stage in measured.stages) - whole) <= 1_000
        assert 300_000 <= whole <= 420_000
