"""How long the agent waits: for a tool, and for a caller who says nothing. Runs on media time."""

from enum import Enum

from cordboard.voice_agent.dialogue.dialogue_state import DialogueState
from cordboard.voice_agent.profile import Profile

FILLER_US = 1_200_000
NEXT_FILLER_US = 8_000_000
TOOL_LOST_US = 60_000_000
SILENCE_US = 8_000_000
# The caller asked for a moment.
LONG_SILENCE_US = 25_000_000


class Due(Enum):
    """What is due when nobody speaks."""

    NOTHING = "nothing"
    FILLER = "filler"
    TOOL_LOST = "tool_lost"
    SILENCE = "silence"


class Patience:
    """Tells what is due when nobody speaks."""

    def __init__(self, profile: Profile) -> None:
        """Wait for nothing yet."""
        self._asks_to_wait = profile.line("take_your_time")
        self._quiet_since_us: int | None = None
        self._tool_since_us = 0
        self._fillers = 0

    def tool_asked(self, now_us: int) -> None:
        """Start to wait for a tool."""
        self._tool_since_us = now_us
        self._fillers = 0

    def due(self, now_us: int, *, quiet: bool, state: DialogueState) -> Due:
        """Tell what is due; `quiet` says that nobody speaks or is about to."""
        if not quiet or self._quiet_since_us is None:
            self._quiet_since_us = now_us if quiet else None
            return Due.NOTHING
        if state.is_over:
            return Due.NOTHING
        quiet_us = now_us - self._quiet_since_us
        if state.pending:
            return self._due_for_tool(now_us, quiet_us)
        if quiet_us < (LONG_SILENCE_US if state.last_said == self._asks_to_wait else SILENCE_US):
            return Due.NOTHING
        self._quiet_since_us = None
        return Due.SILENCE

    def _due_for_tool(self, now_us: int, quiet_us: int) -> Due:
        if now_us - self._tool_since_us >= TOOL_LOST_US:
            return Due.TOOL_LOST
        if quiet_us < (NEXT_FILLER_US if self._fillers else FILLER_US):
            return Due.NOTHING
        self._fillers += 1
        self._quiet_since_us = None
        return Due.FILLER
