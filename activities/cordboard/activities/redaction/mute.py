"""The time at which a stretch of an utterance was said, which is silenced in what is published."""

from cordboard.wrap_up.v1.transcript_pb2 import Utterance

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
