"""Times for words that are known, from words that were only understood."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from cordboard.activities.wrap_up.span import Span


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word with its time in the call's media time."""

    text: str
    span: Span
    confidence: float


def aligned(text: str, heard: Sequence[TimedWord], span: Span) -> list[TimedWord]:
    """Give the words of `text` the times at which they were heard.

    A word that was understood otherwise stands between its neighbours, by its length. Nothing is given where nothing
    was heard: then only the span of the whole is known. `span` is when the text was on the wire.
    """
    if not heard:
        return []
    words = text.split()
    known, understood = [_bare(word) for word in words], [_bare(word.text) for word in heard]
    matched: dict[int, TimedWord] = {}
    for block in SequenceMatcher(None, known, understood, autojunk=False).get_matching_blocks():
        for offset in range(block.size):
            if known[block.a + offset]:
                matched[block.a + offset] = heard[block.b + offset]
    first = min(span.started_us, heard[0].span.started_us)
    last = max(span.ended_us, heard[-1].span.ended_us)
    return _filled(words, matched, first, last)


def _filled(words: Sequence[str], matched: dict[int, TimedWord], first: int, last: int) -> list[TimedWord]:
    timed: list[TimedWord] = []
    place = 0
    while place < len(words):
        if place in matched:
            timed.append(TimedWord(words[place], matched[place].span, matched[place].confidence))
            place += 1
            continue
        end = next((later for later in range(place, len(words)) if later in matched), len(words))
        begun = timed[-1].span.ended_us if timed else first
        until = matched[end].span.started_us if end < len(words) else last
        timed += _spread(words[place:end], begun, max(begun, until))
        place = end
    return timed


def _spread(words: Sequence[str], begun: int, until: int) -> list[TimedWord]:
    total = sum(len(word) for word in words)
    spread: list[TimedWord] = []
    at = begun
    for word in words:
        lasts = (until - begun) * len(word) // total
        spread.append(TimedWord(word, Span(at, at + lasts), 0.0))
        at += lasts
    return spread


def _bare(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", word.lower())
