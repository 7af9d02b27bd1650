"""A conversation over a port in memory: hears, answers, books, is interrupted, and logs it."""

from voice_agent_call import PROFILE, SILENCE, TWO_OFFERS, VOICE, MemoryCall

from cordboard.call.v1.call_pb2 import Consent, Slots, TalkOutcome, Urgency
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
from cordboard.core.errors import UnavailableError
from cordboard.voice.v1.voice_agent_service_pb2 import ContextToolCall, ContextTurn, ConversationContext
from cordboard.voice_agent.dialogue.dialogue_state import ToolOutcome
from cordboard.voice_agent.engagement import Engagement
from cordboard.voice_agent.engines.engine_pool import Priority
from cordboard.voice_agent.engines.transcriber import Transcript


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
        closes_with = [planned.closes_with for planned in call.of(ReplyPlanned)]
        assert closes_with[-1] == TalkOutcome.TALK_OUTCOME_DONE
        assert not any(closes_with[:-1])
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
        assert 360_000 <= whole <= 500_000


async def test_a_caller_who_goes_on_before_the_reply_is_heard_has_said_one_turn() -> None:
    async with MemoryCall() as call:
        await call.listen()
        await call.say("Yes.")
        await call.say("Ann Lee.")
        call.script.expect("My knee hurts.")
        await call.voice(600)
        call.node.holds = True
        await call.silence(700)
        assert call.conversation.turns.is_open
        call.script.expect("My knee hurts and I need a refill.")
        await call.voice(400)
        call.node.holds = False
        await call.silence(1_500)
        await call.listen()

        assert call.conversation.turns.recovered == 1
        heard = [utterance.text for utterance in call.of(UtteranceHeard)]
        assert heard == ["Yes.", "Ann Lee.", "My knee hurts and I need a refill."]
        assert call.conversation.state.turn == 3
        assert "What number" in call.replies()[-1]


async def test_a_caller_who_goes_on_over_the_reply_makes_the_turn_premature_and_the_next_one_split() -> None:
    async with MemoryCall() as call:
        await call.listen()
        call.script.expect("Yes.", "My name is Ann Lee.")
        await call.voice(400)
        await call.silence(460)
        assert call.node.is_playing
        await call.voice(500)
        await call.silence(1_500)
        await call.listen()

        first, second = call.of(TurnMeasured)
        assert (first.premature, first.split) == (True, False)
        assert (second.premature, second.split) == (False, True)


async def test_a_sound_of_listening_does_not_take_the_word_from_the_agent() -> None:
    async with MemoryCall() as call:
        await call.silence(700)
        call.script.expect("Uh-huh.")
        await call.voice(200)
        await call.silence(1_500)
        await call.listen()

        assert call.replies()[-1].endswith("May we record this call?")
        assert call.conversation.state.turn == 0
        assert [utterance.turn_id for utterance in call.of(UtteranceHeard)] == [""]


async def test_a_yes_in_two_breaths_is_one_answer() -> None:
    async with MemoryCall() as call:
        await call.listen()
        call.script.expect("Yes.", "That is fine.")
        await call.voice(300)
        await call.silence(500)
        await call.voice(400)
        await call.silence(1_500)
        await call.listen()

        assert call.replies()[-1] == "Thank you. What's your name?"
        assert [utterance.turn_id for utterance in call.of(UtteranceHeard)] == ["t1", "t1"]
        assert call.conversation.state.misunderstandings == 0


async def test_a_noise_that_stopped_the_agent_lets_it_go_on() -> None:
    async with MemoryCall() as call:
        await call.silence(700)
        await call.voice(200)
        await call.silence(1_500)
        await call.listen()

        assert call.replies()[-1].endswith("May we record this call?")


async def test_what_is_gated_is_never_transcribed() -> None:
    async with MemoryCall() as call:
        await call.listen()
        asked = len(call.script.asked)
        call.script.expect("My card number is five five five.")
        await call.hear(VOICE * 60, gated=True)
        await call.hear(SILENCE * 1_000, gated=True)
        assert len(call.script.asked) == asked
        assert len(call.replies()) == 1

        await call.say(pause_ms=2_000)
        assert call.of(UtteranceHeard)


async def test_a_turn_that_a_pause_cuts_is_forgotten() -> None:
    async with MemoryCall() as call:
        await call.listen()
        await call.voice(400)
        await call.hear(SILENCE * 50, gated=True)
        await call.silence(2_000)

        assert call.script.asked == []


async def test_a_silent_caller_is_asked_twice_and_then_let_go() -> None:
    async with MemoryCall() as call:
        await call.listen()
        await call.silence(8_200)
        await call.listen()
        assert call.replies()[-1] == "Are you still there? May we record this call?"
        await call.silence(8_200)
        await call.listen()
        await call.silence(8_200)
        assert not call.of(ConversationEnded)
        await call.listen()
        assert call.of(ConversationEnded)[0].outcome == TalkOutcome.TALK_OUTCOME_CALLER_LEFT


