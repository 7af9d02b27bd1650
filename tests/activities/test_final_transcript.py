"""The final transcript: the second pass joined with the log."""

import asyncio
import wave
from pathlib import Path

import moonshine_voice
import numpy as np
import pytest
from captured_call import CapturedCall, packets, tone
from wrapped_call import SECOND, hear, say, transcribe, transcript, word

from cordboard.activities.wrap_up.asked_for import asked_for
from cordboard.activities.wrap_up.span import Span
from cordboard.activities.wrap_up.speech.heard_word import RATE, ScriptedTranscriber
from cordboard.activities.wrap_up.speech.speech_cutter import SpeechCutter, SpeechPiece
from cordboard.activities.wrap_up.speech.whisper import WhisperTranscriber
from cordboard.activities.wrap_up.word_alignment import TimedWord, aligned
from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1 import facts_pb2 as facts
from cordboard.core.errors import UnavailableError
from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER, LEG_ROLE_HUMAN_AGENT
from cordboard.wrap_up.v1 import transcript_pb2 as pb


async def test_the_agents_words_are_the_logs_and_the_callers_are_the_second_pass() -> None:
    call = await CapturedCall().open()
    await call.capture("ai", packets(tone(9, at=1.0, length=1.0), 0))
    await call.capture("caller", packets(tone(9, at=4.0, length=1.0), 0))
    await say(call, "p1", "What's your name?", 1.0, 1.0)
    await hear(call, "t1", "thomas walk her", 4.0, 5.0)
    engine = ScriptedTranscriber(
        [word("What's", 0.3, 0.5), word("you", 0.5, 0.6), word("name?", 0.9, 1.2)],
        [word("Thomas", 0.3, 0.7), word("Walker.", 0.7, 1.1)],
    )
    report = await transcribe(call, engine)
    said = (await transcript(call)).utterances
    assert [(one.speaker, one.text, one.source) for one in said] == [
        (pb.SPEAKER_AI_AGENT, "What's your name?", pb.TEXT_SOURCE_HEARD_LEDGER),
        (pb.SPEAKER_CALLER, "Thomas Walker.", pb.TEXT_SOURCE_FINAL_ASR),
    ]
    assert (said[1].turn_id, said[1].leg_id, list(said[1].asked_for)) == ("t1", "caller", [pb.IDENTIFIER_NAME])
    assert said[1].words[0].started_us == pytest.approx(4.0 * SECOND, abs=20_000)
    assert [one.text for one in said[0].words] == ["What's", "your", "name?"]
    assert (report.transcript.utterances, report.transcript.timed_words, report.transcript.engine) == (
        2,
        5,
        "scripted 1",
    )
    assert not report.shortfalls


async def test_where_nothing_was_captured_the_words_are_those_of_the_call() -> None:
    call = await CapturedCall().open()
    await call.capture("caller", packets(tone(16, at=6.0, length=1.0), 0))
    await call.end_capture()
    await hear(call, "t1", "before the gap", 1.0, 2.0)
    await hear(call, "t2", "within the gap", 11.0, 12.0)
    del call.store.objects[sorted(call.store.objects)[2]]
    report = await transcribe(call, ScriptedTranscriber([word("captured", 0.3, 1.0)]))
    said = [(one.text, one.source) for one in (await transcript(call)).utterances]
    assert said == [
        ("before the gap", pb.TEXT_SOURCE_LIVE_ASR),
        ("captured", pb.TEXT_SOURCE_FINAL_ASR),
        ("within the gap", pb.TEXT_SOURCE_LIVE_ASR),
    ]
    [silence] = (await transcript(call)).silences
    assert (silence.reason, silence.started_us, silence.ended_us) == ("CAPTURE_MISSING", 10 * SECOND, 15 * SECOND)
    assert not report.shortfalls


async def test_a_human_agents_words_are_theirs() -> None:
    call = await CapturedCall().open(("caller", LEG_ROLE_CALLER), ("ann", LEG_ROLE_HUMAN_AGENT))
    await call.tell(facts.LegStateChanged(leg_id="ann"), 0)
    await call.capture("ann", packets(tone(6, at=2.0, length=1.0), 0))
    await transcribe(call, ScriptedTranscriber([word("Hello.", 0.3, 1.0)]))
    [said] = (await transcript(call)).utterances
    assert (said.speaker, said.leg_id, said.text) == (pb.SPEAKER_HUMAN_AGENT, "ann", "Hello.")


async def test_sound_without_words_is_said_to_be_so_and_a_call_of_it_has_no_speech() -> None:
    call = await CapturedCall().open()
    await call.capture("caller", packets(tone(6, at=2.0, length=1.0), 0))
    report = await transcribe(call, ScriptedTranscriber([]))
    assert [one.reason for one in report.shortfalls] == ["UNINTELLIGIBLE", "NO_SPEECH"]
    assert not report.objects


