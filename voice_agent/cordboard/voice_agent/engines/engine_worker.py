"""The inside of an engine process: one model, one request at a time, over standard input and output."""

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from typing import BinaryIO

from cordboard.voice_agent.engines.message_frame import PREFIX, Frame

# The audio loop of the parent must win every contest for the processor; more would only make replies late, for
# whoever waits for the caller's words waits for this process.
NICENESS = 2

Handler = Callable[[Frame], Frame]


def serve(load: Callable[[], tuple[str, Handler]]) -> None:
    """Load an engine, say `ready` with its version, and answer frames until the parent goes away."""
    os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Native libraries like to print: what they say must not land between two frames.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    version, handle = load()
    # A parent that is gone is the normal end of this process.
    with contextlib.suppress(BrokenPipeError):
        _write(out, Frame({"ready": 1, "version": version}))
        while (request := _read(sys.stdin.buffer)) is not None:
            _write(out, _answer(handle, request))


def _answer(handle: Handler, request: Frame) -> Frame:
    try:
        return handle(request)
    except Exception as error:  # noqa: BLE001 - the edge of the process: one bad request must not end the engine
        # The text of the error may quote what was said, so only its kind leaves this process.
        return Frame({"error": type(error).__name__})


def _read(stream: BinaryIO) -> Frame | None:
    prefix = stream.read(PREFIX.size)
    if len(prefix) < PREFIX.size:
        return None
    head_size, payload_size = PREFIX.unpack(prefix)
    head = stream.read(head_size)
    payload = stream.read(payload_size)
    if len(head) < head_size or len(payload) < payload_size:
        return None
    return Frame.decode(head, payload)


def _write(stream: BinaryIO, frame: Frame) -> None:
    stream.write(frame.encode())
    stream.flush()
