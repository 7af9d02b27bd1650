"""Which line the caller says next.

Pure: what the agent was heard to say goes in, the caller's next move comes out. Robust the way people are: an
unclear question gets the next thing not said yet, a repeated one gets another wording, and a read-back with a
wrong number is corrected. Who is asked again because the line dropped was not misunderstood: they say it once more.
"""

import re
from collections import Counter
from dataclasses import dataclass
from enum import Enum, auto

from cordboard.cli.demo.question import Remark, blames_the_line, what_is_asked
from cordboard.cli.demo.script import Ask, Script
from cordboard.cli.demo.word_error import digits_of


class Move(Enum):
    """What the caller does next."""

    SAY = auto()
    WAIT = auto()
    HANG_UP = auto()


@dataclass(frozen=True, slots=True)
class Choice:
    """The caller's next move, and the line when there is one."""

    move: Move
    line: str = ""
    name: str = ""
    reason: str = ""


WAIT = Choice(Move.WAIT)


class LineChooser:
    """Chooses the caller's lines through one call."""

    def __init__(self, script: Script, *, most_repeats: int = 3) -> None:
        """Begin a call; the caller gives up when `most_repeats` times of saying one line were in vain.

        What fell into an outage that the agent owns up to is said again, and was not in vain.
        """
        self._script = script
        self._most_repeats = most_repeats
        self._said: Counter[str] = Counter()
        self._in_vain: Counter[str] = Counter()
        self._last = ""
        self._last_counts = False
        self._wants_human = script.persona.wants_human

    @property
    def asked_for_human(self) -> bool:
        """True once the caller has asked for a person."""
        return "human" in self._said

    def answer(self, heard: str) -> Choice:
        """Choose the move after a finished turn of the agent."""
        if blames_the_line(heard):
            self._forgive()
        asked = what_is_asked(heard)
        match asked:
            case Remark.GOODBYE:
                return Choice(Move.HANG_UP, reason="GOODBYE")
            case Remark.STATEMENT:
                return WAIT
            case Remark.REPEAT:
                return self._say(self._last) if self._last else self.prompt()
            case Remark.UNCLEAR:
                # One word is what was left of a question that broke off: it will be asked again.
                return self.prompt() if len(heard.split()) > 1 else WAIT
            case Ask() if asked is not Ask.CALLBACK_NUMBER and self._is_wrong(heard):
                return self._say("correct")
            case Ask():
                return self._reply(asked)

    def answer_early(self, ask: Ask) -> Choice:
        """Choose the line for a question that is still being asked."""
        return self._reply(ask)

    def prompt(self) -> Choice:
        """Choose what to say unasked: the next thing the agent does not know yet."""
        for ask in self._script.order:
            if ask not in self._said:
                return self._reply(ask)
        return WAIT

    def _reply(self, ask: Ask) -> Choice:
        if self._wants_human and ask == self._script.wants_human_at:
            return self._say("human")
        if self._wants_human and ask == Ask.ANYTHING_ELSE and not self.asked_for_human:
            # The agent never came to the question the script named; the caller has not forgotten.
            return self._say("human")
        return self._say(ask)

    def _say(self, name: str) -> Choice:
        if self._in_vain[name] >= self._most_repeats:
            return Choice(Move.HANG_UP, reason="NOT_UNDERSTOOD")
        variants = self._script.lines[name]
        # Round and round: who was misheard in one wording may be understood in the one before.
        line = variants[self._said[name] % len(variants)]
        self._said[name] += 1
        self._in_vain[name] += 1
        self._last, self._last_counts = name, True
        return Choice(Move.SAY, line=line, name=name)

    def _forgive(self) -> None:
        """Do not count what was said last; an outage is owned up to twice when the caller talked into the excuse."""
        if self._last_counts:
            self._in_vain[self._last] -= 1
        self._last_counts = False

    def _is_wrong(self, heard: str) -> bool:
        """True when the agent reads a whole number back and it is not the caller's."""
        wanted = self._script.persona.digits
        runs = re.findall(r"(?:\d ?){7,}", digits_of(heard))
        return bool(runs) and all(wanted[-7:] not in run.replace(" ", "") for run in runs)
