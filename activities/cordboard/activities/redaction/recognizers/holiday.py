"""Days that are named: `christmas`, `the fourth of july` is left to the months."""

from collections.abc import Iterator

from cordboard.activities.redaction.calendar_words import HOLIDAYS, LONGEST_HOLIDAY
from cordboard.activities.redaction.finding import SHAPED, Finding, tokens_finding
from cordboard.activities.redaction.passage import Passage
from cordboard.wrap_up.v1 import transcript_pb2 as kinds


class Holiday:
    """Finds holidays, each of which is a day of the year."""

    name = "holiday"

    def find(self, passage: Passage) -> Iterator[Finding]:
        """Give each holiday, the longest name at each place."""
        index = 0
        while index < len(passage):
            length = _longest(passage, index)
            if length:
                last = index + length - 1
                yield tokens_finding(passage, index, last, kinds.IDENTIFIER_DATE, self.name, SHAPED)
            index += length or 1


def _longest(passage: Passage, index: int) -> int:
    for length in range(LONGEST_HOLIDAY, 0, -1):
        if tuple(passage.low(place) for place in range(index, index + length)) in HOLIDAYS:
            return length
    return 0
