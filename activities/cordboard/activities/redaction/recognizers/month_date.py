"""Dates with a month's name: `may fourth nineteen sixty two`, `the third of may`, `in february`."""

from collections.abc import Iterator

from cordboard.activities.redaction.calendar_words import MONTHS, SHORT_MONTHS, WEEKDAYS
from cordboard.activities.redaction.finding import SHAPED, Finding, tokens_finding
from cordboard.activities.redaction.numerals import (
    Numeral,
    below_hundred,
    day_number,
    day_ordinal,
    short_year,
    written,
    year,
)
from cordboard.activities.redaction.passage import Passage
from cordboard.activities.redaction.recognizers.day_of_month import more_days
from cordboard.activities.redaction.word_sets import words
from cordboard.wrap_up.v1 import transcript_pb2 as kinds

# `may` and `march` are verbs as well: these words before them make them months.
_DATING = words(
    """
    in since until till last next of by early late mid this during before after from through around every past
    between for into on
    """
)


class MonthDate:
    """Finds months with their days and years; a month alone is more than a year, so it counts."""

    name = "month_date"

    def find(self, passage: Passage) -> Iterator[Finding]:
        """Give each date from its weekday or day to its year."""
        for index in range(len(passage)):
            word = passage.low(index)
            if word not in MONTHS and word not in SHORT_MONTHS:
                continue
            first = _before_month(passage, index)
            last = _after_month(passage, index, day_before=first < index)
            if (first, last) == (index, index) and not _is_month_alone(passage, index):
                continue
            last = more_days(passage, last)
            yield tokens_finding(passage, first, last, kinds.IDENTIFIER_DATE, self.name, SHAPED)


def _is_month_alone(passage: Passage, index: int) -> bool:
    word, before = passage.low(index), passage.low(index - 1)
    if word in SHORT_MONTHS:
        return False
    if word == "may":
        return before in _DATING - {"this", "for", "on", "by"}
    if word == "march":
        return before in _DATING
    return True


def _after_month(passage: Passage, month: int, *, day_before: bool) -> int:
    """Give the last token of day and year after a month, or the month's own place."""
    ahead = month + 1
    while passage.low(ahead) in {".", "the", ","} and ahead <= month + 2:
        ahead += 1
    plain_year = year(passage, ahead)
    if plain_year:
        return plain_year.last
    day = day_number(passage, ahead)
    if day is None:
        return _year_after(passage, month, full=not day_before)
    return _year_after(passage, day.last, full=False)


def _year_after(passage: Passage, last: int, *, full: bool) -> int:
    ahead = last + 1
    while passage.low(ahead) in {",", "of", "in"} and ahead <= last + 1:
        ahead += 1
    found: Numeral | None = year(passage, ahead)
    if found is None and (not full or passage.low(ahead - 1) == "of"):
        found = short_year(passage, ahead)
        if found and passage.low(found.last + 1) in {"am", "pm", ":", "o'clock", "thirty", "fifteen"}:
            found = None
    return found.last if found else last


def _before_month(passage: Passage, month: int) -> int:
    """Give the first token of the day and weekday before a month, or the month's own place."""
    first = month
    end = month - 2 if passage.low(month - 1) == "of" else month - 1
    year_follows = short_year(passage, month + 1) is not None
    for start in (end - 2, end - 1, end):
        if start < 0:
            continue
        plain = end == month - 1 and (written(passage, start) or (year_follows and below_hundred(passage, start)))
        day = day_ordinal(passage, start) or plain or None
        if day and day.last == end and 1 <= day.value <= 31:
            first = start - 1 if passage.low(start - 1) == "the" else start
            break
    back = first - 2 if passage.low(first - 1) in {",", "the"} else first - 1
    return back if passage.low(back) in WEEKDAYS else first
