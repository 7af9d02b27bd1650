"""Towns, counties and neighbourhoods; states and countries are no identifiers."""

from collections.abc import Iterator

from cordboard.activities.redaction.finding import GUESSED, LIKELY, SHAPED, Finding, tokens_finding
from cordboard.activities.redaction.lexicon import (
    COUNTRIES,
    FUNCTION_WORDS,
    STATES,
    is_common,
    is_name,
    is_only_a_name,
    is_unknown,
)
from cordboard.activities.redaction.passage import Passage
from cordboard.activities.redaction.town_tail import state_end, town_end, town_tail
from cordboard.activities.redaction.word_sets import phrases, words
from cordboard.wrap_up.v1 import transcript_pb2 as kinds

_LEADS = phrases(
    """
    live in|lives in|living in|lived in|born in|raised in|stay in|moved from|in from|flew from|down from|over from|
    moved to|moving to|up in|i'm from|am from|over in|out in|down in|here from|office in|drive from|come from|
    back in|coming from|from near|city of|town of|village of|house in|clinic in|hospital in|he's from|she's from|
    we're from|way from|outside of|just outside|staying in|calling from|relocated to|location in|work in|works in|
    reside in|based in|traveling to|flying to|vacation in|up from|native of|neighborhood of|i'm in|we're in
    """
)
_PLACE_LEADS = frozenset({"in", "from", "near", "to", "at", "around", "outside", "through", "of", "by", ","})
_FEATURES = words("bay pass lake camp fort mount port cape isle")
_FEATURE_ENDS = words(
    """
    beach springs falls island canyon valley lake river creek bay harbor hills hill grove ridge shores point bluff
    bluffs creek crossing mesa acres pines meadows pond station glen rapids forks junction landing city heights park
    """
)
_AREA_WORDS = words(
    """
    county parish township borough heights village neighborhood district hall tower towers lodge ranch villa inn
    residence gardens estates apartments terrace center institute foundation building stadium arena drug mall
    airport plaza commons
    """
)


class Place:
    """Finds towns of the list, words after a phrase of dwelling, and areas named by their kind."""

    name = "place"

    def find(self, passage: Passage) -> Iterator[Finding]:
        """Give each place with the state and zip code after it."""
        for index in range(len(passage)):
            if not passage.is_word(index):
                continue
            last = self._listed(passage, index)
            if last is None:
                last = self._dwelling(passage, index)
            if last is None:
                last = self._before_state(passage, index)
            if last is not None:
                end = town_tail(passage, last)
                yield tokens_finding(passage, index, end, kinds.IDENTIFIER_LOCATION, self.name, LIKELY)
            yield from self._area(passage, index)
            yield from self._feature(passage, index)

    def _listed(self, passage: Passage, index: int) -> int | None:
        last = town_end(passage, index)
        if last is None:
            return None
        words = [passage.low(place) for place in range(index, last + 1)]
        if words == ["new", "york"]:
            return last
        # `mobile`, `reading`, `orange` are words first, `tyler` a name, `washington` a state.
        vague = last == index and (is_common(words[0]) or is_name(words[0]) or words[0] in STATES)
        placed = passage.low(index - 1) in _PLACE_LEADS - {"of", "by", "to", ","} or self._led(passage, index)
        followed = state_end(passage, last + 1 + (passage.low(last + 1) == ",")) is not None
        return (
            last if not vague or followed or (placed and not is_common(words[0])) or self._led(passage, index) else None
        )

    def _led(self, passage: Passage, index: int) -> bool:
        return any(passage.phrase_ends(index - 1, lead) for lead in _LEADS)

    def _dwelling(self, passage: Passage, index: int) -> int | None:
        """Read what follows `i live in` as a place, if it is no ordinary word."""
        if not self._led(passage, index):
            return None
        last = index - 1
        while last - index < 2 and passage.is_word(last + 1):
            word = passage.low(last + 1)
            vague = is_common(word) or word in STATES or word in COUNTRIES
            capital = passage.is_cased and passage.tokens[last + 1].text[0].isupper()
            if word in FUNCTION_WORDS or (vague and not capital) or not (is_unknown(word) or is_name(word) or capital):
                break
            last += 1
        alone = {passage.low(place) for place in range(index, last + 1)} <= STATES | COUNTRIES
        return last if last >= index and not alone else None

    def _before_state(self, passage: Passage, index: int) -> int | None:
        """Read a rare word before a state as a town: `in ypsilanti michigan`."""
        after = index + 1 + (passage.low(index + 1) == ",")
        if state_end(passage, after) is None or passage.low(index) in STATES:
            return None
        placed = passage.low(index - 1) in _PLACE_LEADS
        word = passage.low(index)
        rare = is_unknown(word) or (placed and is_name(word))
        return index if rare and word not in FUNCTION_WORDS else None

    def _feature(self, passage: Passage, index: int) -> Iterator[Finding]:
        """Find `lake tahoe`, `camp pendleton`, `tybee island`, and rare words after a word of place."""
        after = passage.tokens[index + 1] if passage.is_word(index + 1) else None
        if passage.low(index) in _FEATURES and after and (is_unknown(after.root) or is_only_a_name(after.root)):
            further = index + 2 if passage.low(index + 2) in {"east", "west", "north", "south"} else index + 1
            end = town_tail(passage, further)
            yield tokens_finding(passage, index, end, kinds.IDENTIFIER_LOCATION, self.name, LIKELY)
        if passage.low(index) in {"san", "santa"} and after and after.low not in FUNCTION_WORDS:
            end = town_tail(passage, index + 1)
            yield tokens_finding(passage, index, end, kinds.IDENTIFIER_LOCATION, self.name, LIKELY)
        root = passage.tokens[index].root
        owned = is_name(root) and passage.low(index).endswith("'s")
        if (is_unknown(root) or owned) and passage.low(index) not in FUNCTION_WORDS and len(root) > 3:
            if passage.low(index + 1) in _FEATURE_ENDS:
                end = town_tail(passage, index + 1)
                yield tokens_finding(passage, index, end, kinds.IDENTIFIER_LOCATION, self.name, LIKELY)
            elif not owned and passage.low(index - 1) in _PLACE_LEADS - {"of", "by", ",", "to"}:
                yield tokens_finding(
                    passage, index, town_tail(passage, index), kinds.IDENTIFIER_LOCATION, self.name, GUESSED
                )

    def _area(self, passage: Passage, index: int) -> Iterator[Finding]:
        if passage.low(index) not in _AREA_WORDS or index == 0:
            return
        word = passage.low(index - 1)
        capital = passage.is_cased and passage.tokens[index - 1].text[:1].isupper()
        if (
            not passage.is_word(index - 1)
            or word in FUNCTION_WORDS
            or (is_common(word) and not is_name(word) and not capital)
        ):
            return
        first = index - 1
        yield tokens_finding(passage, first, town_tail(passage, index), kinds.IDENTIFIER_LOCATION, self.name, SHAPED)
