"""Names of people: after words that introduce one, and names that are nothing but names."""

from collections.abc import Callable, Iterator

from cordboard.activities.redaction.finding import GUESSED, LABELLED, LIKELY, SHAPED, Finding, tokens_finding
from cordboard.activities.redaction.lexicon import FUNCTION_WORDS, is_given_name, is_name, is_only_a_name, is_unknown
from cordboard.activities.redaction.name_words import (
    JOINING,
    LEADS,
    NEVER_NAMES,
    PARTICLES,
    RELATIONS,
    TITLES,
    WEAK_LEADS,
)
from cordboard.activities.redaction.passage import Passage
from cordboard.activities.redaction.word_sets import phrases, words
from cordboard.wrap_up.v1 import transcript_pb2 as kinds

_LONGEST = 5
_FILLERS = frozenset({"is", ":", "uh", "um", "it's", "was", ",", "a", "like"})
_AFTER_OWN_NAME = words("calling speaking from again here i i'm and")
_ASKING = {
    "ask": words("in at about for"),
    "tell": words("that i i'm"),
    "let": words("know"),
    "hey": words("it's this i'm"),
    "hi": words("it's this i'm"),
    "hello": words("it's this i'm"),
}
_DOING = words(
    """
    gave is was said told drove has will can called and picked brought who needs wants had could would lives called
    comes helps takes does drives works thinks says knows looks picks watches stays
    """
)
_ARTICLES = words(
    """
    the a my your her his our another any that this each family eye foot what which no every new old good
    """
)
_NOT_DOCTORS = words(
    """
    visit appointment office note order bill shopping time number name side insurance school work people everyone staff
    there again back in law old year age house car prescription medication who which that one two three with without
    """
)
_NICKNAMES = frozenset({"big", "little", "lil", "old", "crazy"})
_GIVEN_WORDS = words(
    """
    april june rose grace mark dawn joy hope faith amber crystal daisy ruby pearl violet ivy lily iris hazel holly robin
    frank grant lance hunter mason drew gene ray penny sandy misty melody summer autumn brandy jade jasmine rusty skip
    buck earl duke dale nick rob pat art max olive clay reed cliff
    """
)
_DESKS = phrases("at the front desk|at the desk|in billing|in scheduling|in records|at reception|in the lab")
# A walker is a device first, but not after a given name.
_FURTHER = words("junior jr senior sr walker")
_TELLING = phrases("tell him|tell her|tell them|let him know|let her know")
_NAME_PARTICLES = PARTICLES - {"ben", "san", "st", "ter", "las", "los", "o", "du"}
Accepts = Callable[[Passage, int], bool]


