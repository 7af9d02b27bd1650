"""The engines on real speech, and their twins under the same contract."""

import dataclasses
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from jiwer import wer
from speech_server import SpeechServer, speech_server
from voice_agent_speech import BECKETT_WORDS, at_16_khz, beckett, plain_words

from cordboard.core.errors import InvalidError, UnavailableError
from cordboard.runtime.settings import Settings
from cordboard.voice_agent.engines import silero
from cordboard.voice_agent.engines.engine_choice import chosen_synthesizer, chosen_transcriber
from cordboard.voice_agent.engines.engine_pool import EnginePool
from cordboard.voice_agent.engines.engine_worker import NICENESS
from cordboard.voice_agent.engines.hibari import HibariSynthesizer
from cordboard.voice_agent.engines.message_frame import Frame
from cordboard.voice_agent.engines.moonshine import DOUBTFUL, SOUND, WORKER_MODULE, MoonshineTranscriber, confidence
from cordboard.voice_agent.engines.silero import SETTLED_FRAMES, SileroDetector, SileroModel
from cordboard.voice_agent.engines.synthesizer import BYTES_PER_SECOND, Synthesizer, ToneSynthesizer
from cordboard.voice_agent.engines.transcriber import ScriptedTranscriber, Transcriber
from cordboard.voice_agent.engines.voice_activity import FRAME_BYTES, EnergyDetector, VoiceActivityDetector

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def service(moonshine: MoonshineTranscriber, hibari: HibariSynthesizer) -> AsyncIterator[SpeechServer]:
    """A speech service with the engines of this machine."""
    async with speech_server(moonshine, hibari) as running:
        yield running


def settings_of(service: SpeechServer) -> Settings:
    return Settings(speech_url=service.url, asr_model="whisper-1", tts_model="tts-1", tts_voice="nova")


@pytest_asyncio.fixture(loop_scope="session")
async def remote_ear(service: SpeechServer) -> AsyncIterator[Transcriber]:
    ear = chosen_transcriber(settings_of(service))
    yield ear
    await ear.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def remote_voice(service: SpeechServer) -> AsyncIterator[Synthesizer]:
    voice = chosen_synthesizer(settings_of(service))
    yield voice
    await voice.stop()


@pytest.fixture(params=["real", "service", "twin"])
def transcriber(
    request: pytest.FixtureRequest, moonshine: MoonshineTranscriber, remote_ear: Transcriber
) -> Transcriber:
    engines: dict[str, Transcriber] = {
        "real": moonshine,
        "service": remote_ear,
        "twin": ScriptedTranscriber([BECKETT_WORDS, BECKETT_WORDS]),
    }
    return engines[request.param]


@pytest.fixture(params=["real", "service", "twin"])
def synthesizer(request: pytest.FixtureRequest, hibari: HibariSynthesizer, remote_voice: Synthesizer) -> Synthesizer:
    engines: dict[str, Synthesizer] = {
        "real": hibari,
        "service": remote_voice,
        "twin": ToneSynthesizer(),
    }
    return engines[request.param]


@pytest.fixture(params=["real", "twin"])
def detector(request: pytest.FixtureRequest) -> VoiceActivityDetector:
    return SileroModel().detector() if request.param == "real" else EnergyDetector()


class CountedSession:
    """Stands before a detector's model and counts."""

    def __init__(self, detector: SileroDetector) -> None:
        self.times = 0
        self._session = detector._session
        detector._session = self

    def run(self, outputs: None, inputs: dict[str, Any]) -> Any:
        self.times += 1
        return self._session.run(outputs, inputs)


async def test_speech_becomes_its_words(transcriber: Transcriber) -> None:
    transcript = await transcriber.transcribe(beckett())

    assert wer(BECKETT_WORDS, " ".join(plain_words(transcript.text))) <= 0.1
    assert transcript.confidence > 0.5


async def test_silence_has_no_words(transcriber: Transcriber) -> None:
    transcript = await transcriber.transcribe(bytes(32_000))

    assert transcript.text == ""
    assert transcript.confidence == 0.0


async def test_transcriber_names_its_version(transcriber: Transcriber) -> None:
    assert transcriber.version


async def test_speech_begins_without_silence(synthesizer: Synthesizer) -> None:
    samples = np.frombuffer(await synthesizer.synthesize("Lakeside Clinic, this is Robin."), "<i2")

    loud = np.flatnonzero(np.abs(samples) > 300)
    assert loud[0] < 24_000 * 30 // 1000
    assert len(samples) - loud[-1] < 24_000 * 150 // 1000
    assert 24_000 < len(samples) < 24_000 * 4


async def test_nothing_to_say_is_no_sound(synthesizer: Synthesizer) -> None:
    assert await synthesizer.synthesize("") == b""


async def test_the_same_words_are_the_same_samples(synthesizer: Synthesizer) -> None:
    assert await synthesizer.synthesize("Thank you.") == await synthesizer.synthesize("Thank you.")


async def test_a_voice_is_told_from_silence(detector: VoiceActivityDetector) -> None:
    speech = beckett()
    voiced = [detector.probability(speech[at : at + FRAME_BYTES]) for at in range(0, 96_000, FRAME_BYTES)]
    detector.reset()
    silent = [detector.probability(bytes(FRAME_BYTES)) for _ in range(60)]

    assert sum(probability > 0.5 for probability in voiced) > len(voiced) // 4
    assert max(silent) < 0.5


