"""Street addresses: `four twenty one maple avenue apartment three b`, post boxes, corners."""

from collections.abc import Iterator

from cordboard.activities.redaction.code_runs import atom_at
from cordboard.activities.redaction.finding import LABELLED, LIKELY, Finding, tokens_finding
from cordboard.activities.redaction.lexicon import FUNCTION_WORDS, is_only_a_name, is_unknown
from cordboard.activities.redaction.numerals import NUMBER_WORDS, ORDINALS, day_ordinal
from cordboard.activities.redaction.passage import ENDS, Passage
from cordboard.activities.redaction.quantity import UNITS
from cordboard.activities.redaction.street_words import DIRECTIONS, STREET_NAMES
from cordboard.activities.redaction.town_tail import town_tail
from cordboard.activities.redaction.word_sets import phrases, words
from cordboard.wrap_up.v1 import transcript_pb2 as kinds

_SUFFIXES = words(
    """
    street avenue ave road rd lane ln boulevard blvd court drive place circle terrace parkway pkwy highway hwy trail
    loop pike alley plaza turnpike crescent causeway freeway st dr ct pl way square row crossing run route cove ridge
    point bend hollow landing mews commons path walk
    """
)
# Suffixes that are ordinary words as well: only a house number before makes an address of them.
_WEAK_SUFFIXES = words(
    """
    st dr ct pl way square row crossing run route drive place court circle cove ridge point bend hollow landing mews
    commons path walk loop trail plaza pike alley lane terrace
    """
)
_UNITS = words("apartment apt unit box suite ste floor number building bldg lot room # trailer space")
_NUMBERED = words("building bldg ward precinct lot terminal unit")
_GENERIC = words(
    """
    the a this that my your our one main next same other wrong which what whole first side across down off on dead
    end long back no hard easy only every each own busy quiet
    """
)
_PLACING = words("on onto at off of from to near down along by over past beside behind cross")
_NOT_STREETS = FUNCTION_WORDS | words(
    """
    social disability welfare benefits fixed income campus base time average medication medications insulin oxygen
    dialysis earth planet land water nothing weekends weekdays monday tuesday wednesday thursday friday saturday
    sunday top bottom hospice tea coffee rice ramen tips site grid
    """
)
_DWELLING = words("live lives living address spot place house home apartment at is to moved")
_LETTERS = words("n s e w ne nw se sw")
_NOT_ALONE = words("market state center front water high spring first")
_LIVING = phrases(
    "live on|lives on|living on|lived on|house on|apartment on|office on|clinic on|place on|store on|house is on|"
    "over on|out on|up on|down on|turn on|place is on|apartment is on|live off|just off|office is on|lives off|i'm on"
)
_ORDINAL_TENS = words("twenty thirty forty fifty sixty seventy eighty ninety hundred")


