"""Values that were found once and stand elsewhere in the call: found again, and looked for when all is done."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cordboard.activities.redaction.code_runs import code_runs
from cordboard.activities.redaction.finding import GUESSED, Finding, tokens_finding
from cordboard.activities.redaction.lexicon import FUNCTION_WORDS, is_common, is_only_a_name
from cordboard.activities.redaction.numerals import NUMBER_WORDS, ORDINALS
from cordboard.activities.redaction.passage import Passage
from cordboard.activities.redaction.values import code_value, name_words
from cordboard.wrap_up.v1 import transcript_pb2 as kinds
from cordboard.wrap_up.v1.transcript_pb2 import Identifier

NAME = "echo"
# Shorter numbers say nothing by themselves: `92` may be an age here and a pulse there.
SHORTEST_CODE = 4


@dataclass(frozen=True)
class KnownValues:
    """What the spans of a call say, as words in a row, as words of names, and as codes."""

    phrases: Mapping[tuple[str, ...], Identifier.ValueType]
    names: frozenset[str]
    codes: Mapping[str, Identifier.ValueType]


def known_values(originals: Sequence[tuple[Identifier.ValueType, str]]) -> KnownValues:
    """Gather the values of a call's spans that are telling enough to be looked for."""
    phrases: dict[tuple[str, ...], Identifier.ValueType] = {}
    names: set[str] = set()
    codes: dict[str, Identifier.ValueType] = {}
    for identifier, original in originals:
        words = tuple(token.low for token in Passage(original).tokens if token.kind in {"word", "number"})
        if _is_telling(words):
            phrases.setdefault(words, identifier)
        if identifier == kinds.IDENTIFIER_NAME:
            names |= {word for word in name_words(original) if len(word) >= 3 and is_only_a_name(word)}
        value = code_value(original)
        if sum(character.isdigit() for character in value) >= SHORTEST_CODE and code_runs_fill(original):
            vague = codes.get(value, kinds.IDENTIFIER_OTHER) == kinds.IDENTIFIER_OTHER
            codes[value] = identifier if vague else codes[value]
    return KnownValues(phrases, frozenset(names), codes)


def code_runs_fill(original: str) -> bool:
    """Tell whether a text is one run of digits and letters and nothing else."""
    passage = Passage(original)
    runs = list(code_runs(passage))
    return len(runs) == 1 and runs[0].first == 0 and runs[0].last == len(passage) - 1


def _is_telling(words: tuple[str, ...]) -> bool:
    if all(word in NUMBER_WORDS or word in ORDINALS or word in FUNCTION_WORDS for word in words):
        return len(words) >= SHORTEST_CODE
    if len(words) == 1:
        return len(words[0]) >= 3 and not is_common(words[0])
    return True


def echoes(passage: Passage, known: KnownValues) -> Iterator[Finding]:
    """Give each place of a passage where a known value stands."""
    places = [place for place, token in enumerate(passage.tokens) if token.kind in {"word", "number"}]
    lows = [passage.low(place) for place in places]
    by_first: dict[str, list[tuple[str, ...]]] = {}
    for phrase in known.phrases:
        by_first.setdefault(phrase[0], []).append(phrase)
    for at, low in enumerate(lows):
        for phrase in by_first.get(low, ()):
            if tuple(lows[at : at + len(phrase)]) == phrase and _in_a_row(places, at, len(phrase), passage):
                last = places[at + len(phrase) - 1]
                yield tokens_finding(passage, places[at], last, known.phrases[phrase], NAME, GUESSED)
        if passage.tokens[places[at]].root in known.names:
            yield tokens_finding(passage, places[at], places[at], kinds.IDENTIFIER_NAME, NAME, GUESSED)
    for run in code_runs(passage):
        for code, identifier in known.codes.items():
            if code in run.value:
                yield tokens_finding(passage, run.first, run.last, identifier, NAME, GUESSED)
        if run.value in known.names:
            yield tokens_finding(passage, run.first, run.last, kinds.IDENTIFIER_NAME, NAME, GUESSED)


def _in_a_row(places: Sequence[int], at: int, length: int, passage: Passage) -> bool:
    """Tell whether no tag stands between the words of a phrase."""
    return not any(passage.tokens[place].kind == "tag" for place in range(places[at], places[at + length - 1]))
