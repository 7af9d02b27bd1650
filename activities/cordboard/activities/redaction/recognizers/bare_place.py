"""Names of places without an article: `she's at golden oaks`, `we live in pearl city`, `near big bear lake`."""

from collections.abc import Iterator

from cordboard.activities.redaction.finding import GUESSED, Finding, tokens_finding
from cordboard.activities.redaction.lexicon import COUNTRIES, FUNCTION_WORDS, STATES, is_medicine, is_name, is_unknown
from cordboard.activities.redaction.name_words import NEVER_NAMES
from cordboard.activities.redaction.passage import Passage
from cordboard.activities.redaction.town_tail import state_end, town_tail
from cordboard.activities.redaction.word_sets import phrases, words
from cordboard.wrap_up.v1 import transcript_pb2 as kinds

# Ordinary houses take an article after these: what has none is a name.
_STAYING = phrases(
    """
    was at|were at|i'm at|he's at|she's at|they're at|we're at|is at|am at|been at|seen at|treated at|done at|
    delivered at|surgery at|admitted to|admitted at|stayed at|staying at|lives at|appointment at|scan at|
    dialysis at|teach at|teaches at|student at|resident at|patient at|meet at|met at|evaluated at|born at|
    transferred to|transferred from|discharged from|referred to|referred by|home is|facility is|church is|
    school is|pharmacy is|hospital is|care at|therapy at|rehab at|volunteer at|live in|lives in|living in|
    lived in|born in|raised in|grew up in|reside in|staying in|moved to|moved from|grew up near|live near|
    lives near|from over in|is called|was called|sent from|took me to|took him to|took her to|took us to|
    takes me to|take me to|taken to|rushed to|brought to|sent to|sent me to|sent him to|sent her to|drove me to|
    airlifted to|i'm from|he's from|she's from|they're from|we're from|am from|originally from|comes from|
    scan from|graduated from|transfer from|surgery in|clinic in|office in|resident of
    """
)
_ALL_MINE = phrases("home is|facility is|church is|school is|pharmacy is|hospital is")
_ORDINARY = words(
    """
    home work school church night noon least most first last all times once lunch dinner breakfast bedtime rest peace
    risk high low some every town fear pain constant college public senior assisted section poverty jail prison bed
    hospice surgery hospital clinic therapy physical dialysis class large front back random peak full half daycare rehab
    closed open busy far close near great nice terrible really pretty quite across away down up out right next over
    another several different other any each both such hard good bad better worse fine slow fast crowded kind sort
    urgent emergency specialist specialists physical neurology cardiology oncology radiology dermatology orthopedics
    gynecology urology collections pediatrics someone somebody whatever where it me him her them us ten nine eight
    seven six five four three two one eleven twelve temporary military foster group apartments apartment house houses
    condo trailer tent car shelter shelters student students graduate single separate mold smoke silence misery agony
    person town suburbs suburb country city downtown hiding sin debt denial english spanish state
    """
)
_LOOKING = words(
    """
    look looking looked good bad mad yell yelled laugh laughed better great angry stare staring aim best worst
    """
)
_AT_ORDINARY = words(
    """
    night noon midnight quarter half extension exit home work school church least most first last all times once
    lunch dinner breakfast bedtime rest peace risk practice birth reception registration intake check checkout
    urgent customer physical hospice daycare college court sea dawn dusk sunrise sunset baseline capacity random
    ease fault issue hand stake play face value room body regular normal high low full half maximum minimum
    different various certain any some every other both what which who this that these those recess camp
    kindergarten preschool therapy dialysis rehab chemo training
    """
)
_FEATURE_ENDS = words(
    """
    beach springs falls island canyon valley lake river creek bay harbor hills hill grove ridge shores point bluff
    mesa acres pines meadows park city heights village rapids forks junction landing isle cove haven pass crossing
    """
)
_NEAR = words("near in from at around by outside")
_FIRST_OF_TWO = words("good new big little old long north south east west grand great")
_LONGEST = 3