async def test_an_engine_that_cannot_be_had_is_waited_for_and_then_done_without() -> None:
    call = await CapturedCall().open()
    await call.capture("caller", packets(tone(6, at=2.0, length=1.0), 0))
    await hear(call, "t1", "hello", 2.0, 3.0)
    gone = UnavailableError("ENGINE_AWAY", "gone")
    with pytest.raises(UnavailableError):
        await transcribe(call, ScriptedTranscriber(gone))
    report = await transcribe(call, ScriptedTranscriber(gone), attempt=4)
    assert [one.reason for one in report.shortfalls] == ["ENGINE_AWAY"]
    assert [one.text for one in (await transcript(call)).utterances] == ["hello"]


@pytest.mark.parametrize(("given", "reason"), [(False, "CONSENT_REFUSED"), (None, "CONSENT_MISSING")])
async def test_of_a_caller_who_did_not_agree_there_is_no_transcript(given: bool | None, reason: str) -> None:
    call = await CapturedCall().open(recorded=False)
    if given is not None:
        await call.decide(decisions.ConsentRecorded(given=given))
    await hear(call, "t1", "no", 1.0, 2.0)
    report = await transcribe(call, ScriptedTranscriber())
    assert [one.reason for one in report.shortfalls] == [reason]
    assert not call.store.objects


def test_a_word_that_was_understood_otherwise_stands_between_its_neighbours() -> None:
    heard = [
        TimedWord("Thanks", Span(0, 100), 0.9),
        TimedWord("Thom", Span(100, 300), 0.4),
        TimedWord("bye", Span(500, 600), 0.8),
    ]
    words = aligned("Thanks, Thomas Walker. Bye!", heard, Span(0, 700))
    assert [one.text for one in words] == ["Thanks,", "Thomas", "Walker.", "Bye!"]
    assert [(one.span.started_us, one.span.ended_us) for one in words] == [(0, 100), (100, 284), (284, 499), (500, 600)]


def test_a_side_is_cut_at_silence_and_at_what_an_engine_can_take() -> None:
    speech = (3_000 * np.sin(np.arange(RATE * 40) / 5)).astype(np.int16)
    silence = np.zeros(RATE * 5, np.int16)
    cutter = SpeechCutter()
    pieces: list[SpeechPiece] = []
    for start in range(0, len(side := np.concatenate((silence, speech[:RATE], silence, speech))), 1_000):
        pieces += cutter.feed(side[start : start + 1_000])
    pieces += cutter.finish()
    assert pieces[0].started == pytest.approx(5.0, abs=0.4)
    assert pieces[0].ended == pytest.approx(6.5, abs=0.2)
    assert all(piece.ended - piece.started <= 28.1 for piece in pieces)
    assert sum(piece.ended - piece.started for piece in pieces) == pytest.approx(41, abs=1.5)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Thanks. What's your name?", pb.IDENTIFIER_NAME),
        ("Could you spell your name for me?", pb.IDENTIFIER_NAME),
        ("What number can we reach you on?", pb.IDENTIFIER_PHONE),
        ("Please say your phone number, digit by digit.", pb.IDENTIFIER_PHONE),
        ("And what is your date of birth?", pb.IDENTIFIER_DATE),
        ("May I have your insurance member number?", pb.IDENTIFIER_PLAN),
    ],
)
def test_a_question_tells_what_it_asks_for(question: str, kind: pb.Identifier.ValueType) -> None:
    assert kind in asked_for(question)


def test_what_is_no_question_asks_for_nothing() -> None:
    assert asked_for("I have your number, and someone will call you back.") == []
    assert asked_for("What brings you in?") == []


async def test_the_engine_understands_speech_with_times() -> None:
    path = next(Path(moonshine_voice.__file__).parent.rglob("beckett.wav"))
    with wave.open(str(path)) as file:
        pcm = file.readframes(file.getnframes())
    engine = WhisperTranscriber(idle_seconds=0.3)
    try:
        words = await engine.transcribe(pcm)
        assert await engine.transcribe(bytes(RATE * 2)) == []
        assert engine.is_running
        async with asyncio.timeout(20):
            while engine.is_running:
                await asyncio.sleep(0.05)
    finally:
        await engine.close()
    assert " ".join(one.text for one in words).lower().startswith("ever tried")
    assert all(0 <= one.started <= one.ended <= 10 for one in words)
    assert engine.version.startswith("faster-whisper")


async def test_an_engine_that_dies_is_away() -> None:
    engine = WhisperTranscriber("cordboard.activities.wrap_up.reasons")
    with pytest.raises(UnavailableError, match="ENGINE_AWAY"):
        await engine.transcribe(b"")
