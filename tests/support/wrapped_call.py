"""What is done with a captured call after its end, stage by stage, as a worker does it."""

from dataclasses import replace

from captured_call import TENANT, CapturedCall
from temporalio.testing import ActivityEnvironment

from cordboard.activities.wrap_up.recording_stage import RecordingStage
from cordboard.activities.wrap_up.speech.heard_word import HeardWord, ScriptedTranscriber
from cordboard.activities.wrap_up.stage import TRANSCRIPT, Place
from cordboard.activities.wrap_up.transcript_stage import TranscriptStage
from cordboard.activity.v1.wrap_up_activities_pb2 import WrapUpStageInput, WrapUpStageReport
from cordboard.call.v1 import facts_pb2 as facts
from cordboard.call.v1.wrap_up_facts_pb2 import OBJECT_KIND_TRANSCRIPT_SEALED
from cordboard.wrap_up.v1 import transcript_pb2 as pb

SECOND = 1_000_000


def word(text: str, started: float, ended: float) -> HeardWord:
    """Make a word as an engine gives it."""
    return HeardWord(text, started, ended, 0.9)


async def record(call: CapturedCall) -> tuple[WrapUpStageInput, WrapUpStageReport]:
    """Make the file of both sides; gives what the next stage is told as well."""
    told = WrapUpStageInput(call_id=call.call_id, tenant=TENANT)
    report: WrapUpStageReport = await ActivityEnvironment().run(RecordingStage(call.workshop).derive_recording, told)
    if report.HasField("recording"):
        told.recording.CopyFrom(report.recording)
    told.objects.extend(report.objects)
    told.recording_shortfalls.extend(report.shortfalls)
    return told, report


async def transcribe(call: CapturedCall, engine: ScriptedTranscriber, attempt: int = 1) -> WrapUpStageReport:
    """Run both stages as a worker does."""
    told, _ = await record(call)
    return await transcript_of(call, told, engine, attempt)


async def transcript_of(
    call: CapturedCall, told: WrapUpStageInput, engine: ScriptedTranscriber, attempt: int = 1
) -> WrapUpStageReport:
    """Make the transcript of a call whose file is made."""
    environment = ActivityEnvironment()
    environment.info = replace(ActivityEnvironment.default_info(), attempt=attempt)
    report: WrapUpStageReport = await environment.run(TranscriptStage(call.workshop, engine).derive_transcript, told)
    return report


async def transcript(call: CapturedCall) -> pb.Transcript:
    """Open the transcript."""
    data = await call.workshop.open_sealed(Place(TENANT, call.call_id), OBJECT_KIND_TRANSCRIPT_SEALED, TRANSCRIPT)
    assert data is not None
    return pb.Transcript.FromString(data)


async def say(call: CapturedCall, play_id: str, text: str, at: float, length: float) -> None:
    """Have the AI agent's line on the wire."""
    await call.tell(facts.PlayoutStarted(play_id=play_id, leg_id="ai"), int(at * SECOND))
    ended = facts.PlayoutEnded(play_id=play_id, leg_id="ai")
    ended.sent.FromMicroseconds(int(length * SECOND))
    await call.tell(ended, int((at + length) * SECOND))
    await call.tell(facts.ReplyHeard(play_id=play_id, turn_id="", text=text), int((at + length) * SECOND))


async def hear(call: CapturedCall, turn_id: str, text: str, started: float, ended: float) -> None:
    """Have the caller understood during the call."""
    heard = facts.UtteranceHeard(turn_id=turn_id, leg_id="caller", text=text, confidence=0.5)
    heard.started_us, heard.ended_us = int(started * SECOND), int(ended * SECOND)
    await call.tell(heard, heard.ended_us)