class BarePlace:
    """Finds what follows a word of staying or living without an article, and features of the land after `near`."""

    name = "bare_place"

    def find(self, passage: Passage) -> Iterator[Finding]:
        """Give each such name with the state and zip code after it."""
        for index in range(len(passage)):
            last = self._stayed(passage, index)
            if last is None and passage.low(index) == "at":
                last = _at(passage, index)
            if last is None and passage.low(index) in {"from", "with", "at", "of"} and _is_introduced(passage, index):
                last = _run_end(passage, index, 4)
            if last is None and passage.low(index) in _NEAR:
                last = _feature_end(passage, index + 1) or _before_state(passage, index + 1)
            if last is None and not passage.is_word(index - 1):
                last = _in_town(passage, index)
            if last is not None:
                end = town_tail(passage, last)
                yield tokens_finding(passage, index + 1, end, kinds.IDENTIFIER_LOCATION, self.name, GUESSED)

    def _stayed(self, passage: Passage, index: int) -> int | None:
        if not any(passage.phrase_ends(index, lead) for lead in _STAYING):
            return None
        last = _run_end(passage, index, _LONGEST) or index
        said = [passage.low(place) for place in range(index + 1, last + 1)]
        if not said or set(said) <= STATES | COUNTRIES:
            return None
        mine = any(passage.phrase_ends(index, lead) for lead in _ALL_MINE)
        return last if not mine or (len(said) > 1 and not said[0].endswith(("ed", "ing", "ly"))) else None


def _run_end(passage: Passage, index: int, longest: int) -> int | None:
    """Give the last of the naming words after a place, or nothing where none follows."""
    last = index
    while last - index < longest and _names(passage, last + 1):
        last += 1
    pair = passage.low(last + 1) == "and" and last + 2 < len(passage) and last > index
    if pair and _is_proper(passage, last) and _is_proper(passage, last + 2) and _names(passage, last + 2):
        return last + 2
    ahead = last + 2 + (passage.low(last + 2) == "the")
    if last > index and passage.low(last + 1) == "of" and _names(passage, ahead) and _is_proper(passage, ahead):
        last = ahead
    return last if last > index else None


def _is_proper(passage: Passage, index: int) -> bool:
    token = passage.tokens[index]
    return is_unknown(token.root) or is_name(token.root) or (passage.is_cased and token.text[0].isupper())


def _at(passage: Passage, index: int) -> int | None:
    """Find what follows `at` without an article: `the memory unit at sunny brook`."""
    first = passage.low(index + 1)
    if passage.low(index - 1) in _LOOKING or first in _AT_ORDINARY or first.endswith(("ing", "ly", "ed")):
        return None
    return _run_end(passage, index, _LONGEST)


def _is_introduced(passage: Passage, index: int) -> bool:
    """Tell whether somebody gives their name and then where they call from: `it's dana from summit pediatrics`."""
    for lead in range(max(index - 5, 0), index - 1):
        said = passage.low(lead) in {"i'm", "it's"} or passage.phrase_starts(lead - 1, ("this", "is"))
        if said and is_name(passage.tokens[index - 1].root):
            return True
    return False


def _feature_end(passage: Passage, first: int) -> int | None:
    for last in (first + 1, first + 2):
        named = all(_names(passage, place) for place in range(first, last))
        if named and passage.low(last) in _FEATURE_ENDS:
            return last
    return None


def _in_town(passage: Passage, index: int) -> int | None:
    """Find `quarry hill in shrewsbury`: a feature of the land, then where it is."""
    last = _feature_end(passage, index + 1)
    placed = last is not None and passage.low(last + 1) == "in" and last + 2 < len(passage)
    return last if placed and _is_proper(passage, (last or 0) + 2) else None


def _before_state(passage: Passage, first: int) -> int | None:
    """Give the last word of one to three before a state: `from three rivers michigan`."""
    for last in (first, first + 1, first + 2):
        if not passage.is_word(last) or passage.low(last) in FUNCTION_WORDS - {"three", "two", "one"}:
            return None
        if passage.low(last) in STATES:
            return None
        after = last + 1 + (passage.low(last + 1) == ",")
        if state_end(passage, after) is not None:
            return last
    return None


def _names(passage: Passage, index: int) -> bool:
    word = passage.low(index)
    plain = word in FUNCTION_WORDS or word in NEVER_NAMES or word in _ORDINARY or is_medicine(word)
    if word in _FIRST_OF_TWO and passage.is_word(index + 1):
        after = passage.low(index + 1)
        return not (after in FUNCTION_WORDS or after in NEVER_NAMES or after in _ORDINARY)
    return passage.is_word(index) and not plain and len(word) > 1
