"""What is published of a call: the redacted transcript and the muted file, and nothing of what failed."""

import json
from dataclasses import dataclass

import numpy as np
import pytest
from captured_call import TENANT, CapturedCall, packets, tone
from temporalio.testing import ActivityEnvironment
from wrapped_call import SECOND, record, say, transcribe, transcript, word

from cordboard.activities.wrap_up.audio.ogg_file import read_ogg
from cordboard.activities.wrap_up.muting import muted_spans
from cordboard.activities.wrap_up.redact_stage import RedactStage
from cordboard.activities.wrap_up.span import Span
from cordboard.activities.wrap_up.speech.heard_word import HeardWord, ScriptedTranscriber
from cordboard.activity.v1.wrap_up_activities_pb2 import WrapUpStageInput, WrapUpStageReport
from cordboard.call.v1.wrap_up_facts_pb2 import OBJECT_KIND_TRANSCRIPT_SEALED
from cordboard.core.errors import InternalError, WrongStateError
from cordboard.ledger.v1.facts_pb2 import CallErased
from cordboard.wrap_up.v1 import transcript_pb2 as pb


@dataclass
class Redaction:
    redacted: pb.RedactedTranscript
    record: pb.RedactionRecord


class NameRedactor:
    """Takes out one name, at the times of its words."""

    def __init__(self, name: str) -> None:
        self._name = name

    def redact(self, transcript: pb.Transcript) -> Redaction:
        """Put a tag in the place of the name."""
        redacted = pb.RedactedTranscript(call_id=transcript.call_id, silences=transcript.silences)
        taken = pb.RedactionRecord(call_id=transcript.call_id)
        for one in transcript.utterances:
            text = one.text.replace(self._name, "[NAME-1]")
            redacted.utterances.add(ordinal=one.ordinal, speaker=one.speaker, text=text, started_us=one.started_us)
            for said in one.words:
                if said.text == self._name:
                    taken.spans.add(
                        utterance=one.ordinal,
                        original=self._name,
                        tag="[NAME-1]",
                        mute_started_us=said.started_us - 250_000,
                        mute_ended_us=said.ended_us + 250_000,
                    )
        return Redaction(redacted, taken)


class LeakyRedactor:
    """Sees that it has missed something."""

    def redact(self, transcript: pb.Transcript) -> Redaction:
        """Fail."""
        raise InternalError("REDACTION_LEAK", "a value that was taken out stands elsewhere")


async def transcribed() -> tuple[CapturedCall, WrapUpStageInput]:
    """A call of two sides up to its transcript: the caller says a word at 3 s and their name at 5 s."""
    call = await CapturedCall().open()
    await call.capture("ai", packets(tone(9, at=1.0, length=0.5) + tone(9, at=5.2, length=0.5), 0))
    await call.capture("caller", packets(tone(9, at=3.0, length=0.5) + tone(9, at=5.0, length=0.5), 0))
    await say(call, "p1", "Who is there?", 1.0, 0.5)
    engine = ScriptedTranscriber(
        [word("Who", 0.3, 0.4), word("is", 0.4, 0.5), word("there?", 0.5, 0.8)],
        [word("Me,", 0.3, 0.8), word("Walker", 2.3, 2.8)],
    )
    report = await transcribe(call, engine)
    told, _ = await record(call)
    told.objects.extend(report.objects)
    return call, told


async def publish(call: CapturedCall, told: WrapUpStageInput, redactor: object) -> WrapUpStageReport:
    """Run the stage as a worker does."""
    stage = RedactStage(call.workshop, lambda: redactor)  # type: ignore[arg-type, return-value]
    report: WrapUpStageReport = await ActivityEnvironment().run(stage.redact, told)
    return report


async def test_the_name_is_in_no_published_object_and_the_sound_of_it_is_silence() -> None:
    call, told = await transcribed()
    report = await publish(call, told, NameRedactor("Walker"))
    prefix = f"{TENANT}/{call.call_id}/"
    published = {name.removeprefix(prefix): data for name, data in call.store.objects.items() if "captures" not in name}
    assert set(published) == {
        "recording.sealed", "transcript.sealed", "redactions.sealed",
        "transcript.json", "transcript.txt", "recording.ogg",
    }  # fmt: skip
    assert not any(b"Walker" in data for data in published.values())
    told_json = json.loads(published["transcript.json"])
    assert [one["text"] for one in told_json["utterances"]][-1] == "[NAME-1]"
    assert published["transcript.txt"].decode().splitlines()[0] == "00:01.0  AI agent: Who is there?"
    file = np.concatenate(list(read_ogg(published["recording.ogg"])))
    assert np.abs(file[int(2.9 * 48_000) : int(3.6 * 48_000), 0]).max() > 5_000
    assert np.abs(file[int(4.8 * 48_000) : int(5.7 * 48_000)]).max() < 200, "on both sides"
    assert report.transcript.redactions == 1
    assert report.recording.channels == 2
    assert not report.shortfalls


