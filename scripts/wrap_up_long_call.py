"""Wrap a long made-up call up with the real engines, and say what each stage takes: time, and the peak of memory.

    .venv/bin/python scripts/wrap_up_long_call.py --minutes 120

Nobody waits for wrap-up, so what matters is that memory does not grow with the length of a call but by the file of both
sides. Twenty minutes and two hours tell: the peaks must differ by little more than the file does.
"""

import argparse
import asyncio
import hashlib
import json
import resource
import sys
import tempfile
import time
import wave
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import moonshine_voice
import numpy as np
from temporalio.testing import ActivityEnvironment

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

from captured_call import RATE, TENANT, CapturedCall, Samples, packets
from wrapped_call import hear, say

from cordboard.activities.redaction.engine import RedactionEngine
from cordboard.activities.wrap_up.record_store import Kept, MemoryRecordStore
from cordboard.activities.wrap_up.recording_stage import RecordingStage
from cordboard.activities.wrap_up.redact_stage import RedactStage
from cordboard.activities.wrap_up.speech.whisper import WhisperTranscriber
from cordboard.activities.wrap_up.transcript_stage import TranscriptStage
from cordboard.activity.v1.wrap_up_activities_pb2 import WrapUpStageInput, WrapUpStageReport

ROUND = 60
"""Seconds after which everybody says the same again: each side speaks for a third of the time."""

REPLY = "Thanks. I have Maria Lopez, and the number five five five, zero one three two."


class FolderStore(MemoryRecordStore):
    """Keeps objects in files, so that the store is no part of the memory that is measured."""

    def __init__(self, folder: Path) -> None:
        """Keep them in a folder."""
        super().__init__()
        self._folder = folder

    async def put_once(self, key: str, data: bytes, media_type: str, *, retain: bool = False) -> Kept:
        """Keep an object; see RecordStore.put_once."""
        self._path(key).write_bytes(data)
        return Kept(hashlib.sha256(data).digest(), len(data))

    async def get(self, key: str) -> bytes | None:
        """Give an object."""
        path = self._path(key)
        return path.read_bytes() if path.exists() else None

    def _path(self, key: str) -> Path:
        return self._folder / key.replace("/", "_")


def speech() -> Samples:
    """Ten seconds of a man speaking English."""
    with wave.open(str(next(Path(moonshine_voice.__file__).parent.rglob("beckett.wav")))) as file:
        sound, rate = np.frombuffer(file.readframes(file.getnframes()), np.int16), file.getframerate()
    at = np.arange(len(sound) * RATE // rate) * rate / RATE
    at_rate: Samples = np.interp(at, np.arange(len(sound)), sound).astype(np.int16)
    return at_rate


def one_round(starts: tuple[int, ...]) -> Samples:
    """A round of a side that speaks at the given seconds."""
    sound, said = np.zeros(ROUND * RATE, np.int16), speech()
    for start in starts:
        sound[start * RATE : start * RATE + len(said)] = said
    return sound


async def long_call(minutes: int, folder: Path) -> CapturedCall:
    """Have a call of so many minutes captured, and on the log what was understood while it went on."""
    call = await CapturedCall(store=FolderStore(folder)).open()
    sides = {"caller": packets(one_round((12, 42)), 0), "ai": packets(one_round((1, 30)), 0, ssrc=9)}
    for number in range(minutes * 60 // ROUND):
        begun = number * ROUND
        for leg_id, sent in sides.items():
            for place, packet in enumerate(sent):
                count = number * len(sent) + place
                packet.arrival_us = begun * 1_000_000 + place * 20_000
                packet.sequence, packet.timestamp = count % 65_536, count * 960 % (1 << 32)
            await call.capture(leg_id, sent)
        await say(call, f"p{number}", REPLY, begun + 1.0, 10.0)
        await hear(call, f"t{number}", "ever tried ever failed no matter", begun + 12.0, begun + 22.0)
    await call.end_capture()
    return call


def peak() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measured(name: str, doing: Callable[[], Awaitable[Any]]) -> Any:
    """Do something and print what it took."""
    began, spent = time.monotonic(), time.process_time()
    result = await doing()
    took, cpu = time.monotonic() - began, time.process_time() - spent
    print(json.dumps({"stage": name, "seconds": round(took, 1), "cpu": round(cpu, 1), "peak_mb": round(peak())}))
    return result


async def main(minutes: int) -> None:
    """Make the call and wrap it up."""
    environment, engine = ActivityEnvironment(), WhisperTranscriber()
    with tempfile.TemporaryDirectory() as folder:
        call = await measured("(making the call)", lambda: long_call(minutes, Path(folder)))
        told = WrapUpStageInput(call_id=call.call_id, tenant=TENANT)
        stages: list[tuple[str, Any]] = [
            ("record", RecordingStage(call.workshop).derive_recording),
            ("transcript", TranscriptStage(call.workshop, engine).derive_transcript),
            ("redact", RedactStage(call.workshop, RedactionEngine.create).redact),
        ]
        for name, stage in stages:

            async def run(stage: Any = stage) -> WrapUpStageReport:
                report: WrapUpStageReport = await environment.run(stage, told)
                return report

            report = await measured(name, run)
            told.objects.extend(report.objects)
            if name == "record":
                told.recording.CopyFrom(report.recording)
                told.recording_shortfalls.extend(report.shortfalls)
            print(
                json.dumps(
                    {
                        "objects": {one.uri.rsplit("/", 1)[-1]: one.size for one in report.objects},
                        "shortfalls": [f"{one.reason} x{one.count}" for one in report.shortfalls],
                        "utterances": report.transcript.utterances,
                        "redactions": report.transcript.redactions,
                    }
                )
            )
        await engine.close()
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = children.ru_utime + children.ru_stime
    print(json.dumps({"engine": {"cpu": round(cpu, 1), "peak_mb": round(children.ru_maxrss / 1024)}}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--minutes", type=int, default=120)
    asyncio.run(main(parser.parse_args().minutes))
