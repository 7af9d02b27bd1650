"""A caller who talks with the AI agent by a fixed script and hears only when it speaks, not what."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from cordboard.cli.bench.calls.far_phone import Exchange, FarPhone
from cordboard.cli.bench.calls.microphone import Spoken
from cordboard.cli.bench.calls.samples import NO_ANSWER_MS, Samples
from cordboard.cli.bench.calls.speech_line import SpeechLine
from cordboard.core.errors import CordboardError

INTERRUPTION = "Sorry, can I ask you something first?"
LINES = (
    "Yes, that is fine.",
    "My name is Peter Hall, and I am calling about a sore throat.",
    "My number is five five five, zero one four two, and it can wait.",
    "No, that is all, thank you.",
)
_BREAKS_IN_AFTER_S = (0.7, 0.9, 1.1, 1.3)
_FIRST_SOUND_S = 10.0
_NO_ANSWER_S = NO_ANSWER_MS / 1000
_FINISHED_S = 0.8
"""So long a pause is the end of what the agent says."""
_LAST_LINE_AGAIN = 3
# Speech goes on for a moment after its onset was heard; beyond this the agent was not interrupted.
_STOPS_WITHIN_S = 1.5


@dataclass(slots=True)
class AiCaller:
    """Places one call after the other; a `newcomer` hangs up once it has interrupted the greeting."""

    exchange: Exchange
    interruption: SpeechLine
    lines: Sequence[SpeechLine]
    samples: Samples
    number: int = 0
    newcomer: bool = False
    in_call: bool = False

    async def call(self, token: str) -> None:
        """Call, talk to the end of the script, hang up; what fails is noted and not raised."""
        self.number += 1
        began = time.perf_counter()
        try:
            async with self.exchange.call(token) as phone:
                self.in_call = True
                self.samples.call_ids.append(phone.call_id)
                self.samples.add("answer", phone.posted, (phone.answered - phone.posted) * 1000)
                try:
                    await self._talk(phone)
                finally:
                    self._keep_lateness(phone)
        except CordboardError as error:
            self.samples.fail(began, error.reason)
        finally:
            self.in_call = False

    async def _talk(self, phone: FarPhone) -> None:
        first = await phone.listener.audible_after(phone.posted, _FIRST_SOUND_S)
        if first is None:
            self.samples.fail(phone.posted, "NOTHING_HEARD")
            return
        self.samples.add("click", phone.posted, (first - phone.posted) * 1000)
        await asyncio.sleep(_BREAKS_IN_AFTER_S[self.number % len(_BREAKS_IN_AFTER_S)])
        spoken = await phone.microphone.say(self.interruption)
        self._note_barge_in(phone, spoken)
        if self.newcomer:
            return
        await self._answered(phone, spoken)
        for line in (*self.lines, *(self.lines[-1],) * _LAST_LINE_AGAIN):
            await phone.listener.quiet_for(_FINISHED_S)
            if phone.closed.is_set():
                return
            spoken = await phone.microphone.say(line)
            if phone.closed.is_set():
                # The agent hung up meanwhile: nobody was there to answer.
                return
            if phone.listener.first_audible(spoken.onset + _STOPS_WITHIN_S, spoken.ended) is not None:
                self.samples.count("talked over by the agent")
            else:
                await self._answered(phone, spoken)

    async def _answered(self, phone: FarPhone, spoken: Spoken) -> None:
        first = await phone.listener.audible_after(spoken.ended, _NO_ANSWER_S)
        if first is None and phone.closed.is_set():
            return
        if first is None:
            self.samples.count("turns without an answer")
        else:
            self.samples.replies.append((phone.call_id, spoken.ended, (first - spoken.ended) * 1000))
        self.samples.add("reply", spoken.ended, NO_ANSWER_MS if first is None else (first - spoken.ended) * 1000)

    def _note_barge_in(self, phone: FarPhone, spoken: Spoken) -> None:
        last = phone.listener.last_audible_between(spoken.onset, spoken.ended)
        if last is None:
            # The greeting had come to its end, or to a pause in which the agent gave way.
            self.samples.count("interruptions of nobody")
            return
        self.samples.add("barge_in", spoken.onset, (last - spoken.onset) * 1000)

    def _keep_lateness(self, phone: FarPhone) -> None:
        for arrived, late_ms in phone.listener.lateness_ms():
            self.samples.add("late_speech", arrived, late_ms)