async def at_the_tool(call: MemoryCall) -> None:
    await call.listen()
    for text in ("Yes.", "Ann Lee.", "My ear hurts.", "415 555 0199."):
        await call.say(text)
    await call.say("No.", pause_ms=500)
    assert len(call.of(ToolCallRequested)) == 1


async def test_a_slow_tool_is_bridged_by_a_short_line_and_a_quick_one_is_not() -> None:
    async with MemoryCall() as call:
        await at_the_tool(call)
        await call.silence(1_300)
        await call.listen()
        assert call.replies()[-1] == "One moment."
        await call.settle_tool(result=TWO_OFFERS)
        await call.say("The first one.", pause_ms=500)
        await call.silence(400)
        reply = await call.settle_tool(result={"starts_at": "2026-03-03T10:00:00-05:00"})
        assert reply.startswith("You're booked")
        assert call.replies().count("One moment.") == 1


async def test_a_tool_that_never_answers_is_said_to_be_unknown() -> None:
    async with MemoryCall() as call:
        await at_the_tool(call)
        await call.silence(75_000)
        await call.listen()

        assert call.replies()[-1].startswith("I can't reach our calendar right now.")
        assert call.of(ConversationEnded)[0].outcome == TalkOutcome.TALK_OUTCOME_LOW_CONFIDENCE


async def test_the_time_of_a_tool_is_a_stage_of_its_own() -> None:
    async with MemoryCall() as call:
        await at_the_tool(call)
        await call.silence(400)
        await call.settle_tool(result=TWO_OFFERS)

        measured = call.of(TurnMeasured)[-1]
        took = {stage.stage: stage.took.ToMicroseconds() for stage in measured.stages}
        assert took["tool"] >= 400_000
        assert abs(sum(took.values()) - measured.speech_end_to_reply.ToMicroseconds()) <= 1_000


async def test_a_line_from_outside_is_said_at_the_next_pause() -> None:
    async with MemoryCall() as call:
        play_id = call.conversation.say("This line is from your clinic.")
        await call.settle()
        await call.listen()
        await call.silence(100)
        await call.listen()

        assert call.replies()[-1] == "This line is from your clinic."
        assert call.of(ReplyHeard)[-1].play_id == play_id


async def test_release_finishes_the_sentence_when_told_to() -> None:
    async with MemoryCall() as call:
        await call.silence(400)
        call.conversation.release(finish_speaking=True)
        await call.settle()
        assert not call.is_over
        await call.listen()
        await call.ended()
        assert call.node.released
        assert call.replies() == ["Lakeside Clinic, this is Robin. May we record this call?"]


async def test_an_agent_has_its_last_words_before_it_leaves() -> None:
    async with MemoryCall() as call:
        await call.listen()
        call.conversation.release(finish_speaking=True, last_words=("Let me get a colleague.",))
        await call.settle()
        assert not call.is_over
        await call.listen()
        await call.ended()
        assert call.node.released
        assert call.replies()[-1] == "Let me get a colleague."


async def test_an_announcement_is_all_that_is_said_and_cannot_be_talked_over() -> None:
    clauses = ("Nobody is free.", "Goodbye.")
    engagement = Engagement("call-1", "leg-ai", "leg-caller", PROFILE, ask_consent=True, announcement=clauses)
    async with MemoryCall(engagement=engagement) as call:
        await call.silence(200)
        call.script.expect("Hello?")
        await call.voice(600)
        assert call.node.is_playing
        await call.listen()
        await call.silence(1_000)
        assert call.replies() == ["Nobody is free. Goodbye."]
        assert [ended.outcome for ended in call.of(ConversationEnded)] == [TalkOutcome.TALK_OUTCOME_DONE]
        assert not call.of(UtteranceHeard)


async def test_release_cuts_the_sentence_when_told_to() -> None:
    async with MemoryCall() as call:
        await call.silence(400)
        call.conversation.release(finish_speaking=False)
        await call.ended()
        assert call.node.released
        assert not call.of(BargedIn)


async def test_a_port_that_is_gone_ends_the_conversation_without_an_outcome() -> None:
    async with MemoryCall() as call:
        await call.listen()
        call.node.hang_up()
        await call.ended()
        assert not call.node.released
        assert not call.of(ConversationEnded)


class _Deaf:
    version = "deaf"

    async def transcribe(self, pcm: bytes) -> Transcript:
        raise UnavailableError("ENGINE_AWAY", "gone")


class _Mute:
    version = "mute"

    async def synthesize(self, text: str, priority: Priority = Priority.LIVE) -> bytes:
        raise UnavailableError("ENGINE_AWAY", "gone")


