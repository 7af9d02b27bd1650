"""Tells the tones of hold music and ringing from speech, as anybody on a line does.

A sound of one or two steady partials keeps nearly all of its power in two narrow bands, frame after frame; speech does
so for a vowel at most.
"""

import numpy as np

from cordboard.cli.demo.sound import Sound

TONAL_SHARE = 0.96
"""Share of a frame's power in its two strongest partials from which it counts as tones."""
_ENTER_FRAMES = 12
_LEAVE_FRAMES = 2
_WIDTH = 2


def is_tonal(sound: Sound) -> bool:
    """Tell whether a frame of 20 ms is made of one or two tones."""
    if not len(sound):
        return False
    power = np.square(np.abs(np.fft.rfft(sound * np.hanning(len(sound)))))
    whole = float(power.sum())
    found = 0.0
    for _ in range(2):
        peak = int(np.argmax(power))
        low = max(0, peak - _WIDTH)
        found += float(power[low : peak + _WIDTH + 1].sum())
        power[low : peak + _WIDTH + 1] = 0.0
    return whole > 0.0 and found / whole > TONAL_SHARE


class MusicEar:
    """Notices when tones go on for so long that they are no vowel, and when they are over."""

    def __init__(self) -> None:
        """Begin without music."""
        self.playing = False
        self._tonal = 0
        self._others = 0

    def hear(self, *, tonal: bool) -> bool:
        """Take one audible frame of 20 ms; True while music plays. The change of a note is no end of it."""
        if tonal:
            self._tonal, self._others = self._tonal + 1, 0
            self.playing = self.playing or self._tonal >= _ENTER_FRAMES
            return self.playing
        self._others += 1
        if not self.playing or self._others >= _LEAVE_FRAMES:
            self.playing, self._tonal = False, 0
        return self.playing
