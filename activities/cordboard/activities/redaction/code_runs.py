"""Runs of digits and letters said one after the other: `four four seven`, `x y z 12`, `AB-4471`, `double five`."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from cordboard.activities.redaction.lexicon import is_common
from cordboard.activities.redaction.number_labels import is_label
from cordboard.activities.redaction.numerals import ONES, TEENS, TENS, ZEROS, below_hundred
from cordboard.activities.redaction.passage import Passage
from cordboard.activities.redaction.word_sets import words

_ALPHABET = words(
    """
    alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike november oscar papa
    quebec romeo sierra tango uniform victor whiskey xray yankee zulu
    """
)
NATO = {word: word[0] for word in _ALPHABET}
# What may stand inside a run without being part of its value.
_SEPARATORS = words(
    """
    - – , ( ) / # + : _ . dash hyphen slash dot point underscore colon uh um er space then apostrophe capital
    uppercase lowercase
    """
)
_DOTS = frozenset({".", "dot", "point"})
_HOMOPHONES = {"to": "2", "too": "2", "for": "4", "ate": "8"}
_LETTER_LEADS = words(
    """
    is number plate id with code license vin serial it's registration certificate policy chart record member group
    account passport tag card permit reference confirmation claim case badge says ends starts in licence ref address
    model
    """
)


@dataclass(frozen=True, slots=True)
class Atom:
    """One digit, group of digits or letter, and the last token it is made of."""

    value: str
    last: int
    # `digit`, `group`, `letter`, `word` (of a spelling alphabet) or `written`
    style: str


@dataclass(frozen=True)
class CodeRun:
    """Atoms in a row, from the token `first` to the token `last`."""

    first: int
    last: int
    atoms: tuple[Atom, ...]
    separators: frozenset[str]

    @cached_property
    def value(self) -> str:
        """Digits and letters without anything between; an `o` among digits is a zero."""
        parts = [atom.value for atom in self.atoms]
        for place, part in enumerate(parts):
            near = parts[max(place - 1, 0) : place] + parts[place + 1 : place + 2]
            if part == "o" and any(other.isdigit() for other in near):
                parts[place] = "0"
        return "".join(parts)

    @property
    def digits(self) -> int:
        """How many digits it has."""
        return sum(character.isdigit() for character in self.value)

    @property
    def letters(self) -> int:
        """How many letters it has."""
        return len(self.value) - self.digits

    @property
    def one_by_one(self) -> bool:
        """Whether each digit was said by itself, as no quantity and no time of day is."""
        return all(atom.style in {"digit", "letter", "word"} for atom in self.atoms)

    @property
    def dotted(self) -> bool:
        """Whether a dot or point stands in it, as in addresses, versions and decimals."""
        return bool(self.separators & _DOTS)


def code_runs(passage: Passage) -> Iterator[CodeRun]:
    """Give the runs of a passage in order; runs do not overlap."""
    index = 0
    while index < len(passage):
        run = _run_at(passage, index)
        if run is None:
            index += 1
            continue
        index = run.last + 1
        trimmed = _trimmed(passage, run)
        if trimmed:
            yield trimmed


def _run_at(passage: Passage, first: int) -> CodeRun | None:
    atom = atom_at(passage, first)
    if atom is None:
        return None
    atoms, separators = [atom], set[str]()
    while True:
        ahead, between = _skip(passage, atoms[-1].last + 1)
        following = atom_at(passage, ahead) or _homophone(passage, atoms[-1], ahead)
        if following is None:
            break
        atoms.append(following)
        separators |= between
    return CodeRun(first, atoms[-1].last, tuple(atoms), frozenset(separators))


def _skip(passage: Passage, index: int) -> tuple[int, set[str]]:
    seen: set[str] = set()
    for _ in range(3):
        word = passage.low(index)
        if word == "and" and passage.low(index + 1) == "then":
            index += 2
        elif word in _SEPARATORS:
            seen.add(word)
            index += 1
        else:
            break
    return index, seen


def _homophone(passage: Passage, before: Atom, index: int) -> Atom | None:
    """Read `to` as two and `for` as four where digits are said one by one on both sides."""
    digit = _HOMOPHONES.get(passage.low(index))
    if digit is None or before.style != "digit":
        return None
    after = passage.low(index + 1)
    return Atom(digit, index, "digit") if after in ONES or after in ZEROS else None


def _trimmed(passage: Passage, run: CodeRun) -> CodeRun | None:
    """Take off an article or pronoun that only looks like a letter; a lone word of a spelling alphabet is a word."""
    atoms, first = run.atoms, run.first
    while atoms and atoms[0].value in {"a", "i"} and atoms[0].style == "letter":
        if len(atoms) > 1 and atoms[1].style == "letter":
            break
        if passage.low(first - 1) in _LETTER_LEADS or is_label(passage.low(first - 1)):
            break
        atoms, first = atoms[1:], atoms[1].last if len(atoms) > 1 else first
        if atoms:
            first = _first_token(passage, run, atoms)
    if not atoms or (len(atoms) == 1 and atoms[0].style == "word"):
        return None
    return CodeRun(first, atoms[-1].last, atoms, run.separators)


def _first_token(passage: Passage, run: CodeRun, atoms: tuple[Atom, ...]) -> int:
    behind = run.atoms[len(run.atoms) - len(atoms) - 1].last + 1
    return _skip(passage, behind)[0]


def atom_at(passage: Passage, index: int) -> Atom | None:
    """Read one digit, group of digits or letter at a place."""
    if not 0 <= index < len(passage):
        return None
    token = passage.tokens[index]
    word = token.low
    if token.kind == "number":
        return Atom(word, index, "written") if word.isdigit() else None
    if token.kind != "word":
        return None
    if word in {"double", "triple", "treble"}:
        return _repeated(passage, index, 2 if word == "double" else 3)
    if word in ONES or word in TEENS or word in TENS or word in ZEROS:
        return _spoken(passage, index)
    if len(word) == 1 and word.isascii():
        return Atom(word, _end_of_letter(passage, index), "letter")
    if word in {"star", "pound", "hash", "plus"}:
        ahead = passage.low(index + 1)
        return Atom("", index, "digit") if ahead in ONES or ahead in ZEROS or ahead.isdigit() else None
    if word in NATO and _is_near_code(passage, index):
        return Atom(NATO[word], index, "word")
    return _glued_letters(passage, index)


def _spoken(passage: Passage, index: int) -> Atom | None:
    word = passage.low(index)
    if word in ZEROS:
        return Atom("o" if word == "o" else "0", index, "digit")
    small = below_hundred(passage, index)
    if small is None:
        return None
    size = passage.low(small.last + 1)
    if size not in {"hundred", "thousand"}:
        return Atom(str(small.value), small.last, "digit" if word in ONES else "group")
    ahead = small.last + 3 if passage.low(small.last + 2) == "and" else small.last + 2
    # `eight hundred five five five` is dialled as 800 555; `three hundred and five` is a number.
    joined = passage.low(small.last + 2) == "and" or passage.low(ahead) in TENS or passage.low(ahead) in TEENS
    rest = below_hundred(passage, ahead) if joined and size == "hundred" else None
    if rest and passage.low(rest.last + 1) not in {*ONES, *ZEROS}:
        return Atom(str(small.value * 100 + rest.value), rest.last, "group")
    return Atom(str(small.value * (100 if size == "hundred" else 1000)), small.last + 1, "group")


def _repeated(passage: Passage, index: int, times: int) -> Atom | None:
    if passage.low(index + 1) == "u" and times == 2:
        return Atom("w", index + 1, "letter")
    following = atom_at(passage, index + 1) if passage.low(index + 1) not in {"double", "triple", "treble"} else None
    if following is None or len(following.value) != 1:
        return None
    return Atom(following.value * times, following.last, following.style)


def _end_of_letter(passage: Passage, index: int) -> int:
    """Give the last token of a letter with its explanation: `b`, `b as in boy`, `b for boy`, `b like boy`."""
    letter = passage.low(index)
    ahead = index + 2 if passage.low(index + 1) == "," else index + 1
    if passage.low(ahead) in {"as", "is"} and passage.low(ahead + 1) in {"in", "an"} and passage.is_word(ahead + 2):
        return ahead + 2
    if passage.low(ahead) in {"for", "like", "as"} and passage.low(ahead + 1).startswith(letter):
        return ahead + 1 if len(passage.low(ahead + 1)) > 1 else index
    return index


def _is_near_code(passage: Passage, index: int) -> bool:
    """Tell whether a word of a spelling alphabet stands beside a letter, a digit or another such word."""
    near = {passage.low(index - 1), passage.low(index + 1)}
    return any(word in NATO or word in ONES or word in ZEROS or (len(word) == 1 and word.isalnum()) for word in near)


def _glued_letters(passage: Passage, index: int) -> Atom | None:
    """Read letters that are written together with digits: `AB4471`, `XYZ-4471`, `7ABC123`."""
    token = passage.tokens[index]
    if len(token.low) > 4 or not token.low.isascii() or not token.low.isalpha() or is_label(token.low):
        return None
    if (
        len(token.low) in {2, 3}
        and not set(token.low) & set("aeiouy")
        and not is_label(token.low)
        and not is_common(token.low)
    ):
        # `xyz one two three`: no word of English; letters, if a number or an explanation follows.
        ahead = passage.low(index + 1)
        if (
            ahead in ONES
            or ahead in ZEROS
            or ahead in TENS
            or ahead in TEENS
            or passage.phrase_starts(index + 1, ("as", "in"))
        ):
            return Atom(token.low, index + 3 if ahead == "as" else index, "letter")
    capital = token.text.isupper()
    hyphened = passage.low(index + 1) in {"-", "–"} and passage.tokens[index + 1].glued
    beside = index + 1 + hyphened
    after = beside < len(passage) and passage.tokens[beside].kind == "number" and passage.tokens[beside].glued
    back = index - 1 - (passage.low(index - 1) in {"-", "–"})
    before = token.glued and back >= 0 and passage.tokens[back].kind == "number"
    spaced = capital and len(token.low) > 1 and _is_number(passage, index + 1) and passage.is_cased
    return Atom(token.low, index, "written") if after or before or spaced else None


def _is_number(passage: Passage, index: int) -> bool:
    return 0 <= index < len(passage) and passage.tokens[index].kind == "number" and len(passage.low(index)) >= 3
