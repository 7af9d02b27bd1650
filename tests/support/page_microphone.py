"""A microphone for a page in Chromium into which a test speaks."""

import base64
import io
import wave

from playwright.async_api import Page

from cordboard.cli.demo.sound import Sound
from cordboard.cli.demo.voice import PiperJoe

INSTALL = """
navigator.mediaDevices.getUserMedia = async () => {
  const audio = window.voice ??= new AudioContext();
  await audio.resume();
  const out = new MediaStreamAudioDestinationNode(audio);
  window.mouths = [...(window.mouths ?? []), out];
  // A line that is open is never quite silent.
  const breath = new ConstantSourceNode(audio, {offset: 0.0001});
  breath.connect(out); breath.start();
  return out.stream;
};
window.say = async bytes => {
  const audio = window.voice;
  const sound = await audio.decodeAudioData(Uint8Array.from(atob(bytes), one => one.charCodeAt(0)).buffer);
  const source = new AudioBufferSourceNode(audio, {buffer: sound});
  window.mouths.forEach(out => source.connect(out));
  source.start();
  await new Promise(done => { source.onended = done; });
};
"""


class PageMicrophone:
    """Lines rendered beforehand, spoken when the test says so."""

    def __init__(self, lines: dict[str, str]) -> None:
        self._lines = lines

    @classmethod
    async def rendered(cls, *lines: str) -> "PageMicrophone":
        """Render the lines."""
        sounds = await PiperJoe().render(lines)
        return cls({line: _wav(sound, rate) for line, (sound, rate) in zip(lines, sounds, strict=True)})

    async def install(self, page: Page) -> None:
        """Put it in place of the page's microphone; before the page is opened."""
        await page.add_init_script(INSTALL)

    async def say(self, page: Page, line: str) -> None:
        """Speak a line to its end."""
        await page.evaluate("bytes => window.say(bytes)", self._lines[line])


def _wav(sound: Sound, rate: int) -> str:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes((sound * 32767).astype("<i2").tobytes())
    return base64.b64encode(file.getvalue()).decode()
