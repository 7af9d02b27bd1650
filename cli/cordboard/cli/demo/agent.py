"""The human agent of the demo, a process of its own: `python -m cordboard.cli.demo.agent`.

It knows only public doors: the desk's WebSocket and the leg's POST. A first JSON line on stdin is the job; a second
one gives the door and an agent's token. It says that it is ready, answers the first call that rings, talks with the
caller, puts them on hold and takes them back, and hangs up. While the caller is on hold it speaks, so that cross-talk
would be heard. Progress is one JSON object a line on stdout, the last one being the report.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cordboard.cli.demo.caller import hear_all
from cordboard.cli.demo.conversation import SaidLine, Talker, describe
from cordboard.cli.demo.desk import Desk
from cordboard.cli.demo.ear import Ear, MoonshineEar
from cordboard.cli.demo.line_choice import WAIT, Choice
from cordboard.cli.demo.phone import Phone
from cordboard.cli.demo.sound import AUDIBLE_DBOV, OPUS_RATE, Sound, write_wav
from cordboard.cli.demo.speech_cache import SpeechCache
from cordboard.cli.demo.told_process import run_told, tell
from cordboard.cli.demo.voice import installed_voice

GREETING = "Hello, this is the front desk. What are you calling about?"
BEFORE_HOLD = "Thank you. Please hold the line."
ON_HOLD = "Nobody should hear what I say right now."
AFTER_HOLD = "Thank you for waiting. Is there anything else?"
FAREWELL = "Then we will call you back. Goodbye."
LINES = (GREETING, BEFORE_HOLD, ON_HOLD, AFTER_HOLD, FAREWELL)

_RINGS_WITHIN_S = 150.0
_STEP_S = 20.0
_ANSWER_S = 12.0
_SETTLE_S = 0.3
"""For packets under way when a hold takes effect."""


@dataclass(frozen=True, slots=True)
class AgentJob:
    """What an agent is told first."""

    speech: str
    """Folder of rendered lines."""
    out: str
    """Folder for what was received."""


@dataclass(frozen=True, slots=True)
class AgentDoor:
    """What an agent is told when it may sign in."""

    gateway: str
    """The gateway's http address."""
    token: str
    """An agent's token."""


class _OwnPlan:
    """An agent speaks by its own plan, not by what it is asked."""

    def answer(self, heard: str) -> Choice:
        return WAIT

    def prompt(self) -> Choice:
        return WAIT


@dataclass(frozen=True, slots=True)
class Bridge:
    """The call that an agent has answered."""

    desk: Desk
    call_id: str
    caller_leg_id: str


class AgentTalk(Talker):
    """The agent's side of the bridged call."""

    def __init__(self, phone: Phone, ear: Ear, lines: Mapping[str, Sound], bridge: Bridge) -> None:
        super().__init__(phone, ear, _OwnPlan(), lines, clock=time.monotonic, tell=tell)
        self._bridge = bridge
        self.held: tuple[float, float] = (0.0, 0.0)

    async def _talk(self) -> str:
        await self._speak("greeting", GREETING)
        await self._next_turn(_ANSWER_S)
        await self._speak("before_hold", BEFORE_HOLD)
        await self._hold_and_retrieve()
        await self._speak("after_hold", AFTER_HOLD)
        await self._next_turn(_ANSWER_S)
        await self._speak("farewell", FAREWELL)
        await self._bridge.desk.send("hang_up", call_id=self._bridge.call_id)
        return "HUNG_UP"

    async def _hold_and_retrieve(self) -> None:
        desk = self._bridge.desk
        leg = {"call_id": self._bridge.call_id, "leg_id": self._bridge.caller_leg_id}
        await desk.send("hold", **leg)
        await desk.event("LegHeld", within=_STEP_S)
        await asyncio.sleep(_SETTLE_S)
        begun = self._clock()
        await self._phone.line_out.say(self._lines[ON_HOLD])
        self.held = (begun, self._clock())
        await desk.send("retrieve", **leg)
        await desk.event("LegRetrieved", within=_STEP_S)
        await asyncio.sleep(_SETTLE_S)

    async def _speak(self, name: str, line: str) -> None:
        spoken = await self._phone.line_out.say(self._lines[line])
        self.conversation.said.append(SaidLine(name, line, spoken.started, spoken.ended))
        self._tell("said", line=name, text=line, at=spoken.ended)


async def serve(job: AgentJob, door: Callable[[], Awaitable[AgentDoor]]) -> bool:
    """Get ready, sign in, answer one call, talk, report; True when the agent hung up as planned."""
    async with MoonshineEar() as ear:
        lines = await SpeechCache(Path(job.speech), installed_voice(), ear).speak(LINES)
        tell("ready")
        opened = await door()
        async with Desk(opened.gateway, opened.token) as desk:
            await desk.send("set_state", state="READY")
            tell("signed_in")
            alerted = await desk.event("AgentAlerted", within=_RINGS_WITHIN_S)
            call_id = alerted["event"]["stream"]["id"]
            epoch = int(alerted["event"]["event"]["reservationEpoch"])
            await desk.send("answer_offer", call_id=call_id, reservation_epoch=epoch, accepted=True)
            path = f"/v1/calls/{call_id}/legs"
            phone = Phone(opened.gateway, opened.token, time.monotonic, path=path)
            try:
                answered = await phone.call()
                tell("answered", call_id=call_id, leg_id=answered.leg_id)
                await desk.event("AgentConnected", within=_STEP_S)
                caller = await desk.event("LegAdded", _is_caller, within=_STEP_S)
                bridge = Bridge(desk, call_id, caller["event"]["event"]["legId"])
                talk = AgentTalk(phone, ear, lines, bridge)
                await talk.hold()
            finally:
                await phone.close()
            received = await hear_all(ear, phone.sound_in)
    folder = Path(job.out)
    folder.mkdir(parents=True, exist_ok=True)
    write_wav(folder / "agent-received.wav", phone.sound_in.timeline(), OPUS_RATE)
    report = _report(call_id, answered.leg_id, talk, phone) | {"received": received}
    tell("report", **report)
    return bool(report["ended_well"])


def _is_caller(envelope: dict[str, Any]) -> bool:
    return bool(envelope["event"]["event"].get("role") == "LEG_ROLE_CALLER")


def _report(call_id: str, leg_id: str, talk: AgentTalk, phone: Phone) -> dict[str, Any]:
    offset = time.time() - time.monotonic()
    begun, ended = talk.held
    audible = [
        frame for frame in phone.sound_in.frames if begun <= frame.arrived <= ended and frame.level > AUDIBLE_DBOV
    ]
    return {
        "call_id": call_id,
        "leg_id": leg_id,
        "conversation": describe(talk.conversation, offset),
        "held": [begun + offset, ended + offset],
        "audible_frames_on_hold": len(audible),
        "ended_well": talk.conversation.outcome == "HUNG_UP",
    }


def main() -> int:
    """Run the process and give its exit code."""
    return run_told(AgentJob, AgentDoor, serve)


if __name__ == "__main__":
    sys.exit(main())
