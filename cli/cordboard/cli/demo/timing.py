"""What the caller measures on its own side of the wire."""

from collections.abc import Sequence
from dataclasses import dataclass

from cordboard.cli.demo.conversation import SaidLine
from cordboard.cli.demo.line_out import Spoken
from cordboard.cli.demo.sound import AUDIBLE_DBOV
from cordboard.cli.demo.sound_in import SoundIn

# Silence within speech is shorter than this; longer is the end of it.
_PAUSE_S = 0.25


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
        over = early is not None and early < line.ended and not line.interrupts
        delay = round((first - line.ended) * 1000, 1) if first is not None and answered and not over else None
        times.append(TurnTime(line.name, delay, over))
    return times


def barge_in_ms(said: Sequence[SaidLine], sound_in: SoundIn) -> float | None:
    """Time from the onset of the line that interrupted to the last audible frame of the speech that it cut.

    None when nothing was interrupted, or the far end had just fallen silent by itself.
    """
    for line in said:
        if line.interrupts:
            spoken = Spoken(line.started, line.ended)
            if not sound_in.audible_at(line.started, within=_PAUSE_S):
                return None
            last = last_audible(sound_in, line.started - _PAUSE_S, spoken)
            return None if last is None else round((last - line.started) * 1000, 1)
    return None


def last_audible(sound_in: SoundIn, began: float, spoken: Spoken) -> float | None:
    """Tell when the last audible frame came of the speech that was under way at the onset; None without a pause."""
    last = began
    for frame in sound_in.frames:
        if frame.arrived < began or frame.level <= AUDIBLE_DBOV:
            continue
        if last >= spoken.started and frame.arrived - last > _PAUSE_S:
            break
        last = frame.arrived
    return last if last >= spoken.started else None


def offer_to_first_audio_ms(posted: float, sound_in: SoundIn) -> float | None:
    """Time from posting the offer to the first audible frame; None when nothing was ever heard."""
    first = sound_in.first_audible(posted)
    return None if first is None else round((first - posted) * 1000, 1)
