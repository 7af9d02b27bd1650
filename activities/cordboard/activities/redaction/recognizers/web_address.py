"""Web addresses, written and spoken: `www dot lakeside clinic dot com slash forms`."""

import re
from collections.abc import Iterator

from cordboard.activities.redaction.code_runs import atom_at
from cordboard.activities.redaction.finding import SHAPED, Finding, tokens_finding
from cordboard.activities.redaction.passage import ENDS, Passage
from cordboard.activities.redaction.web_name import DOTS, PROVIDERS, top_level_end
from cordboard.activities.redaction.word_sets import words
from cordboard.wrap_up.v1 import transcript_pb2 as kinds

_WRITTEN = re.compile(
    r"(?:https?://|www\.)[^\s,;]*[^\s,;.?!)]"
    r"|(?<![@\w.])[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,10}/[^\s,;]*[^\s,;.?!)]"
    r"|(?<![@\w.])[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|org|net|edu|gov|io|co|health|care|clinic|us)\b(?:/[^\s,;]*[^\s,;.?!)])?",
    re.IGNORECASE,
)
_BEFORE = words(
    """
    to at on the a is it's it was my our your his her their site website page visit online portal called from in of
    via through and or see check go went up that's using use says said app link url , : @ by has named i you we for
    with this that new saw found
    """
)
_BEFORE_MINE = words("is at on to see visit www portal site page")
_ANNOUNCING = words("website site page link url blog webpage homepage")
_INSIDE_HOST = words("my your our the for and of you we with")
_PATH = frozenset({"slash", "/", "dash", "-", "dot", ".", "underscore", "_"})
_LONGEST_HOST = 5


class WebAddress:
    """Finds addresses of pages as they are written and as they are said."""

    name = "web_address"

    def find(self, passage: Passage) -> Iterator[Finding]:
        """Give each address with its path."""
        for match in _WRITTEN.finditer(passage.text):
            yield Finding(match.start(), match.end(), kinds.IDENTIFIER_URL, self.name, SHAPED)
        covered = -1
        for index in range(2, len(passage)):
            ending = top_level_end(passage, index)
            ends = ending is not None and passage.low(index - 1) in DOTS
            spoken = passage.tokens[index - 1].kind == "word" or passage.tokens[index - 1].glued
            if not ends or not spoken or index <= covered or passage.low(index - 1) == "point":
                continue
            first = _announced(passage, index - 1) or _host(passage, index - 1)
            if first < index - 1:
                covered = _path(passage, ending or index)
                yield tokens_finding(passage, first, covered, kinds.IDENTIFIER_URL, self.name, SHAPED)


def _host(passage: Passage, dot: int) -> int:
    first = dot
    while first > 0 and dot - first < _LONGEST_HOST + 4:
        behind = passage.tokens[first - 1]
        joined = behind.low in DOTS or passage.low(first) in DOTS
        if behind.kind == "tag" or (behind.low in _BEFORE and not joined) or (behind.low in ENDS and not behind.glued):
            break
        if not joined and dot - first >= _LONGEST_HOST:
            break
        first -= 1
    while first < dot and passage.low(first) in DOTS:
        first += 1
    inside = passage.low(first - 1) in _INSIDE_HOST and first > 1 and passage.low(first - 2) not in _BEFORE
    if inside and passage.is_word(first - 2) and (first == 2 or passage.low(first - 3) in _BEFORE):
        return first - 2
    mine = passage.low(first - 1) == "my" and passage.low(first - 2) in _BEFORE_MINE
    return first - 1 if mine else first


def _announced(passage: Passage, dot: int) -> int | None:
    """Give the first token of a host after `my website is`, whatever words it is made of."""
    for first in range(max(dot - _LONGEST_HOST - 1, 2), dot):
        if passage.low(first - 1) in {"is", "was"} and passage.low(first - 2) in _ANNOUNCING:
            return first
    return None


def _path(passage: Passage, last: int) -> int:
    """Follow `slash maria dot lopez`, and a second level as in `dot co dot uk`."""
    while last + 2 < len(passage) and passage.low(last + 1) in _PATH:
        after = passage.tokens[last + 2]
        starts_sentence = passage.low(last + 1) == "." and not after.glued
        if starts_sentence or after.kind not in {"word", "number"} or after.low in PROVIDERS:
            break
        last += 2
        while atom_at(passage, last + 1) is not None and passage.low(last + 1) not in {"i", "a"}:
            last += 1
        if passage.is_word(last + 1) and last + 2 == len(passage) and passage.low(last + 1) not in _BEFORE:
            last += 1
    return last
