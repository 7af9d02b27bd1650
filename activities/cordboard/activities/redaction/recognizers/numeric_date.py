"""Dates in numbers: `5/4/1962`, `five slash four slash sixty two`, and numbers after `date of birth`."""

import re
from collections.abc import Iterator

from cordboard.activities.redaction.calendar_words import BIRTH_LABELS, MONTHS, SHORT_MONTHS
from cordboard.activities.redaction.code_runs import atom_at
from cordboard.activities.redaction.finding import LABELLED, SHAPED, Finding, tokens_finding
from cordboard.activities.redaction.numerals import ORDINALS
from cordboard.activities.redaction.passage import Passage
from cordboard.activities.redaction.quantity import UNITS
from cordboard.activities.redaction.word_sets import words
from cordboard.wrap_up.v1 import transcript_pb2 as kinds

_WRITTEN = re.compile(
    r"(?<![\d/.-])(?:\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})|\d{4}[/.-]\d{1,2}[/.-]\d{1,2})(?![\d/-])"
)
_SHORT = re.compile(r"(?<![\d/])(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])(?![\d/])")
_DATING = words("on since until by before after dated from born starting through")
_LINKS = words("is was on : it's its would be , uh um in the - and")
_INSIDE = words("slash / dash - , of the uh um . and")


class NumericDate:
    """Finds dates whose month is a number."""

    name = "numeric_date"

    def find(self, passage: Passage) -> Iterator[Finding]:
        """Give each date."""
        for match in _WRITTEN.finditer(passage.text):
            yield Finding(match.start(), match.end(), kinds.IDENTIFIER_DATE, self.name, LABELLED)
        for match in _SHORT.finditer(passage.text):
            before = passage.text[: match.start()].lower().split()
            if before and before[-1] in _DATING:
                yield Finding(match.start(), match.end(), kinds.IDENTIFIER_DATE, self.name, SHAPED)
        for index in range(len(passage)):
            if any(passage.phrase_ends(index, label) for label in BIRTH_LABELS):
                yield from self._after_label(passage, index)
            if passage.low(index) == "slash":
                yield from self._slashed(passage, index)

    def _after_label(self, passage: Passage, label: int) -> Iterator[Finding]:
        first = label + 1
        while passage.low(first) in _LINKS and first - label < 5:
            first += 1
        last, parts = _numbers_end(passage, first)
        digits = last - first >= 1 or any(len(token.low) >= 6 for token in passage.tokens[first : last + 1])
        if parts and digits and passage.low(last + 1) not in UNITS:
            yield tokens_finding(passage, first, last, kinds.IDENTIFIER_DATE, self.name, LABELLED)

    def _slashed(self, passage: Passage, slash: int) -> Iterator[Finding]:
        """Find `five slash four slash sixty two` by its first slash."""
        before, after = atom_at(passage, slash - 1), atom_at(passage, slash + 1)
        if before is None or after is None or not (before.value + after.value).isdigit():
            return
        month, day = before.value.isdigit() and int(before.value), after.value.isdigit() and int(after.value)
        other = passage.low(slash - 2) in {"slash", "/"} or passage.low(after.last + 1) in {"slash", "/"}
        if not other and 1 <= month <= 12 and 11 <= day <= 31 and before.last == slash - 1:
            yield tokens_finding(passage, slash - 1, after.last, kinds.IDENTIFIER_DATE, self.name, SHAPED)
        second = after.last + 1
        second = second if passage.low(second) == "slash" else second + 1
        if passage.low(second) == "slash" and atom_at(passage, second + 1):
            last, _ = _numbers_end(passage, second + 1)
            first = slash - 1
            while first > 0 and (atom := atom_at(passage, first - 1)) and atom.value.isdigit() and slash - first < 2:
                first -= 1
            yield tokens_finding(passage, first, last, kinds.IDENTIFIER_DATE, self.name, SHAPED)


def _numbers_end(passage: Passage, index: int) -> tuple[int, int]:
    """Give the last token of numbers, ordinals and months that begin at a place, and how many there are."""
    last, parts = index - 1, 0
    while index < len(passage):
        atom = atom_at(passage, index)
        word = passage.low(index)
        if atom is not None and (atom.value.isdigit() or atom.value == "o"):
            last, parts, index = atom.last, parts + 1, atom.last + 1
        elif word in ORDINALS or word in MONTHS or word in SHORT_MONTHS or (word[:1].isdigit() and len(word) <= 4):
            last, parts, index = index, parts + 1, index + 1
        elif word in {"hundred", "thousand"} or (word in _INSIDE and parts):
            index += 1
        else:
            break
    return last, parts
