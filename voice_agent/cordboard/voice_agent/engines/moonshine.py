"""Speech to text by the moonshine model, in a process of its own."""

import asyncio
import re

from cordboard.voice_agent.engines.engine_pool import EnginePool
from cordboard.voice_agent.engines.message_frame import Frame
from cordboard.voice_agent.engines.transcriber import BYTES_PER_SECOND, Transcript

WORKER_MODULE = "cordboard.voice_agent.engines.moonshine_worker"

# Longer utterances lose words; the newest part is what a turn is about.
LONGEST_BYTES = 28 * BYTES_PER_SECOND
# Nobody speaks faster; text that claims so was made up.
MOST_LETTERS_PER_SECOND = 30.0
DOUBTFUL = 0.3
SOUND = 0.9

_REPEATED = re.compile(r"\b(\w+(?:\W+\w+){0,3})(?:\W+\1\b){4,}", re.IGNORECASE)


class MoonshineTranscriber:
    """Understands utterances through a pool of engine processes."""

    def __init__(self, *, processes: int = 1) -> None:
        """Set how many processes share the work."""
        self.pool = EnginePool(WORKER_MODULE, processes=processes)

    @property
    def version(self) -> str:
        """Name and version of the engine; empty before the start."""
        return self.pool.version

    async def start(self) -> None:
        """Start the engines and let them run once, so that the first caller does not wait for it."""
        await self.pool.start()
        # Noise, because silence is answered without the model.
        noise = b"".join((place * 7919 % 1_000).to_bytes(2, "little") for place in range(BYTES_PER_SECOND))
        await asyncio.gather(*(self.transcribe(noise) for _ in range(2 * len(self.pool.processes))))

    async def stop(self) -> None:
        """End the engines."""
        await self.pool.stop()

    async def transcribe(self, pcm: bytes) -> Transcript:
        """Give the words of `pcm` (16 kHz, mono, signed 16-bit little-endian). Raises UnavailableError."""
        audio = pcm[-LONGEST_BYTES:]
        answer = await self.pool.ask(Frame({}, audio))
        text = answer.text("text").strip()
        return Transcript(text, confidence(text, len(audio) / BYTES_PER_SECOND))


def confidence(text: str, seconds: float) -> float:
    """Tell how far to trust a text; the model gives no figure, so only what is plainly made up is doubted."""
    if not text:
        return 0.0
    too_fast = len(text) > 8 + MOST_LETTERS_PER_SECOND * seconds
    if too_fast or (_REPEATED.search(text) and not any(character.isdigit() for character in text)):
        return DOUBTFUL
    return SOUND
