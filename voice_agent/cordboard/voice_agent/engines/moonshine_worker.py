"""The process that holds the moonshine model."""

from importlib import resources
from importlib.metadata import version

import numpy as np
from moonshine_voice import ModelArch, Transcriber

from cordboard.voice_agent.engines.engine_worker import Handler, serve
from cordboard.voice_agent.engines.message_frame import Frame
from cordboard.voice_agent.engines.transcriber import SAMPLE_RATE

MODEL = "tiny-en"
# A threshold of 0 turns its own segmentation off: the endpointer has already cut the utterance.
OPTIONS = {"identify_speakers": "false", "vad_threshold": "0.0"}


def load() -> tuple[str, Handler]:
    """Load the model from its package."""
    with resources.as_file(resources.files("moonshine_voice") / "assets" / MODEL) as path:
        model = Transcriber(model_path=path, model_arch=ModelArch.TINY, options=OPTIONS)

    def transcribe(request: Frame) -> Frame:
        samples = np.frombuffer(request.payload, "<i2").astype(np.float32) / 32768.0
        if not np.any(samples):
            return Frame({"text": ""})
        lines = model.transcribe_without_streaming(samples.tolist(), SAMPLE_RATE).lines
        return Frame({"text": " ".join(line.text.strip() for line in lines)})

    return f"moonshine-voice {version('moonshine-voice')} {MODEL}", transcribe


if __name__ == "__main__":
    serve(load)