async def test_nothing_is_published_when_redaction_fails() -> None:
    call, told = await transcribed()
    with pytest.raises(InternalError, match="REDACTION_LEAK"):
        await publish(call, told, LeakyRedactor())
    assert not [name for name in call.store.objects if name.endswith((".ogg", ".json", ".txt"))]


async def test_without_a_transcript_the_file_is_not_published_either() -> None:
    call, told = await transcribed()
    told.objects.remove(next(one for one in told.objects if one.kind == OBJECT_KIND_TRANSCRIPT_SEALED))
    report = await publish(call, told, NameRedactor("Walker"))
    assert [one.reason for one in report.shortfalls] == ["TRANSCRIPT_ABSENT"]


async def test_without_a_file_the_transcript_is_published_alone() -> None:
    call, told = await transcribed()
    told.ClearField("recording")
    report = await publish(call, told, NameRedactor("Walker"))
    assert [one.reason for one in report.shortfalls] == ["RECORDING_ABSENT"]
    assert f"{TENANT}/{call.call_id}/transcript.json" in call.store.objects


def test_what_has_no_time_is_muted_with_its_whole_utterance_and_so_is_what_nobody_understood() -> None:
    transcript = pb.Transcript()
    transcript.utterances.add(ordinal=0, started_us=2 * SECOND, ended_us=3 * SECOND)
    transcript.silences.add(reason="UNINTELLIGIBLE", started_us=8 * SECOND, ended_us=9 * SECOND)
    transcript.silences.add(reason="CAPTURE_MISSING", started_us=20 * SECOND, ended_us=25 * SECOND)
    taken = pb.RedactionRecord()
    taken.spans.add(utterance=0, original="x")
    assert muted_spans(transcript, taken) == [Span(1_750_000, 3_250_000), Span(8 * SECOND, 9 * SECOND)]


async def test_what_was_erased_meanwhile_is_taken_back() -> None:
    call, told = await transcribed()
    # The key is still in memory when the stage begins.
    await call.decide(CallErased(reason="request 12"))
    with pytest.raises(WrongStateError, match="ERASED"):
        await publish(call, told, NameRedactor("Walker"))
    assert not [key for key in call.store.objects if call.call_id in key]


async def test_what_was_said_in_another_language_is_marked_and_not_published() -> None:
    call = await CapturedCall().open()
    await call.capture("ai", packets(tone(9, at=1.0, length=0.5), 0))
    await call.capture("caller", packets(tone(9, at=3.0, length=1.0), 0))
    await say(call, "p1", "Who is there?", 1.0, 0.5)
    words = ["my", "namma", "is", "Thomas", "Walker", "at", "mine", "and", "number"]
    garbled = [HeardWord(word, 0.3 + at * 0.05, 0.35 + at * 0.05, 0.4) for at, word in enumerate(words)]
    report = await transcribe(call, ScriptedTranscriber([word("Who", 0.3, 0.4)], garbled))
    assert [(one.reason, one.count) for one in report.shortfalls] == [("LANGUAGE_UNKNOWN", 1)]
    kept = await transcript(call)
    assert kept.language == "und"
    assert kept.utterances[-1].text == " ".join(words)
    told, _ = await record(call)
    told.objects.extend(report.objects)
    await publish(call, told, NameRedactor("nobody"))
    prefix = f"{TENANT}/{call.call_id}/"
    text = call.store.objects[f"{prefix}transcript.txt"].decode().splitlines()
    assert [line.split("  ")[1].partition(",")[0] for line in text] == ["AI agent: Who is there?", "(LANGUAGE_UNKNOWN"]
    file = np.concatenate(list(read_ogg(call.store.objects[f"{prefix}recording.ogg"])))
    assert np.abs(file[int(3.2 * 48_000) : int(3.6 * 48_000)]).max() < 200


async def test_a_few_unsure_words_are_no_other_language() -> None:
    call, _ = await transcribed()
    assert (await transcript(call)).language == "en"
