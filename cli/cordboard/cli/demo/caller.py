"""The caller, a process of its own: `python -m cordboard.cli.demo.caller`.

It knows only public doors. A first JSON line on stdin names the script, and the caller gets its speech and its
hearing ready; a second one gives the door: the gateway's http address and a caller's single-use token. Nothing
secret stands on a command line. Progress is one JSON object a line on stdout, the last one being the report. Exit
code 0 means that the conversation came to its end as planned.
"""

import contextlib
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cordboard.cli.demo.conversation import LEAD_S, TAIL_S, Conversation, Talker, describe
from cordboard.cli.demo.ear import Ear, MoonshineEar
from cordboard.cli.demo.interruption import Interruption
from cordboard.cli.demo.line_choice import LineChooser
from cordboard.cli.demo.phone import Answered, Phone
from cordboard.cli.demo.script import Script, load_script
from cordboard.cli.demo.sound import OPUS_RATE, from_pcm16, write_wav
from cordboard.cli.demo.sound_in import ReceivedFrame, SoundIn
from cordboard.cli.demo.speech_cache import SpeechCache
from cordboard.cli.demo.timing import barge_in_ms, offer_to_first_audio_ms, turn_times
from cordboard.cli.demo.told_process import run_told, tell
from cordboard.cli.demo.turn_detector import Heard, TurnDetector, TurnEvent
from cordboard.cli.demo.voice import installed_voice
from cordboard.core.errors import CordboardError

ENDED_WELL = frozenset({"FAR_END_HUNG_UP", "GOODBYE"})


@dataclass(frozen=True, slots=True)
class CallerJob:
    """What a caller is told first."""

    script: str
    """Path of the script."""
    speech: str
    """Folder of rendered lines."""
    out: str
    """Folder for what was sent and received."""
    hear_again: bool = True
    """Whether all that was received is transcribed once more after the call, for the report's `received`."""


@dataclass(frozen=True, slots=True)
class Door:
    """What a caller is told when it may call."""

    gateway: str
    """The gateway's http address, such as `http://127.0.0.1:8080`."""
    token: str
    """A caller's single-use token."""


async def call(job: CallerJob, door: Callable[[], Awaitable[Door]]) -> bool:
    """Get ready, wait for the door, call, converse, report; True when the conversation ended as planned."""
    script = load_script(Path(job.script))
    async with MoonshineEar() as ear:
        cache = SpeechCache(Path(job.speech), installed_voice(), ear)
        lines = await cache.speak(script.spoken_lines(), clearly=script.telling_lines())
        tell("ready")
        opened = await door()
        phone = Phone(opened.gateway, opened.token, time.monotonic)
        try:
            answered = await phone.call()
            tell("answered", call_id=answered.call_id, leg_id=answered.leg_id)
            chooser = LineChooser(script)
            breaks_in = Interruption(chooser, script.interrupts_at) if script.interrupts_at else None
            talker = Talker(phone, ear, chooser, lines, clock=time.monotonic, tell=tell, interruption=breaks_in)
            conversation = await talker.hold()
            if not phone.closed.is_set():
                with contextlib.suppress(CordboardError):
                    await phone.hang_up()
        finally:
            await phone.close()
        received = await hear_all(ear, phone.sound_in) if job.hear_again else []
    _keep_sound(Path(job.out), phone)
    ended_well = conversation.outcome in ENDED_WELL
    report = _report(script, answered, conversation, phone)
    report |= {"received": received, "ended_well": ended_well, "asked_for_human": chooser.asked_for_human}
    (Path(job.out) / "caller.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
    tell("report", **report)
    return ended_well


async def hear_all(ear: Ear, sound_in: SoundIn) -> list[str]:
    """Transcribe everything that was received, turn by turn, from the recording.

    What was heard during the call decided what to say; this tells how well the far end could be understood.
    """
    detector, started, turns = TurnDetector(), 0.0, []
    last = sound_in.frames[-1].due if sound_in.frames else 0.0
    for event in [event for frame in sound_in.frames for event in _heard(detector, frame)] + detector.idle(last + 9):
        if event.what is Heard.STARTED:
            started = event.at
        elif event.what is Heard.FINISHED:
            turns.append(await ear.hear(sound_in.between(started - LEAD_S, event.at + TAIL_S)))
    return turns


def _music_s(sound_in: SoundIn) -> float:
    detector = TurnDetector()
    for frame in sound_in.frames:
        _heard(detector, frame)
    return detector.music_s


def _heard(detector: TurnDetector, frame: ReceivedFrame) -> list[TurnEvent]:
    start = frame.due - frame.duration
    return detector.idle(start) + detector.push(start, frame.due, frame.level, tonal=frame.tonal)


def _report(script: Script, answered: Answered, conversation: Conversation, phone: Phone) -> dict[str, Any]:
    return {
        "script": script.title,
        "call_id": answered.call_id,
        "leg_id": answered.leg_id,
        "offer_to_answer_ms": round((answered.answered - answered.posted) * 1000, 1),
        "offer_to_first_audio_ms": offer_to_first_audio_ms(answered.posted, phone.sound_in),
        "barge_in_ms": barge_in_ms(conversation.said, phone.sound_in),
        "turns": [asdict(turn) for turn in turn_times(conversation.said, phone.sound_in)],
        "conversation": describe(conversation, time.time() - time.monotonic()),
        "frames_received": len(phone.sound_in.frames),
        "music_s": round(_music_s(phone.sound_in), 2),
    }


def _keep_sound(folder: Path, phone: Phone) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_wav(folder / "received.wav", phone.sound_in.timeline(), OPUS_RATE)
    write_wav(folder / "sent.wav", from_pcm16(b"".join(pcm for _, pcm in phone.line_out.sent)), OPUS_RATE)
    times = {
        "received": [[frame.arrived, frame.pts, round(frame.level, 1)] for frame in phone.sound_in.frames],
        "sent": [[at, len(pcm) // 2] for at, pcm in phone.line_out.sent],
        "held_up": phone.line_out.held_up,
    }
    (folder / "times.json").write_text(json.dumps(times), encoding="utf-8")


def main() -> int:
    """Run the process and give its exit code."""
    return run_told(CallerJob, Door, call)


if __name__ == "__main__":
    sys.exit(main())
