"""Times at which a call's audio is silenced, and the silencing."""

from collections.abc import Iterable

from cordboard.wrap_up.v1.transcript_pb2 import RedactionRecord, Utterance

# A recogniser's word times are good to about a fifth of a second.
PADDING_US = 250_000

Range = tuple[int, int]


def mute_range(utterance: Utterance, start: int, end: int, padding_us: int = PADDING_US) -> Range:
    """Give the time at which the characters from `start` to `end` of an utterance were said, padded.

    Where words have no times, or do not make up the text, that is the whole utterance; where that has no times
    either, the range is empty.
    """
    spoken = _times_of(utterance, start, end) or (utterance.started_us, utterance.ended_us)
    if spoken[1] <= spoken[0]:
        return spoken[0], spoken[0]
    return max(spoken[0] - padding_us, 0), spoken[1] + padding_us


def _times_of(utterance: Utterance, start: int, end: int) -> Range | None:
    folded, place = utterance.text.casefold(), 0
    # Folding may change a text's length; offsets would be of another text then.
    if not utterance.words or len(folded) != len(utterance.text):
        return None
    hit: list[Range] = []
    for word in utterance.words:
        bare = word.text.strip().casefold()
        at = folded.find(bare, place)
        if at < 0 or word.ended_us < word.started_us or _skips_words(folded[place:at]):
            return None
        place = at + len(bare)
        if at < end and place > start:
            hit.append((word.started_us, word.ended_us))
    if _skips_words(folded[place:]) or not hit:
        return None
    return min(first for first, _ in hit), max(last for _, last in hit)


def _skips_words(between: str) -> bool:
    return any(character.isalnum() for character in between)


def mute_ranges(record: RedactionRecord, leg_id: str) -> list[Range]:
    """Give a leg's times to silence, in microseconds of media time, merged and in order."""
    return merged(
        (span.mute_started_us, span.mute_ended_us)
        for span in record.spans
        if span.leg_id == leg_id and span.mute_ended_us > span.mute_started_us
    )


def merged(ranges: Iterable[Range]) -> list[Range]:
    """Merge ranges that overlap or touch."""
    made: list[Range] = []
    for start, end in sorted(ranges):
        if made and start <= made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], end))
        else:
            made.append((start, end))
    return made


def mute_pcm(
    pcm: bytes, ranges: Iterable[Range], *, sample_rate: int, started_us: int = 0, channels: int = 1, channel: int = 0
) -> bytes:
    """Silence ranges of interleaved signed 16-bit samples; all else is untouched.

    `started_us` is the media time of the first sample; only samples of `channel` are silenced.
    """
    silenced = bytearray(pcm)
    frame = 2 * channels
    frames = len(pcm) // frame
    for start_us, end_us in ranges:
        first = max((start_us - started_us) * sample_rate // 1_000_000, 0)
        # Rounded up: a sample that lies in the range in part is silenced.
        last = min(-((end_us - started_us) * -sample_rate // 1_000_000), frames)
        if last <= first:
            continue
        if channels == 1:
            silenced[first * 2 : last * 2] = bytes((last - first) * 2)
            continue
        for low in (0, 1):
            offset = 2 * channel + low
            silenced[first * frame + offset : last * frame : frame] = bytes(last - first)
    return bytes(silenced)