async def test_silero_hears_most_of_a_spoken_sentence(hibari: HibariSynthesizer) -> None:
    speech = at_16_khz(await hibari.synthesize("My number is five five five, zero one two three."))
    detector = SileroModel().detector()
    frames = [speech[at : at + FRAME_BYTES] for at in range(0, len(speech) - FRAME_BYTES, FRAME_BYTES)]

    assert sum(detector.probability(frame) > 0.5 for frame in frames) > 0.7 * len(frames)


async def test_silero_is_not_asked_about_a_line_that_stays_silent() -> None:
    detector = SileroModel().detector()
    asked = CountedSession(detector)
    silent = [detector.probability(bytes(FRAME_BYTES)) for _ in range(100)]
    assert asked.times == SETTLED_FRAMES
    assert max(silent) < 0.1
    detector.probability(beckett()[:FRAME_BYTES])
    assert asked.times == SETTLED_FRAMES + 1


async def test_silero_sees_speech_after_silence_as_soon_as_when_it_was_asked_all_the_time(
    hibari: HibariSynthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    speech = bytes(60 * FRAME_BYTES) + at_16_khz(await hibari.synthesize("Yes, that is fine."))
    frames = [speech[at : at + FRAME_BYTES] for at in range(0, len(speech) - FRAME_BYTES, FRAME_BYTES)]

    def onset() -> int:
        detector = SileroModel().detector()
        return next(at for at, frame in enumerate(frames) if detector.probability(frame) > 0.5)

    rested = onset()
    monkeypatch.setattr(silero, "HUSH", 0)
    assert rested <= onset()


@pytest.mark.parametrize(
    "words",
    [
        "My number is five five five, zero one two three.",
        "I would like to see a doctor about my knee.",
        "May we record this call?",
        "Your appointment is on Wednesday afternoon.",
    ],
)
async def test_what_hibari_says_is_what_moonshine_hears(
    hibari: HibariSynthesizer, moonshine: MoonshineTranscriber, words: str
) -> None:
    speech = await hibari.synthesize(words)
    heard = await moonshine.transcribe(at_16_khz(speech))

    assert wer(" ".join(plain_words(words)), " ".join(plain_words(heard.text))) <= 0.15
    assert len(speech) / BYTES_PER_SECOND < 6.0


async def test_a_killed_engine_is_started_again_and_the_request_answered() -> None:
    pool = EnginePool(WORKER_MODULE)
    await pool.start()
    try:
        assert pool.processes[0].pid is not None
        os.kill(pool.processes[0].pid, signal.SIGKILL)
        answer = await pool.ask(Frame({}, beckett()[:96_000]))
        assert "tried" in answer.text("text")
        assert pool.restarts == 1
    finally:
        await pool.stop()


async def test_an_engine_that_cannot_start_is_reported_by_its_reason() -> None:
    pool = EnginePool("cordboard.voice_agent.engines.no_such_worker")

    with pytest.raises(UnavailableError, match="ENGINE_AWAY"):
        await pool.start()


async def test_an_engine_runs_below_the_priority_of_the_audio_loop(moonshine: MoonshineTranscriber) -> None:
    pid = moonshine.pool.processes[0].pid

    assert pid is not None
    assert os.getpriority(os.PRIO_PROCESS, pid) >= min(19, os.getpriority(os.PRIO_PROCESS, 0) + NICENESS)


async def test_an_engine_computes_on_one_thread(moonshine: MoonshineTranscriber, hibari: HibariSynthesizer) -> None:
    await moonshine.transcribe(at_16_khz(await hibari.synthesize("My name is Walter Brooks.")))
    pid = moonshine.pool.processes[0].pid
    worked = sorted(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir())
    assert sum(worked[:-1]) < 0.02 * worked[-1]


async def test_text_that_nobody_could_have_said_is_doubted() -> None:
    assert confidence("", 1.0) == 0.0
    assert confidence("I would like an appointment please", 2.0) == SOUND
    assert confidence("word " * 40, 1.0) == DOUBTFUL
    assert confidence("it is it is it is it is it is it is it is", 6.0) == DOUBTFUL


async def test_a_service_is_asked_with_its_key_model_and_voice(service: SpeechServer, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("key-of-the-test\n")
    settings = dataclasses.replace(settings_of(service), speech_key_file=str(tmp_path / "key"))
    hearing, speaking = chosen_transcriber(settings), chosen_synthesizer(settings)
    await hearing.transcribe(beckett())
    await speaking.synthesize("Hello.")
    assert service.asked == [
        {"model": "whisper-1", "language": "en", "response_format": "json", "temperature": "0"},
        {"model": "tts-1", "voice": "nova", "input": "Hello.", "response_format": "pcm"},
    ]
    assert service.authorizations == ["Bearer key-of-the-test"] * 2
    assert (hearing.version, speaking.version) == ("openai whisper-1", "openai tts-1 nova")
    await hearing.stop()
    await speaking.stop()


@pytest.mark.parametrize("status", [401, 429, 500])
async def test_a_service_that_refuses_is_away(
    service: SpeechServer, remote_ear: Transcriber, remote_voice: Synthesizer, status: int
) -> None:
    service.status = status
    with pytest.raises(UnavailableError, match="ENGINE_AWAY"):
        await remote_ear.transcribe(beckett())
    with pytest.raises(UnavailableError, match="ENGINE_AWAY"):
        await remote_voice.synthesize("Hello.")


async def test_without_a_service_the_engines_of_this_machine_are_chosen() -> None:
    assert isinstance(chosen_transcriber(Settings()), MoonshineTranscriber)
    assert isinstance(chosen_synthesizer(Settings()), HibariSynthesizer)
    with pytest.raises(InvalidError, match="SETTING_MISSING"):
        chosen_transcriber(Settings(asr_model="whisper-1"))
