"""The verb that collects keys which the caller presses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from google.protobuf.message import Message
from temporalio import workflow

from cordboard.call.v1.call_pb2 import TALK_OUTCOME_CALL_ENDED
from cordboard.call.v1.commands_pb2 import CancelTimer, ReleaseAi, SendMediaCommand
from cordboard.call.v1.facts_pb2 import DtmfReceived
from cordboard.call.v1.gather_pb2 import EndGather, StartGather
from cordboard.core import reasons
from cordboard.core.call_state import CallState
from cordboard.media.v1.command_pb2 import Command, Flush, Play
from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER
from cordboard.workflows.call_loop import CallLoop
from cordboard.workflows.talk_verbs import TalkVerbs
from cordboard.workflows.timer_wheel import GATHER as GATHER_TIMER
from cordboard.workflows.timer_wheel import set_timer

PRESSED: Final = "PRESSED"
"""Reason of an AI agent that is cut off because the caller has begun to press keys."""

TIMEOUT: Final = timedelta(seconds=10)
INTER_DIGIT_TIMEOUT: Final = timedelta(seconds=4)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the caller pressed, without the key that ended it, and why it ended."""

    digits: str
    reason: str
    """`COMPLETE`, `TERMINATED` or `TIMED_OUT`."""

    @property
    def timed_out(self) -> bool:
        """Whether the caller stopped pressing, or never began."""
        return self.reason == reasons.TIMED_OUT


class DigitWatch:
    """Keeps the time of one collection: each key gives the caller `pause` for the next one."""

    def __init__(self, loop: CallLoop, pause: timedelta) -> None:
        self._loop = loop
        self._pause = pause

    def __enter__(self) -> DigitWatch:
        self._loop.fact_listeners.append(self._listen)
        self._loop.on_timer[GATHER_TIMER] = self._time_out
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.fact_listeners.remove(self._listen)
        del self._loop.on_timer[GATHER_TIMER]

    def _listen(self, fact: Message) -> None:
        if not isinstance(fact, DtmfReceived):
            return
        if is_gathering(self._loop.state):
            self._loop.decide(set_timer(GATHER_TIMER, self._pause))
        else:
            self._loop.decide(CancelTimer(timer_id=GATHER_TIMER))

    def _time_out(self) -> None:
        self._loop.decide(EndGather(reason=reasons.TIMED_OUT))


class GatherVerbs(TalkVerbs):
    """Gather."""

    async def gather(
        self,
        *,
        digits: int = 0,
        terminators: str = "#",
        timeout: timedelta = TIMEOUT,
        inter_digit_timeout: timedelta = INTER_DIGIT_TIMEOUT,
        prompt: Sequence[str] = (),
        sound: str = "",
    ) -> Gathered:
        """Collect keys that the caller presses, at most `digits` (0: 64), up to one of `terminators`.

        An AI agent says `prompt` first, or the node plays `sound`; the first key cuts either off. From the end of the
        prompt (the start of the sound) the caller has `timeout` for the first key, and `inter_digit_timeout` after
        each. Keys that were pressed before count for nothing. Raises CordboardError for digits that no keypad has.
        """
        await self._take_leave()
        await self._ask(StartGather(most_digits=digits, terminators=terminators))
        with DigitWatch(self._loop, inter_digit_timeout):
            play_id = await self._play(sound) if sound else ""
            if prompt:
                await self._prompt(prompt)
            if is_untouched(self.state):
                await self._ask(set_timer(GATHER_TIMER, timeout))
            await self._until(lambda: not is_untouched(self.state))
            if play_id:
                self._loop.post(lambda: self._loop.decide(_flush(play_id)))
            await self._until(lambda: not is_gathering(self.state))
        gather = self.state.gather
        assert gather is not None
        return Gathered(gather.digits, gather.reason)

    async def _prompt(self, clauses: Sequence[str]) -> None:
        """Have the prompt said until it is heard, or the caller presses a key."""
        before = self._loop.state.talk

        def interrupt() -> None:
            state = self._loop.state
            if state.ai_engaged and state.talk is not before and not is_untouched(state):
                self._voice.release(PRESSED, finish_speaking=False)
                self._loop.decide(ReleaseAi(outcome=TALK_OUTCOME_CALL_ENDED))

        self._loop.rules.append(interrupt)
        try:
            await self.announce(clauses)
        finally:
            self._loop.rules.remove(interrupt)

    async def _play(self, sound: str) -> str:
        play_id = f"gather-{workflow.uuid4().hex[:12]}"
        callers = self.state.living_legs(LEG_ROLE_CALLER)
        if not callers:
            return ""
        play = Play(play_id=play_id, leg_ids=[callers[-1].leg_id], sound=sound)
        await self._ask(SendMediaCommand(command=Command(play=play)))
        return play_id


def is_gathering(state: CallState) -> bool:
    """Whether keys are being collected."""
    return state.gather is not None and state.gather.running


def is_untouched(state: CallState) -> bool:
    """Whether keys are being collected, and the caller has not pressed any yet."""
    return state.gather is not None and state.gather.running and not state.gather.digits


def _flush(play_id: str) -> SendMediaCommand:
    return SendMediaCommand(command=Command(flush=Flush(play_id=play_id)))
