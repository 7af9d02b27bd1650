"""What the caller measures on its own side of the wire."""

from collections.abc import Sequence
from dataclasses import dataclass

from cordboard.cli.demo.conversation import SaidLine
from cordboard.cli.demo.sound_in import SoundIn


@dataclass(frozen=True, slots=True)
class TurnTime:
    """How long the far end took to answer one line."""

    line: str
    caller_end_to_first_audio_ms: float | None
    """End of the caller's speech to the first audible frame received; None when no answer came."""
    talked_over: bool
    """True when the far end spoke before the caller had finished: the turn was premature."""


def turn_times(said: Sequence[SaidLine], sound_in: SoundIn) -> list[TurnTime]:
    """Measure each line against what was received after it and before the next one."""
    times = []
    for number, line in enumerate(said):
        until = said[number + 1].started if number + 1 < len(said) else float("inf")
        first = sound_in.first_audible(line.ended)
        answered = first is not None and first < until
        # The first 100 ms may still carry the tail of what was said before.
        early = sound_in.first_audible(line.started + 0.1)
        over = early is not None and early < line.ended
        delay = round((first - line.ended) * 1000, 1) if first is not None and answered and not over else None
        times.append(TurnTime(line.name, delay, over))
    return times


def offer_to_first_audio_ms(posted: float, sound_in: SoundIn) -> float | None:
    """Time from posting the offer to the first audible frame; None when nothing was ever heard."""
    first = sound_in.first_audible(posted)
    return None if first is None else round((first - posted) * 1000, 1)
