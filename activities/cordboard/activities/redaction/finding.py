"""What a recogniser says: these characters identify somebody, in this way."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from cordboard.activities.redaction.passage import Passage
from cordboard.wrap_up.v1.transcript_pb2 import Identifier

# How sure a recogniser is of the kind, which decides where findings overlap.
GUESSED, LIKELY, SHAPED, LABELLED, ASKED = 0, 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class Finding:
    """A stretch of characters that is an identifier of a kind."""

    start: int
    end: int
    identifier: Identifier.ValueType
    recognizer: str
    weight: int = SHAPED


class Recognizer(Protocol):
    """Finds identifiers of some kinds in one passage."""

    name: str

    def find(self, passage: Passage) -> Iterable[Finding]:
        """Give what is found, in any order; findings may overlap."""
        ...


def tokens_finding(
    passage: Passage, first: int, last: int, identifier: Identifier.ValueType, recognizer: str, weight: int = SHAPED
) -> Finding:
    """Make a finding of the tokens from `first` to `last`, both included."""
    return Finding(passage.tokens[first].start, passage.tokens[last].end, identifier, recognizer, weight)