async def test_an_agent_that_cannot_hear_asks_again_and_then_fetches_a_person() -> None:
    async with MemoryCall(transcriber=_Deaf()) as call:
        await call.listen()
        for _ in range(3):
            await call.say()

        assert call.of(ConversationEnded)[0].outcome == TalkOutcome.TALK_OUTCOME_LOW_CONFIDENCE


async def test_an_agent_that_cannot_speak_ends_with_a_fault() -> None:
    async with MemoryCall(synthesizer=_Mute()) as call:
        await call.silence(100)
        assert call.of(ConversationEnded)[0].outcome == TalkOutcome.TALK_OUTCOME_FAULT


def left_by_another(**more: object) -> Engagement:
    context = ConversationContext(
        turns=[ContextTurn(speaker="caller", text="Yes.")],
        turns_taken=3,
        slots=Slots(name="Ann Lee", reason="My ear hurts"),
        consent=Consent.CONSENT_GIVEN,
        **more,  # type: ignore[arg-type]
    )
    return Engagement("call-1", "leg-ai", "leg-caller", PROFILE, ask_consent=True, context=context)


async def test_an_instance_that_takes_over_says_one_short_line_and_goes_on() -> None:
    async with MemoryCall(engagement=left_by_another()) as call:
        await call.listen()
        assert call.replies() == ["Sorry, the line dropped for a moment. What number can we reach you on?"]
        await call.say("555-0123.")
        assert call.of(UtteranceHeard)[0].turn_id == "t4"
        assert call.of(SlotsFilled)[-1].slots.name == "Ann Lee"


async def test_an_instance_that_takes_over_never_books_twice() -> None:
    booked = [
        ContextToolCall(tool_call_id="call-1/6/1", name="healthcare.find_slot", outcome="ok", result=TWO_OFFERS),
        ContextToolCall(
            tool_call_id="call-1/7/1",
            name="healthcare.book_appointment",
            arguments={"slot_id": "s-1"},
            outcome="ok",
            result={"starts_at": "2026-03-03T10:00:00-05:00"},
        ),
    ]
    engagement = left_by_another(tool_calls=booked)
    assert engagement.context is not None
    engagement.context.slots.callback_number = "5550123"
    engagement.context.slots.urgency = Urgency.URGENCY_ROUTINE
    async with MemoryCall(engagement=engagement) as call:
        await call.listen()
        assert call.replies() == [
            "Sorry, the line dropped for a moment. You're booked for Tuesday at ten. Anything else?"
        ]
        await call.say("No.")
        assert not call.of(ToolCallRequested)
        assert call.of(ConversationEnded)[0].outcome == TalkOutcome.TALK_OUTCOME_DONE


async def test_an_instance_that_takes_over_waits_for_a_tool_that_runs() -> None:
    running = [ContextToolCall(tool_call_id="call-1/3/1", name="healthcare.find_slot")]
    engagement = left_by_another(tool_calls=running)
    assert engagement.context is not None
    engagement.context.slots.callback_number = "5550123"
    engagement.context.slots.urgency = Urgency.URGENCY_ROUTINE
    async with MemoryCall(engagement=engagement) as call:
        await call.listen()
        call.conversation.deliver(ToolOutcome("call-1/3/1", "ok", dict(TWO_OFFERS)))
        await call.settle()
        await call.listen()
        assert call.replies()[-1].startswith("I have Tuesday at ten")
        assert not call.of(ToolCallRequested)


async def test_an_instance_that_takes_over_in_the_middle_of_an_answer_learns_nothing_from_its_tail() -> None:
    async with MemoryCall(engagement=left_by_another()) as call:
        call.script.expect("five five five, zero one four two.", "and it can wait.")
        for _ in range(2):
            await call.voice(600)
            await call.silence(1_000)
            assert "What number can we reach you on?" in call.of(ReplyPlanned)[-1].clauses
        await call.listen()
        assert not call.of(SlotsFilled)
        assert len(call.of(UtteranceHeard)) == 2

        await call.say("555-0123.")
        assert call.of(SlotsFilled)[-1].slots.callback_number == "5550123"
        assert call.of(SlotsFilled)[-1].slots.urgency == Urgency.URGENCY_UNSPECIFIED


async def test_a_short_sound_over_the_first_words_of_an_instance_that_takes_over_lets_it_go_on() -> None:
    async with MemoryCall(engagement=left_by_another()) as call:
        call.script.expect("Yes.")
        await call.voice(200)
        await call.silence(1_000)
        await call.listen()
        assert not call.of(SlotsFilled)
        assert call.replies()[-1].endswith("What number can we reach you on?")
        await call.say("555-0123.")
        assert call.of(SlotsFilled)[-1].slots.callback_number == "5550123"
