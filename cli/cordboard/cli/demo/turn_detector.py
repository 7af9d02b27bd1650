"""When the other end speaks and when it has finished, by level.

The far end is synthesised speech over a clean channel, so its level tells: no model is needed. Music is no speech.
Pure: times and levels go in, events come out.
"""

from dataclasses import dataclass
from enum import Enum, auto

from cordboard.cli.demo.music import MusicEar
from cordboard.cli.demo.sound import AUDIBLE_DBOV

_MOSTLY = 0.8


class Heard(Enum):
    """What the detector noticed."""

    STARTED = auto()
    """Speech began."""
    PAUSED = auto()
    """A pause that may be the end: time to begin recognising."""
    RESUMED = auto()
    """It was not the end."""
    FINISHED = auto()
    """The other end has finished."""
    MUSIC = auto()
    """What had begun was music: no turn."""


@dataclass(frozen=True, slots=True)
class TurnEvent:
    """Something the detector noticed, and the time of the sound that tells it, in seconds."""

    what: Heard
    at: float


class TurnDetector:
    """Cuts what is heard into turns."""

    def __init__(
        self,
        *,
        audible_dbov: float = AUDIBLE_DBOV,
        onset_s: float = 0.06,
        pause_s: float = 0.28,
        finished_s: float = 0.65,
    ) -> None:
        """Speech begins after `onset_s` of sound and is over after `finished_s` of silence."""
        self._audible = audible_dbov
        self._onset_s = onset_s
        self._pause_s = pause_s
        self._finished_s = finished_s
        self._first_loud: float | None = None
        self._last_loud: float | None = None
        self._speaking = False
        self._paused = False
        self._music = MusicEar()
        self._plain: float | None = None
        self._frames = 0
        self._tones = 0
        self.music_s = 0.0
        """How much music was heard."""

    @property
    def speaking(self) -> bool:
        """True from the onset until the turn is finished."""
        return self._speaking

    @property
    def last_sound(self) -> float | None:
        """End of the newest audible frame; None before any."""
        return self._last_loud

    def push(self, start: float, end: float, level: float, *, tonal: bool = False) -> list[TurnEvent]:
        """Take one frame that lasted from `start` to `end` seconds; `tonal` says whether it was made of tones."""
        if level <= self._audible:
            return self.idle(end)
        if not self._music.hear(tonal=tonal):
            return self._loud(start, end, tonal)
        self.music_s += end - start
        if self._plain is not None:
            # The first tones were taken for speech.
            self._last_loud = self._plain
        return self.idle(end)

    def idle(self, now: float) -> list[TurnEvent]:
        """Note that nothing is heard at `now`: frames stop when the far end sends none."""
        if self._last_loud is None:
            return []
        silence = now - self._last_loud
        if not self._speaking:
            if silence > self._onset_s:
                self._first_loud = None
            return []
        events = []
        if not self._paused and silence >= self._pause_s:
            self._paused = True
            events.append(TurnEvent(Heard.PAUSED, self._last_loud))
        if silence >= self._finished_s:
            self._speaking = self._paused = False
            self._first_loud = self._plain = None
            music = self._tones > _MOSTLY * self._frames
            events.append(TurnEvent(Heard.MUSIC if music else Heard.FINISHED, self._last_loud))
        return events

    def _loud(self, start: float, end: float, tonal: bool) -> list[TurnEvent]:
        if self._first_loud is None:
            self._first_loud, self._frames, self._tones = start, 0, 0
        self._frames += 1
        self._tones += tonal
        if not tonal:
            self._plain = end
        self._last_loud = end
        if not self._speaking and end - self._first_loud >= self._onset_s - 1e-6:
            self._speaking, self._paused = True, False
            return [TurnEvent(Heard.STARTED, self._first_loud)]
        if self._speaking and self._paused:
            self._paused = False
            return [TurnEvent(Heard.RESUMED, start)]
        return []