class StreetAddress:
    """Finds house numbers with streets, streets alone, post boxes and corners, with the town after them."""

    name = "street_address"

    def find(self, passage: Passage) -> Iterator[Finding]:
        """Give each address from its house number to its town, state and zip code."""
        for index in range(len(passage)):
            if passage.low(index) in _SUFFIXES and passage.is_word(index):
                first = _street_start(passage, index)
                if first is not None:
                    last = _unit_end(passage, index)
                    yield self._found(passage, first, town_tail(passage, last))
            yield from self._post_box(passage, index)
            yield from self._corner(passage, index)
            yield from self._numbered_road(passage, index)
            yield from self._lived_on(passage, index)
            yield from self._without_kind(passage, index)
            yield from self._unit_alone(passage, index)
            yield from self._named_only(passage, index)

    def _found(self, passage: Passage, first: int, last: int) -> Finding:
        return tokens_finding(passage, first, last, kinds.IDENTIFIER_LOCATION, self.name, LABELLED)

    def _post_box(self, passage: Passage, index: int) -> Iterator[Finding]:
        lead = 0
        if passage.phrase_starts(index, ("p", "o", "box")) or passage.phrase_starts(index, ("post", "office", "box")):
            lead = 3
        elif passage.phrase_starts(index, ("po", "box")):
            lead = 2
        elif passage.phrase_starts(index, ("p", ".", "o", ".", "box")):
            lead = 5
        elif passage.low(index) == "box" and passage.low(index - 1) in {"to", "at", "is"}:
            lead = 1
        last = _numbers_end(passage, index + lead) if lead else None
        if last is not None:
            yield self._found(passage, index, town_tail(passage, last))

    def _corner(self, passage: Passage, index: int) -> Iterator[Finding]:
        if not passage.phrase_starts(index, ("corner", "of")):
            return
        for middle in range(index + 3, min(index + 6, len(passage))):
            if passage.low(middle) == "and" and passage.is_word(middle + 1):
                last = middle + 1
                if passage.low(last + 1) in _SUFFIXES:
                    last += 1
                yield self._found(passage, index + 2, last)
                return

    def _numbered_road(self, passage: Passage, index: int) -> Iterator[Finding]:
        """Find `route nine`, `highway sixty one`, `interstate 95` after a word of place."""
        if passage.low(index) not in {"route", "highway", "interstate", "hwy", "road"}:
            return
        if passage.low(index) == "road" and passage.low(index - 1) not in {"county", "state", "farm", "township"}:
            return
        last = _numbers_end(passage, index + 1)
        if last is not None:
            first = index
            if passage.low(index - 1) in {"county", "state", "rural", "farm", "township", "us"}:
                first -= 1
            house = _house_start(passage, first)
            yield self._found(passage, first if house is None else house, town_tail(passage, _unit_end(passage, last)))

    def _without_kind(self, passage: Passage, index: int) -> Iterator[Finding]:
        """Find `six eighteen north walnut`, `108 maple`, `on pine`, `cedar and main`, `tenth and eleventh`."""
        word = passage.low(index)
        street = word in STREET_NAMES or (word in ORDINALS and word != "second")
        if (
            passage.low(index - 1) == "at"
            and passage.low(index + 1) == "and"
            and passage.low(index + 2) in STREET_NAMES
        ):
            yield self._found(passage, index, index + 2)
        if not passage.is_word(index) or not (street or passage.low(index - 1) in DIRECTIONS - _LETTERS):
            return
        turned = passage.low(index - 1) in DIRECTIONS
        house = _house_start(passage, index - turned)
        numbered = house is not None and index - turned - house >= 2 and word not in ORDINALS
        if numbered and word not in FUNCTION_WORDS and passage.low(index + 1) not in UNITS:
            yield self._found(passage, house or 0, town_tail(passage, _unit_end(passage, index)))
        other = passage.low(index + 2)
        crossing = passage.low(index + 1) == "and" and (other in STREET_NAMES or other in ORDINALS)
        placed = passage.low(index - 1) in _PLACING | {"between", "and"}
        if street and crossing and (placed or not {word, other} <= set(ORDINALS)):
            yield self._found(passage, index, index + 2)
        ends = index + 1 == len(passage) or passage.low(index + 1) in FUNCTION_WORDS or not passage.is_word(index + 1)
        if street and ends and passage.low(index - 1) == "on" and word not in _NOT_ALONE:
            yield self._found(passage, index, index)

    def _unit_alone(self, passage: Passage, index: int) -> Iterator[Finding]:
        """Find `apartment five c` where the street was said before."""
        numbered = passage.low(index) in _NUMBERED and passage.low(index - 1) not in {"a", "an", "per", "one"}
        if passage.low(index) in {"apartment", "apt", "suite"} or numbered:
            last = _numbers_end(passage, index + 1)
            further = last if last is None else _unit_end(passage, last)
            if last is not None and further is not None and passage.low(further + 1) not in UNITS - {"by"}:
                yield self._found(passage, index, further)

    def _named_only(self, passage: Passage, index: int) -> Iterator[Finding]:
        """Find `thirty oh six cesar chavez`: a house number and a name, after a word of dwelling."""
        if not passage.is_word(index) or not _is_proper(passage, index) or _is_proper(passage, index - 1):
            return
        house = _house_start(passage, index)
        near = {passage.low(place) for place in range((house or index) - 5, house or index)}
        if house is not None and index - house >= 2 and near & _DWELLING:
            last = index
            while _is_proper(passage, last + 1):
                last += 1
            yield self._found(passage, house, town_tail(passage, last))

    def _lived_on(self, passage: Passage, index: int) -> Iterator[Finding]:
        """Find a street without its kind: `i live on elm`."""
        if not any(passage.phrase_ends(index, lead) for lead in _LIVING):
            return
        last = index
        if passage.low(index - 1) in {"i'm"} and passage.low(index + 2) not in _SUFFIXES:
            return
        while last - index < 2 and passage.is_word(last + 1) and passage.low(last + 1) not in _NOT_STREETS:
            last += 1
        if last > index:
            yield tokens_finding(passage, index + 1, last, kinds.IDENTIFIER_LOCATION, self.name, LIKELY)


