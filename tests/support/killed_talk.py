"""The scripted caller and the dialogue without sound, while the voice agents that lead it die one after the other."""

from collections.abc import Iterable, Iterator
from enum import Enum

from rejoined_talk import TakenUpTalk, context_of
from voice_agent_talk import Talk

from cordboard.cli.demo.line_choice import LineChooser, Move
from cordboard.cli.demo.script import Script
from cordboard.voice.v1.voice_agent_service_pb2 import ContextToolCall, ContextTurn

_LONGEST = 60


class Fate(Enum):
    """What becomes of a line of the caller, and of the voice agent that hears it."""

    HEARD = "heard"
    LOST = "lost"
    """The agent dies while the line is said, and the next one begins to speak after it."""
    TAIL = "tail"
    """The agent dies while the line is said, and the next one hears the end of it over its own first words."""
    UNTOLD = "untold"
    """The agent dies with the line understood and logged, before anything of its reply is heard."""


class KilledTalk:
    """A call from greeting to goodbye; each line meets the next of the fates, and is heard when none is left."""

    def __init__(self, script: Script, fates: Iterable[Fate]) -> None:
        self.caller = LineChooser(script)
        self.said: list[str] = []
        self.kills = 0
        self._fates: Iterator[Fate] = iter(fates)
        self._talk = Talk(tools=False)
        self._told: list[str] = []
        self._calls: dict[str, ContextToolCall] = {}

    def run(self) -> str:
        """Talk until the caller hangs up, and give the reason."""
        heard = self._tell(self._talk.said)
        for _ in range(_LONGEST):
            choice = self.caller.answer(heard)
            if choice.move is Move.HANG_UP:
                return choice.reason
            if choice.move is Move.WAIT:
                choice = self.caller.prompt()
            self.said.append(choice.name)
            heard = self._tell(self._meet(next(self._fates, Fate.HEARD), choice.line))
        return "TOO_LONG"

    def value(self, name: str) -> str:
        return self._talk.value(name)

    @property
    def tools(self) -> list[str]:
        """The names of all tools that were asked for, by whichever agent."""
        self._note_calls()
        return [call.name for call in self._calls.values()]

    def _tell(self, reply: str) -> str:
        self._told.append(reply)
        return reply

    def _meet(self, fate: Fate, line: str) -> str:
        match fate:
            case Fate.HEARD:
                return self._understand(line)
            case Fate.LOST:
                return self._take_over().said
            case Fate.TAIL:
                successor = self._take_over()
                successor.cut_off("Sorry, the line")
                tail = " ".join(line.split()[-3:])
                successor.say(tail)
            case Fate.UNTOLD:
                self._understand(line)
                return self._take_over().said
        self._hear_out()
        return self._talk.said

    def _understand(self, line: str) -> str:
        self._hear_out()
        self._talk.say(line)
        while self._talk.move.tools:
            self._talk.settle()
        return self._talk.said

    def _hear_out(self) -> None:
        if isinstance(self._talk, TakenUpTalk):
            self._talk.hear_out()

    def _take_over(self) -> TakenUpTalk:
        self.kills += 1
        self._note_calls()
        context = context_of(self._talk)
        del context.tool_calls[:]
        context.tool_calls.extend(self._calls.values())
        context.turns.extend(ContextTurn(speaker="agent", text=text) for text in self._told)
        self._talk = successor = TakenUpTalk(context)
        return successor

    def _note_calls(self) -> None:
        for call in context_of(self._talk).tool_calls:
            self._calls.setdefault(call.tool_call_id, call)
