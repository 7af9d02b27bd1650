"""Which engines hear, understand and speak: those on this machine, or services that the settings name."""

from typing import TYPE_CHECKING, Protocol

from cordboard.core.errors import InvalidError
from cordboard.runtime.settings import Settings
from cordboard.voice_agent.engines.hibari import HibariSynthesizer
from cordboard.voice_agent.engines.moonshine import MoonshineTranscriber
from cordboard.voice_agent.engines.synthesizer import Synthesizer
from cordboard.voice_agent.engines.transcriber import Transcriber

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from cordboard.voice_agent.engines.openai_interpreter import OpenAiInterpreter


class Startable(Protocol):
    """What runs from a start to a stop."""

    async def start(self) -> None:
        """Begin."""
        ...

    async def stop(self) -> None:
        """End."""
        ...


class RunningTranscriber(Transcriber, Startable, Protocol):
    """A recogniser with a life of its own."""


class RunningSynthesizer(Synthesizer, Startable, Protocol):
    """A voice with a life of its own."""


def chosen_transcriber(settings: Settings) -> RunningTranscriber:
    """Give the recogniser: CORDBOARD_ASR_MODEL of the service at CORDBOARD_SPEECH_URL, else the one here."""
    if not settings.asr_model:
        return MoonshineTranscriber()
    client = _speech_client(settings)
    from cordboard.voice_agent.engines.openai_transcriber import OpenAiTranscriber

    return OpenAiTranscriber(client, settings.asr_model)


def chosen_synthesizer(settings: Settings) -> RunningSynthesizer:
    """Give the voice: CORDBOARD_TTS_MODEL of the service at CORDBOARD_SPEECH_URL, else the one here."""
    if not settings.tts_model:
        return HibariSynthesizer()
    client = _speech_client(settings)
    from cordboard.voice_agent.engines.openai_synthesizer import OpenAiSynthesizer

    return OpenAiSynthesizer(client, settings.tts_model, voice=settings.tts_voice)


def chosen_interpreter(settings: Settings) -> "OpenAiInterpreter | None":
    """Give what interprets for profiles that want it: CORDBOARD_CHAT_MODEL of the service at CORDBOARD_CHAT_URL."""
    if not settings.chat_model:
        return None
    client = _client(settings.require("chat_url"), settings.secret("chat_key_file") if settings.chat_key_file else "")
    from cordboard.voice_agent.engines.openai_interpreter import OpenAiInterpreter

    return OpenAiInterpreter(client, settings.chat_model)


def _speech_client(settings: Settings) -> "AsyncOpenAI":
    key = settings.secret("speech_key_file") if settings.speech_key_file else ""
    return _client(settings.require("speech_url"), key)


def _client(url: str, key: str) -> "AsyncOpenAI":
    try:
        from openai import AsyncOpenAI
    except ImportError as error:
        raise InvalidError("EXTRA_MISSING", "a service needs the extra openai-voice") from error
    # A caller waits: what does not answer at once is given up rather than asked again.
    return AsyncOpenAI(base_url=url, api_key=key or "none", max_retries=0)
