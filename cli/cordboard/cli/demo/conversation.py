"""The caller's side of a conversation: listen, wait for the other to finish, answer.

People do not speak while they are spoken to. The caller begins to understand in the first pause, speaks only
after a real one, and starts over when the pause was none.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from cordboard.cli.demo.ear import Ear
from cordboard.cli.demo.interruption import NOT_BEFORE_S, Interruption
from cordboard.cli.demo.line_choice import Choice, Move
from cordboard.cli.demo.phone import Phone
from cordboard.cli.demo.sound import Sound
from cordboard.cli.demo.sound_in import ReceivedFrame
from cordboard.cli.demo.turn_detector import Heard, TurnDetector, TurnEvent

_POLL_S = 0.02
_LATE_S = 0.1
LEAD_S, TAIL_S = 0.12, 0.25
"""Sound kept around a turn's audible frames: recognition invents words when a turn is cut close."""


@dataclass(slots=True)
class HeardTurn:
    """A turn of the far end as the caller received it."""

    started: float
    ended: float
    text: str


@dataclass(slots=True)
class SaidLine:
    """A line of the caller."""

    name: str
    text: str
    started: float
    ended: float
    interrupts: bool = False
    """True when it was said over the far end's speech on purpose."""


@dataclass(slots=True)
class Conversation:
    """What was heard and said, and how it ended."""

    heard: list[HeardTurn] = field(default_factory=list)
    said: list[SaidLine] = field(default_factory=list)
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the caller waits for what, in seconds."""

    first_words: float = 20.0
    answer: float = 12.0
    """For an answer to a line; then the line is said again once."""
    more: float = 6.0
    """For the rest after a statement; then the caller prompts."""
    far_end_hangs_up: float = 6.0
    whole_call: float = 180.0


class Chooser(Protocol):
    """Chooses what one side of a conversation says."""

    def answer(self, heard: str) -> Choice:
        """Choose the move after a finished turn of the far end."""
        ...

    def prompt(self) -> Choice:
        """Choose what to say unasked."""
        ...


class Talker:
    """Holds one conversation over a connected phone."""

    def __init__(
        self,
        phone: Phone,
        ear: Ear,
        chooser: Chooser,
        lines: Mapping[str, Sound],
        *,
        clock: Callable[[], float],
        tell: Callable[..., None],
        patience: Patience | None = None,
        interruption: Interruption | None = None,
    ) -> None:
        """Speak `lines` (text to sound at 48 kHz) as `chooser` says; `tell(event, **fields)` hears of progress.

        Who is given an `interruption` does not hear everything out.
        """
        self._phone = phone
        self._ear = ear
        self._chooser = chooser
        self._lines = lines
        self._clock = clock
        self._tell = tell
        self._patience = patience or Patience()
        self._detector = TurnDetector()
        self._newest: ReceivedFrame | None = None
        self._turn_started = 0.0
        self._words: asyncio.Task[str] | None = None
        self._interruption = interruption
        self._beginning: asyncio.Task[str] | None = None
        self._broke_in = False
        self.conversation = Conversation()

    async def hold(self) -> Conversation:
        """Talk until one side hangs up; `outcome` says how it ended."""
        try:
            async with asyncio.timeout(self._patience.whole_call):
                self.conversation.outcome = await self._talk()
        except TimeoutError:
            self.conversation.outcome = "TOO_LONG"
        finally:
            self._drop_words()
            self._drop_beginning()
        return self.conversation

    async def _talk(self) -> str:
        wait, prompts = self._patience.first_words, 0
        while True:
            turn = await self._next_turn(wait)
            if self._phone.closed.is_set() and turn is None:
                return self._closed_outcome()
            if turn is None:
                prompts += 1
                if prompts > 2 or not self.conversation.heard:
                    return "NOTHING_HEARD"
                choice = self._chooser.prompt()
            else:
                prompts = 0
                choice = self._chooser.answer(turn.text)
            self._tell("choice", move=choice.move.name, line=choice.name)
            if choice.move is Move.HANG_UP:
                return await self._leave(choice)
            if choice.move is Move.WAIT:
                wait = self._patience.more
                continue
            await self._say(choice)
            wait = self._patience.answer

    def _closed_outcome(self) -> str:
        return "FAR_END_HUNG_UP" if self.conversation.said else "LINE_LOST"

    async def _leave(self, choice: Choice) -> str:
        """Wait for the far end to hang up, as it does after a goodbye; else hang up."""
        if choice.reason == "GOODBYE":
            try:
                async with asyncio.timeout(self._patience.far_end_hangs_up):
                    await self._phone.closed.wait()
            except TimeoutError:
                return "GOODBYE"
            return "FAR_END_HUNG_UP"
        return choice.reason

    async def _say(self, choice: Choice, *, interrupts: bool = False) -> None:
        speaking = asyncio.ensure_future(self._phone.line_out.say(self._lines[choice.line]))
        closed = asyncio.ensure_future(self._phone.closed.wait())
        await asyncio.wait({speaking, closed}, return_when=asyncio.FIRST_COMPLETED)
        closed.cancel()
        if not speaking.done():
            speaking.cancel()
            await asyncio.gather(speaking, return_exceptions=True)
            return
        spoken = speaking.result()
        said = SaidLine(choice.name, choice.line, spoken.started, spoken.ended, interrupts)
        self.conversation.said.append(said)
        self._tell("said", line=choice.name, text=choice.line, at=spoken.ended)

    async def _next_turn(self, patience: float) -> HeardTurn | None:
        """Wait until the far end has finished a turn and its words are known; None when it stays silent."""
        began = self._clock()
        while True:
            for event in await self._listen():
                turn = await self._take(event)
                if turn is not None:
                    return turn
            if await self._break_in():
                began = self._clock()
            if self._phone.closed.is_set() and self._phone.frames.empty():
                # What the far end said last counts, even when it hung up within the pause.
                return await self._last_turn() if self._detector.speaking else None
            if not self._detector.speaking and self._clock() - began > patience:
                return None

    async def _listen(self) -> list[TurnEvent]:
        try:
            frame = await asyncio.wait_for(self._phone.frames.get(), _POLL_S)
        except TimeoutError:
            return self._detector.idle(self._silent_until())
        self._newest = frame
        return self._detector.push(frame.due - frame.duration, frame.due, frame.level, tonal=frame.tonal)

    def _silent_until(self) -> float:
        """Media time up to which nothing can come any more.

        The far end sends nothing while it is silent; what is late is given a moment to come.
        """
        if self._newest is None:
            return 0.0
        return self._newest.due + max(0.0, self._clock() - self._newest.arrived - _LATE_S)

    async def _take(self, event: TurnEvent) -> HeardTurn | None:
        match event.what:
            case Heard.STARTED:
                self._turn_started = event.at
                self._drop_words()
                if self._interruption is not None:
                    self._interruption.begin()
            case Heard.PAUSED:
                self._drop_words()
                self._words = asyncio.ensure_future(self._ear.hear(self._sound(event.at)))
            case Heard.RESUMED | Heard.MUSIC:
                self._drop_words()
            case Heard.FINISHED:
                self._drop_beginning()
                turn = await self._finish(event.at)
                if not self._broke_in:
                    return turn
                # What was talked over has been answered already.
                self._broke_in = False
        return None

    async def _break_in(self) -> bool:
        """Talk over the far end when the words so far say that it is time; True when that was done."""
        if self._interruption is None or not self._detector.speaking:
            return False
        spoken_s = (self._detector.last_sound or 0.0) - self._turn_started
        if self._beginning is None:
            if self._interruption.listens(spoken_s):
                until = self._turn_started + spoken_s
                self._beginning = asyncio.ensure_future(self._ear.hear(self._sound(until)))
            return False
        if not self._beginning.done() or spoken_s < NOT_BEFORE_S:
            return False
        choice = self._interruption.choose(self._beginning.result())
        self._beginning = None
        if choice is None or choice.move is not Move.SAY:
            return False
        self._tell("interrupts", line=choice.name)
        self._broke_in = True
        await self._say(choice, interrupts=True)
        return True

    def _drop_beginning(self) -> None:
        if self._beginning is not None:
            self._beginning.cancel()
            self._beginning = None

    async def _last_turn(self) -> HeardTurn | None:
        turn = await self._finish(self._silent_until())
        self._detector = TurnDetector()
        return None if self._broke_in else turn

    async def _finish(self, ended: float) -> HeardTurn:
        words = self._words or asyncio.ensure_future(self._ear.hear(self._sound(ended)))
        self._words = None
        turn = HeardTurn(self._turn_started, ended, await words)
        self.conversation.heard.append(turn)
        self._tell("heard", text=turn.text, at=turn.ended)
        return turn

    def _sound(self, ended: float) -> Sound:
        return self._phone.sound_in.between(self._turn_started - LEAD_S, ended + TAIL_S)

    def _drop_words(self) -> None:
        if self._words is not None:
            self._words.cancel()
            self._words = None


def describe(conversation: Conversation, offset: float) -> dict[str, Any]:
    """Give the conversation as plain data, its times moved by `offset` seconds (to wall-clock time)."""
    return {
        "outcome": conversation.outcome,
        "heard": [
            {"started": turn.started + offset, "ended": turn.ended + offset, "text": turn.text}
            for turn in conversation.heard
        ],
        "said": [
            {
                "name": line.name,
                "started": line.started + offset,
                "ended": line.ended + offset,
                "text": line.text,
                "interrupts": line.interrupts,
            }
            for line in conversation.said
        ],
    }
