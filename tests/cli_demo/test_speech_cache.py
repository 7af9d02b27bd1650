from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cordboard.cli.demo.sound import Sound, level_dbov
from cordboard.cli.demo.speech_cache import SpeechCache


class MumblingVoice:
    """Speaks each line as a tone; every further try is longer."""

    name = "mumbler"

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    async def render(self, lines: Sequence[str]) -> list[tuple[Sound, int]]:
        self.asked.append(list(lines))
        seconds = 0.2 * len(self.asked)
        tone = np.sin(2 * np.pi * 800 * np.arange(int(22050 * seconds)) / 22050).astype(np.float32)
        return [(tone, 22050) for _ in lines]


class LengthEar:
    """Understands what is long enough."""

    def __init__(self, line: str, least_s: float) -> None:
        self._line = line
        self._least_s = least_s

    async def hear(self, sound: Sound) -> str:
        return self._line if len(sound) / 48000 >= self._least_s else "mumble"


async def test_a_line_is_rendered_once_and_kept(tmp_path: Path) -> None:
    voice = MumblingVoice()
    cache = SpeechCache(tmp_path / "speech", voice, LengthEar("Hello.", 0.0))
    first = await cache.speak(["Hello.", "Hello."])
    second = await cache.speak(["Hello."])
    assert voice.asked == [["Hello."]]
    assert np.array_equal(first["Hello."], second["Hello."])
    assert level_dbov(first["Hello."]) > -20


async def test_a_line_to_be_spoken_clearly_is_rendered_again_when_it_cannot_be_understood(tmp_path: Path) -> None:
    voice = MumblingVoice()
    spoken = await SpeechCache(tmp_path, voice, LengthEar("Hello.", 0.35)).speak(["Hello.", "Bye."], clearly={"Hello."})
    assert voice.asked == [["Hello.", "Bye."], ["Hello."]]
    assert len(spoken["Hello."]) / 48000 > 0.35


async def test_a_line_that_stays_unclear_is_spoken_all_the_same(tmp_path: Path) -> None:
    voice = MumblingVoice()
    spoken = await SpeechCache(tmp_path, voice, LengthEar("Hello.", 9.0)).speak(["Hello."], clearly={"Hello."})
    assert len(voice.asked) == 3
    assert len(spoken["Hello."]) > 0


async def test_another_voice_has_files_of_its_own(tmp_path: Path) -> None:
    one, other = MumblingVoice(), MumblingVoice()
    other.name = "other"
    ear = LengthEar("Hello.", 0.0)
    await SpeechCache(tmp_path, one, ear).speak(["Hello."])
    await SpeechCache(tmp_path, other, ear).speak(["Hello."])
    assert len(list(tmp_path.glob("*.wav"))) == 2
