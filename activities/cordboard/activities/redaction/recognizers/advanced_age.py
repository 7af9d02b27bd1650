"""Ages over 89, which identify as dates do (45 CFR 164.514(b)(2)(i)(C))."""

from collections.abc import Iterator

from cordboard.activities.redaction.finding import SHAPED, Finding, tokens_finding
from cordboard.activities.redaction.numerals import Numeral, cardinal
from cordboard.activities.redaction.passage import Passage
from cordboard.activities.redaction.quantity import UNITS
from cordboard.activities.redaction.word_sets import words
from cordboard.wrap_up.v1 import transcript_pb2 as kinds

YOUNGEST, OLDEST = 90, 125
_PEOPLE = words(
    """
    i'm he's she's i he she mom mother dad father husband wife grandmother grandma grandfather grandpa uncle aunt
    patient mama papa nana who who's neighbor granny im hes shes they're sister brother she'll he'll i'll they'll
    she'd he'd nan aunt auntie
    """
)
_BECOMING = words(
    """
    turned turning turns aged age nearly almost over past at of about is was be just now already
    """
)
_YEARS = (
    ("years", "old"),
    ("year", "old"),
    ("-", "year", "-", "old"),
    ("years", "of", "age"),
    ("yrs", "old"),
    ("y", "o"),
    ("years", "young"),
    ("yo",),
    ("-", "year", "old"),
)
_NOT_AGES = (UNITS - {"years", "year"}) | {"point", "%", "out"}


class AdvancedAge:
    """Finds ages of 90 and more beside a word of age or a person."""

    name = "advanced_age"

    def find(self, passage: Passage) -> Iterator[Finding]:
        """Give each number of years that is said as an age."""
        index = 0
        while index < len(passage):
            number = cardinal(passage, index)
            if number is None:
                decade = self._decade(passage, index)
                if decade is not None:
                    yield decade
                index += 1
                continue
            if YOUNGEST <= number.value <= OLDEST and _is_age(passage, index, number):
                yield tokens_finding(passage, index, number.last, kinds.IDENTIFIER_DATE, self.name, SHAPED)
            index = number.last + 1

    def _decade(self, passage: Passage, index: int) -> Finding | None:
        """Find `in her nineties`."""
        if passage.low(index) in {"nineties", "90s"} and passage.low(index - 1) in {"his", "her", "my", "their"}:
            return tokens_finding(passage, index, index, kinds.IDENTIFIER_DATE, self.name, SHAPED)
        return None


def _is_age(passage: Passage, index: int, number: Numeral) -> bool:
    if any(passage.phrase_starts(number.last + 1, years) for years in _YEARS):
        return True
    after = passage.low(number.last + 1)
    decimal = after == "." and number.last + 2 < len(passage) and passage.tokens[number.last + 2].glued
    if (after in _NOT_AGES and after != ".") or decimal:
        return False
    if passage.low(index - 1) == "to" and passage.low(index - 2) in {"lived", "live", "it"}:
        return True
    before, earlier = _person(passage, index - 1), _person(passage, index - 2)
    if before in {"pushing", "nearing", "turn", "hit", "reach", "reached", "turned", "turning", "turns", "aged", "age"}:
        return True
    if before in _PEOPLE - {"i", "he", "she", "who"}:
        return True
    near = {_person(passage, place) for place in range(index - 7, index)}
    linked = before in _BECOMING or before in {"am", "gonna", "be"}
    return (
        linked
        and bool(near & _PEOPLE or earlier in {"aged", "age"})
        and not near & {"pressure", "rate", "weigh", "weight", "fever", "temperature", "temp", "degrees"}
    )


def _person(passage: Passage, index: int) -> str:
    """Give a word; one in the genitive without its ending, where that is a person: `grandma's`."""
    low = passage.low(index)
    bare = low.removesuffix("'s")
    return bare if low not in _PEOPLE and bare in _PEOPLE else low
