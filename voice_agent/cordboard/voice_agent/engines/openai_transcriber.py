"""Speech to text by any service that speaks the OpenAI transcription interface."""

import io
import wave

import openai
from openai import AsyncOpenAI

from cordboard.core.errors import UnavailableError
from cordboard.voice_agent.engines.moonshine import LONGEST_BYTES, confidence
from cordboard.voice_agent.engines.transcriber import BYTES_PER_SECOND, SAMPLE_RATE, Transcript

DEADLINE = 6.0


class OpenAiTranscriber:
    """Sends each utterance to the service; silence is not worth asking for."""

    def __init__(self, client: AsyncOpenAI, model: str, *, language: str = "en") -> None:
        """Ask `model` through a client, whose base URL says which service it is; `language` is ISO 639-1."""
        self._client = client
        self._model = model
        self._language = language

    @property
    def version(self) -> str:
        """Name of the interface and the model."""
        return f"openai {self._model}"

    async def start(self) -> None:
        """Do nothing: the service runs elsewhere."""

    async def stop(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def transcribe(self, pcm: bytes) -> Transcript:
        """Give the words of `pcm` (16 kHz, mono, signed 16-bit little-endian). Raises UnavailableError."""
        if not any(pcm):
            return Transcript("", 0.0)
        audio = pcm[-LONGEST_BYTES:]
        try:
            answer = await self._client.audio.transcriptions.create(
                model=self._model,
                file=("utterance.wav", _wav(audio), "audio/wav"),
                language=self._language,
                response_format="json",
                temperature=0,
                timeout=DEADLINE,
            )
        except openai.OpenAIError as error:
            # The service's own words may quote the call.
            raise UnavailableError("ENGINE_AWAY", "the speech service did not understand") from error
        text = answer.text.strip()
        return Transcript(text, confidence(text, len(audio) / BYTES_PER_SECOND))


def _wav(pcm: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(SAMPLE_RATE)
        writer.writeframes(pcm)
    return file.getvalue()
