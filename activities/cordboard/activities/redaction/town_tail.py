"""The end of an address: town, state, zip code."""

from cordboard.activities.redaction.code_runs import atom_at
from cordboard.activities.redaction.lexicon import STATE_CODES, STATES, TWO_WORD_STATES, is_city, is_common, is_unknown
from cordboard.activities.redaction.passage import Passage


def state_end(passage: Passage, index: int) -> int | None:
    """Give the last token of a state's name at a place."""
    pair = (passage.low(index), passage.low(index + 1))
    if pair in TWO_WORD_STATES:
        return index + 1
    if passage.low(index) in STATES:
        return index
    if passage.low(index) in STATE_CODES and 0 <= index < len(passage) and passage.tokens[index].text.isupper():
        return index
    return None


def town_end(passage: Passage, index: int) -> int | None:
    """Give the last token of a listed town's name at a place, the longest that fits."""
    for length in (3, 2, 1):
        words = [passage.low(place) for place in range(index, index + length)]
        if all(words) and is_city(" ".join(words)):
            return index + length - 1
    return None


def town_tail(passage: Passage, last: int) -> int:
    """Give the last token of town, state and zip code that follow a street or town, or the place itself."""
    ahead = _over_joints(passage, last + 1)
    town = town_end(passage, ahead)
    if town is None:
        town = _town_before_state(passage, ahead)
    end = last if town is None else town
    state = state_end(passage, _over_joints(passage, end + 1))
    if state is not None:
        end = state
    code = _zip_end(passage, _over_joints(passage, end + 1))
    return code if code is not None and end > last else end


def _over_joints(passage: Passage, index: int) -> int:
    while passage.low(index) in {",", "in", "."} and index < len(passage) - 1:
        index += 1
    return index


def _town_before_state(passage: Passage, index: int) -> int | None:
    """Find a town that no list has, by the state after it: `elm grove wisconsin`."""
    for length in (1, 2):
        words = [passage.low(index + offset) for offset in range(length)]
        named = all(passage.is_word(index + offset) for offset in range(length))
        after = _over_comma(passage, index + length)
        if named and state_end(passage, after) is not None and not all(map(_is_plain, words)):
            return index + length - 1
    return index if is_unknown(passage.low(index)) and passage.low(index - 1) == "in" else None


def _over_comma(passage: Passage, index: int) -> int:
    return index + 1 if passage.low(index) == "," else index


def _is_plain(word: str) -> bool:
    return is_common(word) and word in {"in", "is", "the", "and", "my", "from", "of", "to", "at", "for", "here"}


def _zip_end(passage: Passage, index: int) -> int | None:
    digits, last = "", index
    if passage.low(index) == "zip":
        index += 2 if passage.low(index + 1) == "code" else 1
    while len(digits) < 9:
        atom = atom_at(passage, index)
        if atom is None or not (atom.value.isdigit() or atom.value == "o"):
            break
        digits, last = digits + atom.value, atom.last
        index = last + 1 + (passage.low(last + 1) == "-")
    return last if len(digits) in {5, 9} else None
