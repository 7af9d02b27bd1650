"""Numbers as people say them: cardinals, days of the month, years."""

from typing import NamedTuple

from cordboard.activities.redaction.passage import Passage

ONES = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
}
ZEROS = frozenset({"zero", "oh", "o", "nought", "null"})
TEENS = {
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "thirteen": 13,
    "fourteen": 14,
    "fifteen": 15,
    "sixteen": 16,
    "seventeen": 17,
    "eighteen": 18,
    "nineteen": 19,
}
TENS = {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fourty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
ORDINALS = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
    "eleventh": 11,
    "twelfth": 12,
    "thirteenth": 13,
    "fourteenth": 14,
    "fifteenth": 15,
    "sixteenth": 16,
    "seventeenth": 17,
    "eighteenth": 18,
    "nineteenth": 19,
    "twentieth": 20,
    "thirtieth": 30,
}
NUMBER_WORDS = frozenset({*ONES, *ZEROS, *TEENS, *TENS, "hundred", "thousand", "double", "triple"})


class Numeral(NamedTuple):
    """A number and the last token it is made of."""

    value: int
    last: int


def below_hundred(passage: Passage, index: int) -> Numeral | None:
    """Read a spoken number from 1 to 99 at a place: `nine`, `nineteen`, `ninety`, `ninety nine`, `ninety-nine`."""
    word = passage.low(index)
    if word in ONES:
        return Numeral(ONES[word], index)
    if word in TEENS:
        return Numeral(TEENS[word], index)
    if word in TENS:
        ahead = index + 2 if passage.low(index + 1) == "-" else index + 1
        if passage.low(ahead) in ONES:
            return Numeral(TENS[word] + ONES[passage.low(ahead)], ahead)
        return Numeral(TENS[word], index)
    return None


def written(passage: Passage, index: int) -> Numeral | None:
    """Read digits at a place, up to six of them."""
    word = passage.low(index)
    return Numeral(int(word), index) if word.isascii() and word.isdigit() and len(word) <= 6 else None


def cardinal(passage: Passage, index: int) -> Numeral | None:
    """Read a number below 10,000 at a place, spoken or written: `a hundred and one`, `103`."""
    digits = written(passage, index)
    if digits:
        return digits
    if passage.low(index) == "a" and passage.low(index + 1) == "hundred":
        return _rest(passage, 100, index + 1)
    start = below_hundred(passage, index)
    if start and passage.low(start.last + 1) == "hundred":
        return _rest(passage, start.value * 100, start.last + 1)
    return start


def _rest(passage: Passage, hundreds: int, last: int) -> Numeral:
    ahead = last + 2 if passage.low(last + 1) == "and" else last + 1
    rest = below_hundred(passage, ahead)
    return Numeral(hundreds + rest.value, rest.last) if rest else Numeral(hundreds, last)


def day_ordinal(passage: Passage, index: int) -> Numeral | None:
    """Read an ordinal from 1 to 31 at a place: `third`, `twenty third`, `3rd`."""
    word = passage.low(index)
    if word[:1].isdigit() and word[-2:] in {"st", "nd", "rd", "th"}:
        value = int(word[:-2])
        return Numeral(value, index) if 1 <= value <= 31 else None
    if word in ORDINALS:
        return Numeral(ORDINALS[word], index)
    if word in {"twenty", "thirty"}:
        ahead = index + 2 if passage.low(index + 1) == "-" else index + 1
        ones = ORDINALS.get(passage.low(ahead), 99)
        value = TENS[word] + ones
        return Numeral(value, ahead) if ones < 10 and value <= 31 else None
    return None


def day_number(passage: Passage, index: int) -> Numeral | None:
    """Read a day of the month at a place, ordinal or cardinal."""
    ordinal = day_ordinal(passage, index)
    if ordinal:
        return ordinal
    plain = written(passage, index) or below_hundred(passage, index)
    return plain if plain and 1 <= plain.value <= 31 else None


def year(passage: Passage, index: int) -> Numeral | None:
    """Read a year between 1900 and 2099 at a place: `nineteen sixty two`, `two thousand five`, `2021`, `'62`."""
    digits = written(passage, index)
    if digits is not None:
        return digits if 1900 <= digits.value <= 2099 and len(passage.low(index)) == 4 else None
    if passage.low(index) == "two" and passage.low(index + 1) == "thousand":
        rest = _rest(passage, 2000, index + 1)
        return rest if rest.value <= 2099 else None
    century = {"nineteen": 1900, "twenty": 2000}.get(passage.low(index))
    if century is None:
        return None
    if passage.low(index + 1) == "hundred":
        return _rest(passage, century, index + 1)
    if passage.low(index + 1) in ZEROS and passage.low(index + 2) in ONES:
        return Numeral(century + ONES[passage.low(index + 2)], index + 2)
    ahead = index + 2 if passage.low(index + 1) == "-" and century == 1900 else index + 1
    tail = below_hundred(passage, ahead)
    return Numeral(century + tail.value, tail.last) if tail and tail.value >= 10 else None


def short_year(passage: Passage, index: int) -> Numeral | None:
    """Read a year, or the two digits of one: `sixty two`, `oh five`, `81`."""
    full = year(passage, index)
    if full:
        return full
    if passage.low(index) in {"'", "’"}:
        index += 1
    if passage.low(index) in ZEROS and passage.low(index + 1) in ONES:
        return Numeral(ONES[passage.low(index + 1)], index + 1)
    digits = written(passage, index)
    if digits and len(passage.low(index)) == 2:
        return digits
    spoken = below_hundred(passage, index)
    return spoken if spoken and spoken.value >= 10 else None