class PersonName:
    """Finds names of callers, their people and those who treat them."""

    name = "person_name"

    def find(self, passage: Passage) -> Iterator[Finding]:
        """Give each name; those that are introduced may be any word, the others must be known as names."""
        for index in range(len(passage)):
            yield from self._introduced(passage, index)
        index = 0
        while index < len(passage):
            last = self._known(passage, index)
            if last is not None:
                first = _initials_before(passage, _given_before(passage, index))
                yield tokens_finding(passage, first, last, kinds.IDENTIFIER_NAME, self.name, LIKELY)
                yield from self._beside(passage, last)
            else:
                yield from self._after_initials(passage, index)
            index = index + 1 if last is None else last + 1

    def _introduced(self, passage: Passage, index: int) -> Iterator[Finding]:
        """Find the name after an introduction that ends at a place."""
        if any(passage.phrase_ends(index, lead) for lead in LEADS):
            yield from self._after(passage, index + 1, _is_any_word, LABELLED)
        elif passage.low(index) in TITLES and self._titled_word(passage, index):
            first = index + 2 if passage.low(index + 1) == "." else index + 1
            yield from self._after(passage, first, _is_any_word, LABELLED)
        elif _ends_asking(passage, index + 2):
            yield from self._after(passage, index + 1, _is_any_word, GUESSED)
        elif passage.low(index) in TITLES:
            first = index + 2 if passage.low(index + 1) == "." else index + 1
            yield from self._after(passage, first, _is_listed, LABELLED)
        elif passage.low(index) in RELATIONS and passage.low(index - 1) in {"my", "his", "her", "our", "your", "the"}:
            named = passage.low(index + 1) in {"is", "named", "called"} and passage.low(index - 1) == "my"
            any_name = passage.low(index - 1) in {"my", "his", "her", "our"} and passage.low(index + 2) in _DOING
            accepts = _is_plain_noun if any_name else _is_given
            yield from self._after(passage, index + 1 + named, accepts, SHAPED)
        elif any(passage.phrase_ends(index, lead) for lead in WEAK_LEADS):
            yield from self._after(passage, index + 1, _is_name_alone, SHAPED)

    def _after(self, passage: Passage, first: int, accepts: Accepts, weight: int) -> Iterator[Finding]:
        while accepts is _is_any_word and passage.low(first) in _FILLERS:
            first += 1
        particle = (
            passage.low(first) in _NAME_PARTICLES and first + 1 < len(passage) and _is_further(passage, first + 1)
        )
        if particle and accepts is not _is_name_alone:
            last = name_end(passage, first + 1)
            yield tokens_finding(passage, first, last, kinds.IDENTIFIER_NAME, self.name, weight)
        elif passage.is_word(first) and passage.low(first) not in NEVER_NAMES and accepts(passage, first):
            last = _family_after(passage, first, name_end(passage, first), accepts)
            yield tokens_finding(passage, first, last, kinds.IDENTIFIER_NAME, self.name, weight)

    def _beside(self, passage: Passage, last: int) -> Iterator[Finding]:
        """Find the second of two names, where it is a word as well: `jessica not amber`, `maria and hope`."""
        joint = passage.low(last + 1) in {"not", "and", "or"}
        if joint and passage.low(last + 2) in _GIVEN_WORDS:
            yield tokens_finding(passage, last + 2, last + 2, kinds.IDENTIFIER_NAME, self.name, GUESSED)
        if passage.low(last + 1) == "and" and passage.low(last + 2) in {"sons", "daughters", "associates", "partners"}:
            yield tokens_finding(passage, last, last + 2, kinds.IDENTIFIER_NAME, self.name, GUESSED)

    def _titled_word(self, passage: Passage, index: int) -> bool:
        """Tell whether any word after a title is a name: after `mrs`, and after `doctor` without an article."""
        title = passage.low(index)
        if title in {"mr", "mrs", "ms", "mister", "missus"}:
            return True
        ahead = passage.low(index + 1)
        bare = index > 0 and passage.low(index - 1) not in _ARTICLES
        return (
            title in {"doctor", "dr"} and bare and ahead not in _NOT_DOCTORS and not ahead.endswith(("ed", "ing", "s"))
        )

    def _two_common(self, passage: Passage, index: int) -> int | None:
        """Find `april sanders` and `rose at the front desk`, names of words that are common."""
        if passage.low(index) not in _GIVEN_WORDS or passage.low(index - 1) in {"in", "of", "the", "since", "a"}:
            return None
        after = passage.low(index + 1)
        family = passage.is_word(index + 1) and is_name(passage.tokens[index + 1].root) and after not in NEVER_NAMES
        desk = any(passage.phrase_starts(index + 1, place) for place in _DESKS)
        return index + 1 if family and len(after) > 2 else index if desk else None

    def _after_initials(self, passage: Passage, index: int) -> Iterator[Finding]:
        """Find `t j baker`: two initials before a family name that is a word as well."""
        if passage.is_word(index) and is_name(passage.tokens[index].root) and len(passage.low(index)) > 2:
            first = _initials_before(passage, index)
            if index - first >= 2 and passage.low(index) not in NEVER_NAMES:
                yield tokens_finding(passage, first, index, kinds.IDENTIFIER_NAME, self.name, LIKELY)

    def _known(self, passage: Passage, index: int) -> int | None:
        if not passage.is_word(index):
            return None
        root = passage.tokens[index].root
        if not is_only_a_name(root) and not (is_unknown(root) and len(root) > 3):
            return self._two_common(passage, index)
        return None if passage.low(index) in NEVER_NAMES else name_end(passage, index)


def _family_after(passage: Passage, first: int, last: int, accepts: Accepts) -> int:
    """Take one more word for the family name where a caller gives theirs: `this is rosalind pike, i'm ...`."""
    told = accepts is _is_any_word or passage.low(first - 1) in {"is", "i'm", "am"}
    word = passage.low(last + 1)
    if not told or last > first or not passage.is_word(last + 1) or word in NEVER_NAMES or len(word) < 3:
        return last
    ending = (
        last + 2 >= len(passage) or passage.tokens[last + 2].kind == "mark" or passage.low(last + 2) in FUNCTION_WORDS
    )
    known = is_only_a_name(passage.tokens[first].root) or accepts is _is_any_word
    return last + 1 if ending and known and not word.endswith(("ing", "ed", "ly")) else last


def name_end(passage: Passage, first: int) -> int:
    """Give the last token of the name that begins at a place."""
    last, place = first, first + 1
    while place < len(passage) and place - first < _LONGEST + 2:
        token = passage.tokens[place]
        hyphened = token.low in JOINING and token.glued and passage.is_word(place + 1)
        if hyphened and passage.tokens[place + 1].glued:
            last, place = place + 1, place + 2
        elif _is_joint(passage, place, last):
            place += 1
        elif token.kind == "word" and _is_further(passage, place):
            last, place = place, place + 1
        else:
            break
    return last


