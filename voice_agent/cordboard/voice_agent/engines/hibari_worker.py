"""The process that holds the hibari model."""

from importlib.metadata import version

import numpy as np
from hibari import Hibari

from cordboard.voice_agent.engines.engine_worker import Handler, serve
from cordboard.voice_agent.engines.message_frame import Frame
from cordboard.voice_agent.engines.silence_trim import trim

# The voice in the package. Any other one would be downloaded.
VOICE = "heart"
# The model speaks quietly: its peaks reach a third of full scale.
GAIN = 2.0
# One seed: the same words are the same samples.
SEED = 1


def load() -> tuple[str, Handler]:
    """Load the model from its package."""
    model = Hibari(threads=1)

    def synthesize(request: Frame) -> Frame:
        speech = trim(np.asarray(model(request.text("text"), seed=SEED), dtype=np.float32))
        samples = np.clip(speech * GAIN, -1.0, 1.0) * 32767.0
        return Frame({}, samples.astype("<i2").tobytes())

    return f"hibari-tts {version('hibari-tts')} {VOICE}", synthesize


if __name__ == "__main__":
    serve(load)
