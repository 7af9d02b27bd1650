"""What is silenced of a file before it is published."""

from collections.abc import Iterable
from typing import Final

from cordboard.activities.wrap_up import reasons
from cordboard.activities.wrap_up.audio.leg_sound import sample_at
from cordboard.activities.wrap_up.audio.ogg_file import OggWriter, read_ogg
from cordboard.activities.wrap_up.span import Span, merged
from cordboard.wrap_up.v1.transcript_pb2 import RedactionRecord, Transcript

PADDING_US: Final = 250_000
UNSURE_US: Final = 1_000_000
"""So much more is silenced around what was not understood: the times of words that were never said mean little."""


def muted_spans(transcript: Transcript, record: RedactionRecord) -> list[Span]:
    """Give the times in which an identifier was said, or may have been.

    Where the time of a word is not known its whole utterance is one, and so is sound in which no word was understood.
    """
    spans: list[Span] = []
    utterances = {utterance.ordinal: utterance for utterance in transcript.utterances}
    for taken in record.spans:
        utterance = utterances[taken.utterance]
        if taken.mute_ended_us > taken.mute_started_us:
            spans.append(Span(taken.mute_started_us, taken.mute_ended_us))
        else:
            spans.append(Span(utterance.started_us, utterance.ended_us).padded(PADDING_US))
    spans += [
        Span(silence.started_us, silence.ended_us)
        for silence in transcript.silences
        if silence.reason == reasons.UNINTELLIGIBLE
    ]
    spans += [
        Span(silence.started_us, silence.ended_us).padded(UNSURE_US)
        for silence in transcript.silences
        if silence.reason == reasons.LANGUAGE_UNKNOWN
    ]
    return merged(spans)


def mute(ogg: bytes, started_us: int, spans: Iterable[Span]) -> bytes:
    """Make the same file with silence on both sides in the given times of the call.

    Both sides, because what one party says may be heard on the other's line as well.
    """
    silent = [(sample_at(span.started_us, started_us), sample_at(span.ended_us, started_us)) for span in spans]
    file = OggWriter()
    first = 0
    for stereo in read_ogg(ogg):
        quiet = stereo.copy()
        for begin, end in silent:
            if end > first and begin < first + len(quiet):
                quiet[max(0, begin - first) : end - first] = 0
        file.write(quiet)
        first += len(stereo)
    return file.finish()