def _is_proper(passage: Passage, index: int) -> bool:
    if not passage.is_word(index):
        return False
    root = passage.tokens[index].root
    return is_only_a_name(root) or is_unknown(root)


def _street_start(passage: Passage, suffix: int) -> int | None:
    """Give the first token of the street that ends in a suffix, its house number included."""
    first, names = suffix, 0
    while first > 0 and names < 4:
        behind = first - 1
        word = passage.low(behind)
        if word in ENDS or word == "," or passage.tokens[behind].kind in {"tag", "mark"}:
            if word != "." or passage.low(behind - 1) not in DIRECTIONS:
                break
        elif (
            (_is_house_number(passage, behind) and not _is_ordinal_part(passage, behind, first))
            or word in FUNCTION_WORDS - {"main", "first"} - set(ORDINALS)
            or word in _GENERIC - {"main", "first"}
        ):
            break
        first, names = behind, names + 1
    if first == suffix:
        return None
    house = _house_start(passage, first)
    if house is not None:
        return _unit_before(passage, house)
    bare = passage.low(suffix)
    placed = passage.low(first - 1) in {*_PLACING}
    strong = bare not in _WEAK_SUFFIXES or (placed and bare in {"lane", "drive", "court", "place", "way", "terrace"})
    named = any(passage.low(index) not in _GENERIC - {"main"} for index in range(first, suffix))
    return first if strong and named and (placed or suffix - first <= 2) and bare not in {"way", "place"} else None


def _unit_before(passage: Passage, house: int) -> int:
    """Give the first token of `unit 14,` before a house number, or the number's own place."""
    for lead in (house - 2, house - 3, house - 4):
        if lead >= 0 and passage.low(lead) in _UNITS - {"number", "#", "room"}:
            return lead
    return house


def _is_house_number(passage: Passage, index: int) -> bool:
    token = passage.tokens[index]
    return (token.kind == "number" and token.low.isdigit()) or token.low in NUMBER_WORDS


def _is_ordinal_part(passage: Passage, index: int, ahead: int) -> bool:
    """Tell whether a number word belongs to the street's own number: `fifty seventh street`."""
    word = passage.low(index)
    return (word in _ORDINAL_TENS and passage.low(ahead) in ORDINALS) or day_ordinal(passage, index) is not None


def _house_start(passage: Passage, street: int) -> int | None:
    """Give the first token of the house number before a street, or nothing."""
    first = street
    while first > 0 and street - first < 6:
        behind = first - 1
        word = passage.low(behind)
        number = _is_house_number(passage, behind) or word == "hundred"
        joint = word in {"-", "and"} and first < street and _is_house_number(passage, behind - 1)
        letter = len(word) == 1 and passage.tokens[first].kind == "number" and passage.tokens[first].glued
        suffix = len(word) == 1 and word in "bcd" and first == street and _is_house_number(passage, behind - 1)
        if not (number or joint or letter or suffix):
            break
        first = behind
    return first if first < street else None


def _unit_end(passage: Passage, last: int) -> int:
    """Give the last token of `apartment three b`, `unit 9`, `# 4` after a street, or the street's own."""
    if passage.low(last + 1) in DIRECTIONS and passage.low(last + 2) != "of":
        last += 1
    ahead = last + 1
    while passage.low(ahead) in {",", "."}:
        ahead += 1
    if passage.low(ahead) not in _UNITS:
        return last
    end = _numbers_end(passage, ahead + 1)
    return last if end is None else end


def _numbers_end(passage: Passage, index: int) -> int | None:
    """Give the last token of digits and letters that begin at a place."""
    if passage.low(index) == "number":
        index += 1
    last: int | None = None
    while index < len(passage):
        atom = atom_at(passage, index)
        if atom is None or (last is None and atom.value in {"i"}):
            break
        last = atom.last
        index = last + 1
        if passage.low(index) == "-":
            index += 1
    return last
