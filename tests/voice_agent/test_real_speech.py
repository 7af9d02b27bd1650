"""A conversation with the real engines: spoken words in, the right reply out."""

import pytest
from voice_agent_call import MemoryCall
from voice_agent_speech import at_16_khz

from cordboard.call.v1.facts_pb2 import BargedIn, ConsentAnswered, SlotsFilled, TurnMeasured
from cordboard.voice_agent.engines.hibari import HibariSynthesizer
from cordboard.voice_agent.engines.moonshine import MoonshineTranscriber
from cordboard.voice_agent.engines.silero import SileroModel

# The engines that all tests share live in the session's loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")


class SpokenCall(MemoryCall):
    """A call whose caller really speaks."""

    def __init__(self, moonshine: MoonshineTranscriber, hibari: HibariSynthesizer) -> None:
        super().__init__(transcriber=moonshine, synthesizer=hibari, detector=SileroModel().detector)
        self._voice = hibari

    async def speak(self, words: str) -> str:
        before = len(self.replies())
        await self.hear(at_16_khz(await self._voice.synthesize(words)))
        await self.silence(1_600)
        await self.listen()
        return " ".join(self.replies()[before:])


async def test_a_spoken_call_learns_consent_name_reason_and_number(
    moonshine: MoonshineTranscriber, hibari: HibariSynthesizer
) -> None:
    async with SpokenCall(moonshine, hibari) as call:
        await call.listen()
        assert "your name" in await call.speak("Yes, that is fine.")
        assert "visit about" in await call.speak("My name is Walter Brooks.")
        assert "number" in await call.speak("I would like to see a doctor about my knee.")
        assert "urgent" in await call.speak("My number is five five five, zero one two, three four five six.")

        slots = call.of(SlotsFilled)[-1].slots
        assert slots.name == "Walter Brooks"
        assert slots.reason == "my knee"
        assert slots.callback_number == "5550123456"
        assert call.of(ConsentAnswered)[0].given
        assert not any(turn.premature or turn.split for turn in call.of(TurnMeasured))


async def test_real_speech_over_the_agent_silences_it_within_a_quarter_of_a_second(
    moonshine: MoonshineTranscriber, hibari: HibariSynthesizer
) -> None:
    async with SpokenCall(moonshine, hibari) as call:
        await call.silence(900)
        assert call.node.is_playing
        await call.speak("Can I talk to a person, please?")

        (barged,) = call.of(BargedIn)
        assert barged.onset_to_silence.ToMicroseconds() <= 160_000
        assert "get someone for you" in call.replies()[-1]
