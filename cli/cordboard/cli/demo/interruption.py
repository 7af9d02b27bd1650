"""A caller who breaks in: while a certain question is being read, not after it."""

from cordboard.cli.demo.line_choice import Choice, LineChooser
from cordboard.cli.demo.question import begins_to_ask
from cordboard.cli.demo.script import Ask

FIRST_LISTEN_S = 1.0
"""Speech of the far end before the caller tries to tell what it is about."""
LISTEN_AGAIN_S = 0.4
NOT_BEFORE_S = 1.2
"""Speech of the far end before the caller breaks in."""


class Interruption:
    """Breaks in once, in the turn that asks a certain question."""

    def __init__(self, chooser: LineChooser, at: Ask) -> None:
        """Take who chooses the line, and the question that is talked over."""
        self._chooser = chooser
        self._at = at
        self._listen_at = FIRST_LISTEN_S
        self.done = False

    def begin(self) -> None:
        """Note that the far end begins to speak."""
        self._listen_at = FIRST_LISTEN_S

    def listens(self, spoken_s: float) -> bool:
        """Tell whether what was said in the first `spoken_s` seconds of a turn should be understood now."""
        if self.done or spoken_s < self._listen_at:
            return False
        self._listen_at = spoken_s + LISTEN_AGAIN_S
        return True

    def choose(self, heard: str) -> Choice | None:
        """Give the line to break in with after a turn began with these words; None to go on listening."""
        if self.done or begins_to_ask(heard) != self._at:
            return None
        self.done = True
        return self._chooser.answer_early(self._at)
