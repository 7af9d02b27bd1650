"""A passage of speech as tokens: what every recogniser reads."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from cordboard.wrap_up.v1.transcript_pb2 import Identifier

TAG = re.compile(r"\[[A-Z]+-\d+\]")
_TOKEN = re.compile(
    r"(?P<tag>\[[A-Z]+-\d+\])"
    r"|(?P<number>\d+(?:st|nd|rd|th)\b|\d+)"
    r"|(?P<word>[^\W\d_]+(?:['’][^\W\d_]+)*)"
    r"|(?P<mark>\S)",
    re.IGNORECASE,
)
# Ends of sentences: what stands before one says nothing about what stands after it.
ENDS = frozenset(".?!;")

TokenKind = Literal["tag", "number", "word", "mark"]


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a written number, a mark or a tag, with its place in the text."""

    text: str
    low: str
    start: int
    end: int
    kind: TokenKind
    # True when no space stands before it.
    glued: bool

    @property
    def root(self) -> str:
        """The word in lower case without a genitive's ending and without apostrophes."""
        bare = self.low.removesuffix("'s").removesuffix("s'")
        return (bare or self.low).replace("'", "")


class Passage:
    """One utterance's text, its tokens, and what the question before asked for."""

    def __init__(self, text: str, asked_for: Collection[Identifier.ValueType] = ()) -> None:
        self.text = text
        self.asked_for: tuple[Identifier.ValueType, ...] = tuple(asked_for)
        self.tokens: Sequence[Token] = tuple(_tokens(text))

    def __len__(self) -> int:
        return len(self.tokens)

    def low(self, index: int) -> str:
        """Give the token at a place in lower case, and nothing outside of the passage."""
        return self.tokens[index].low if 0 <= index < len(self.tokens) else ""

    def is_word(self, index: int) -> bool:
        """Tell whether a word stands at a place."""
        return 0 <= index < len(self.tokens) and self.tokens[index].kind == "word"

    def phrase_ends(self, index: int, phrase: Sequence[str]) -> bool:
        """Tell whether a phrase's last word stands at a place."""
        first = index - len(phrase) + 1
        return first >= 0 and all(self.low(first + offset) == word for offset, word in enumerate(phrase))

    def phrase_starts(self, index: int, phrase: Sequence[str]) -> bool:
        """Tell whether a phrase's first word stands at a place."""
        return all(self.low(index + offset) == word for offset, word in enumerate(phrase))

    @property
    def is_cased(self) -> bool:
        """Whether capitals tell anything here: some word has one, and it is not the only thing that is written."""
        words = [token.text for token in self.tokens if token.kind == "word" and len(token.text) > 1]
        capitals = sum(word[0].isupper() for word in words)
        return 0 < capitals < max(len(words), 2)


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    behind = -1
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        shown = match.group()
        # Tags are upper case by definition; the pattern is not.
        is_tag = kind == "tag" and TAG.fullmatch(shown) is not None
        sort: TokenKind = "tag" if is_tag else "number" if kind == "number" else "word" if kind == "word" else "mark"
        low = shown.lower().replace("’", "'")
        found.append(Token(shown, low, match.start(), match.end(), sort, match.start() == behind))
        behind = match.end()
    return found