def _is_joint(passage: Passage, place: int, last: int) -> bool:
    """Tell whether an initial, a particle or a dot stands before more of a name: `j r lopez`, `de la cruz`."""
    token = passage.tokens[place]
    if not passage.is_word(place + 1):
        return False
    further = _is_further(passage, place + 1)
    if token.kind == "word" and len(token.low) == 1:
        particle = passage.low(place + 1) in PARTICLES and place + 2 < len(passage) and _is_further(passage, place + 2)
        named = is_name(passage.tokens[place + 1].root) and is_only_a_name(passage.tokens[last].root)
        family = named or is_only_a_name(passage.tokens[place + 1].root)
        return particle or (token.low not in {"i", "a"} and family)
    if token.low in PARTICLES:
        return further or (passage.low(place + 1) in PARTICLES and _is_joint(passage, place + 1, last))
    return token.low == "." and len(passage.low(last)) <= 2 and further


def _is_any_word(passage: Passage, index: int) -> bool:
    return len(passage.low(index)) > 1 or passage.is_word(index + 1)


def _is_listed(passage: Passage, index: int) -> bool:
    """Tell whether a word can be a name after a title: listed, unknown, or with a capital amid small letters."""
    return is_name(passage.tokens[index].root) or _looks_rare(passage, index)


def _is_given(passage: Passage, index: int) -> bool:
    """Tell whether a word can be a name after a relation."""
    return is_given_name(passage.tokens[index].root) or _looks_rare(passage, index)


def _is_name_alone(passage: Passage, index: int) -> bool:
    """Tell whether a word can be a name after a word that introduces other things as well."""
    if is_only_a_name(passage.tokens[index].root) or _looks_rare(passage, index):
        return True
    told = passage.phrase_ends(index - 1, ("this", "is")) and passage.low(index + 1) in {"from", "calling", "speaking"}
    if told and passage.low(index) not in _NOT_DOCTORS:
        return True
    if not is_given_name(passage.tokens[index].root):
        return False
    after = passage.tokens[index + 1].root if index + 1 < len(passage) else ""
    said = passage.low(index - 1) in {"is", "hi", "hello", "it's"} and after in _AFTER_OWN_NAME
    return said or is_only_a_name(after)


def _is_plain_noun(passage: Passage, index: int) -> bool:
    low = passage.low(index)
    return _is_given(passage, index) or (low not in _NOT_DOCTORS and not low.endswith(("ed", "ing", "ly")))


def _ahead(passage: Passage, index: int, count: int) -> set[str]:
    return {passage.low(place) for place in range(index + 1, index + 1 + count)}


def _ends_asking(passage: Passage, index: int) -> bool:
    """Tell whether a word at a place ends what is said to somebody: `ask rocky in`, `tell him big al called`."""
    if any(passage.phrase_ends(index - 2, lead) for lead in _TELLING) and "called" in _ahead(passage, index - 2, 4):
        return True
    asking = passage.low(index - 2)
    plain = "'" not in passage.low(index - 1)
    return plain and passage.low(index) in _ASKING.get(asking, ())


def _looks_rare(passage: Passage, index: int) -> bool:
    token = passage.tokens[index]
    capital = passage.is_cased and token.text[0].isupper() and len(token.text) > 1 and index > 0
    return is_unknown(token.root) or (capital and passage.low(index - 1) not in {".", "?", "!"})


def _is_further(passage: Passage, index: int) -> bool:
    """Tell whether a word goes on a name that has begun."""
    token = passage.tokens[index]
    if token.low in NEVER_NAMES or len(token.low) < 2:
        return False
    capital = token.text[0].isupper() and (passage.is_cased or (len(token.text) > 1 and not token.text.isupper()))
    return is_name(token.root) or is_unknown(token.root) or capital or token.low in _FURTHER


def _initials_before(passage: Passage, index: int) -> int:
    """Reach back to initials: `t j miller`, `j. lopez`."""
    first = index
    if passage.low(first - 1) in _NICKNAMES:
        return first - 1
    if passage.low(first - 1) in {"girl", "boy"} and passage.low(first - 2) == "baby":
        return first - 2
    while first > 0 and (_is_initial(passage, first - 1) or (passage.low(first - 1) == "." and first > 1)):
        if passage.low(first - 1) == "." and not _is_initial(passage, first - 2):
            break
        first -= 1
    return first


def _is_initial(passage: Passage, index: int) -> bool:
    low = passage.low(index)
    return passage.is_word(index) and len(low) == 1 and low != "i" and (low != "a" or _is_initial(passage, index + 1))


def _given_before(passage: Passage, index: int) -> int:
    """Reach back to a given name that is a word as well: `hope ramirez`, `mark lopez`."""
    before = index - 1
    while before >= 0 and passage.low(before) in _NAME_PARTICLES and passage.is_word(before):
        index, before = before, before - 1
    if before < 0 or not passage.is_word(before) or passage.low(before) in NEVER_NAMES:
        return index
    return before if is_name(passage.tokens[before].root) and is_unknown(passage.tokens[index].root) else index
