"""Days of a month without its name: `on the fifteenth`, `monday the 3rd`."""

from collections.abc import Iterator

from cordboard.activities.redaction.calendar_words import WEEKDAYS
from cordboard.activities.redaction.finding import LIKELY, Finding, tokens_finding
from cordboard.activities.redaction.numerals import day_ordinal, short_year
from cordboard.activities.redaction.passage import ENDS, Passage
from cordboard.activities.redaction.word_sets import words
from cordboard.wrap_up.v1 import transcript_pb2 as kinds

_BEFORE = words(
    """
    on by until till since before after from through for around is was to of and between about or
    do have take say try like prefer maybe make want
    """
)
# What may follow a day; after `the third` any other word makes it a count: `the third time`.
_AFTER = words(
    """
    at and or to through in for if because but i we please works work is was would when around before after between
    until till from through on so that he she they you if this next last of morning afternoon evening then still
    looks with it's my can could uh um no yes okay maybe instead too also there not
    """
)

_COUNTING = words("i is was that to and")


class DayOfMonth:
    """Finds ordinals that stand where a date stands."""

    name = "day_of_month"

    def find(self, passage: Passage) -> Iterator[Finding]:
        """Give each such day, with the weekday before it."""
        for index in range(len(passage)):
            if passage.low(index) != "the":
                continue
            day = day_ordinal(passage, index + 1)
            if day is None:
                continue
            comma = passage.low(index - 1) == "," and passage.low(index - 2) in WEEKDAYS
            weekday = comma or passage.low(index - 1) in WEEKDAYS
            after = passage.low(day.last + 1)
            ended = day.last + 1 == len(passage) or after in ENDS
            follows = (
                ended or day_ordinal(passage, day.last + 1) is not None or after in _AFTER or after in ENDS | {","}
            )
            if after == "of" and passage.low(day.last + 2) not in {"the", "this", "next", "last"}:
                follows = False
            pair = passage.phrase_starts(day.last + 1, ("and", "the"))
            counts = not pair and day.value <= 3 and len(passage.low(day.last)) > 3 and after in _COUNTING
            if weekday or (follows and not counts and self._dates(passage, index, day.value, ended)):
                last = more_days(passage, _ordinal_of_month(passage, day.last))
                yield tokens_finding(passage, index - weekday - comma, last, kinds.IDENTIFIER_DATE, self.name, LIKELY)

    def _dates(self, passage: Passage, index: int, value: int, ended: bool) -> bool:
        before = passage.low(index - 1)
        day = day_ordinal(passage, index + 1)
        if day and passage.low(day.last + 1) == "of" and passage.low(day.last + 3) == "month":
            return True
        if day and passage.phrase_starts(day.last + 1, ("and", "the")):
            other = day_ordinal(passage, day.last + 3)
            if other and other.last + 1 == len(passage):
                return True
        if value > 3 and (ended or (day and day_ordinal(passage, day.last + 1))):
            return True
        return before in _BEFORE if value > 3 else before in _BEFORE - {"is", "was", "to", "for", "from", "of", "and"}


def more_days(passage: Passage, last: int) -> int:
    """Follow `the twelfth or thirteenth` to its last day."""
    while True:
        joint = passage.low(last + 1) in {"or", "and", "to", "through", "-", ","}
        ahead = last + 1 + joint
        ahead += passage.low(ahead) == "the" and joint
        day = day_ordinal(passage, ahead)
        if day is None or passage.low(day.last + 1) == "of":
            break
        last = day.last
    return last


def _ordinal_of_month(passage: Passage, last: int) -> int:
    """Follow `the ninth of the tenth` to its end."""
    if passage.low(last + 1) == "of" and passage.low(last + 3) == "month":
        return last + 3
    if passage.phrase_starts(last + 1, ("of", "the")):
        month = day_ordinal(passage, last + 3)
        if month and month.value <= 12:
            of_year = short_year(passage, month.last + 1)
            return of_year.last if of_year else month.last
    return last
