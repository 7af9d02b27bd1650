"""Has a file of both sides understood once more, side by side, a piece of speech at a time."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from cordboard.activities.wrap_up.audio.ogg_file import read_ogg
from cordboard.activities.wrap_up.span import Span
from cordboard.activities.wrap_up.speech.heard_word import RATE, FinalTranscriber
from cordboard.activities.wrap_up.speech.speech_cutter import SpeechCutter, SpeechPiece
from cordboard.activities.wrap_up.transcript_assembly import HeardSides
from cordboard.activities.wrap_up.two_sides import LEFT, RIGHT
from cordboard.activities.wrap_up.word_alignment import TimedWord


@dataclass(frozen=True, slots=True)
class _Cut:
    side: int
    piece: SpeechPiece


def _pieces(ogg: bytes) -> Iterator[_Cut]:
    """Cut both sides while the file is decoded: of two hours no more than some seconds are held."""
    cutters = {LEFT: SpeechCutter(), RIGHT: SpeechCutter()}
    for stereo in read_ogg(ogg, rate=RATE):
        for side, cutter in cutters.items():
            for piece in cutter.feed(np.ascontiguousarray(stereo[:, side])):
                yield _Cut(side, piece)
    for side, cutter in cutters.items():
        for piece in cutter.finish():
            yield _Cut(side, piece)


async def understand(
    ogg: bytes, started_us: int, engine: FinalTranscriber, progress: Callable[[int], None]
) -> HeardSides:
    """Give the words of both sides in media time. Raises UnavailableError, InternalError(RECORDING_DAMAGED)."""
    sides = HeardSides()
    cuts = _pieces(ogg)
    done = 0
    # Decoding keeps a core busy; the loop has heartbeats to send.
    while (cut := await asyncio.to_thread(next, cuts, None)) is not None:
        begun = started_us + int(cut.piece.started * 1e6)
        words = [
            TimedWord(
                word.text,
                Span(begun + int(word.started * 1e6), begun + int(max(word.started, word.ended) * 1e6)),
                word.confidence,
            )
            for word in await engine.transcribe(cut.piece.samples.astype("<i2").tobytes())
        ]
        (sides.caller if cut.side == LEFT else sides.other).extend(words)
        if not words:
            sides.unintelligible.append((Span(begun, started_us + int(cut.piece.ended * 1e6)), ""))
        done += 1
        progress(done)
    sides.engine = engine.version
    return sides
