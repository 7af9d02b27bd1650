"""Recorded lines of a caller as Opus frames, encoded once for all calls."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cordboard.cli.demo.sound import AUDIBLE_DBOV, OPUS_RATE, Sound, over_the_phone, resample, trim
from cordboard.cli.demo.voice import installed_voice
from cordboard.media_node.opus import SPEECH_FRAME, SPEECH_RATE, SpeechEncoder, level_dbov


@dataclass(frozen=True, slots=True)
class SpeechLine:
    """Payloads of 20 ms each, and which of them are the first and the last audible ones."""

    frames: tuple[bytes, ...]
    first_audible: int
    last_audible: int

    @classmethod
    def of(cls, sound: Sound) -> "SpeechLine":
        """Encode a line at 48 kHz. Raises ValueError when nothing of it is audible."""
        samples = (np.clip(resample(sound, OPUS_RATE, SPEECH_RATE), -1, 1) * 32_767).astype(np.int16)
        samples = np.pad(samples, (0, -len(samples) % SPEECH_FRAME))
        pieces = samples.reshape(-1, SPEECH_FRAME)
        loud = [at for at, piece in enumerate(pieces) if level_dbov(piece) > AUDIBLE_DBOV]
        if not loud:
            raise ValueError("a line that nobody hears")
        encoder = SpeechEncoder()
        return cls(tuple(encoder.encode(piece) for piece in pieces), loud[0], loud[-1])


async def recorded(lines: Sequence[str]) -> list[SpeechLine]:
    """Have lines spoken as they come out of a telephone line. Raises UnavailableError(NO_VOICE)."""
    spoken = await installed_voice().render(lines)
    return [SpeechLine.of(trim(over_the_phone(sound, rate), OPUS_RATE)) for sound, rate in spoken]


def silent_frame() -> bytes:
    """Give the payload of a silent frame."""
    return SpeechEncoder().encode(np.zeros(SPEECH_FRAME, np.int16))
