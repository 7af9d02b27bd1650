"""Text to speech by any service that speaks the OpenAI speech interface."""

import numpy as np
import openai
from openai import AsyncOpenAI

from cordboard.core.errors import UnavailableError
from cordboard.voice_agent.engines.engine_pool import Priority
from cordboard.voice_agent.engines.silence_trim import trim

DEADLINE = 8.0


class OpenAiSynthesizer:
    """Has each clause spoken by the service, as samples at the rate that the interface promises: 24 kHz."""

    def __init__(self, client: AsyncOpenAI, model: str, *, voice: str) -> None:
        """Ask `model` to speak in `voice` through a client, whose base URL says which service it is."""
        self._client = client
        self._model = model
        self._voice = voice

    @property
    def version(self) -> str:
        """Name of the interface, the model and the voice."""
        return f"openai {self._model} {self._voice}"

    async def start(self) -> None:
        """Do nothing: the service runs elsewhere."""

    async def stop(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def synthesize(self, text: str, priority: Priority = Priority.LIVE) -> bytes:
        """Give the speech of `text` (24 kHz, mono, signed 16-bit little-endian) without silence around it.

        Raises UnavailableError.
        """
        try:
            answer = await self._client.audio.speech.create(
                model=self._model, voice=self._voice, input=text, response_format="pcm", timeout=DEADLINE
            )
            pcm = await answer.aread()
        except openai.OpenAIError as error:
            raise UnavailableError("ENGINE_AWAY", "the speech service did not speak") from error
        samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float32) / 32_768.0
        return (np.clip(trim(samples), -1.0, 1.0) * 32_767.0).astype("<i2").tobytes()
