"""Tags within a call: the same person, number or place has the same tag wherever it is said."""

from collections.abc import Sequence

from cordboard.activities.redaction.passage import TAG
from cordboard.activities.redaction.values import TEXTUAL, name_words, value_of
from cordboard.wrap_up.v1 import transcript_pb2 as kinds
from cordboard.wrap_up.v1.transcript_pb2 import Identifier


class TagBook:
    """Gives tags such as `[NAME-1]` to the values of one call, numbered by kind in order of first use."""

    def __init__(self, texts: Sequence[str] = ()) -> None:
        """Begin after the tags that stand in the call's texts already, whose values nobody knows any more."""
        self._used: dict[str, int] = {}
        self._values: dict[tuple[Identifier.ValueType, str], str] = {}
        self._people: list[tuple[frozenset[str], str]] = []
        for text in texts:
            for tag in TAG.findall(text):
                kind, number = tag[1:-1].rsplit("-", 1)
                self._used[kind] = max(self._used.get(kind, 0), int(number))

    def learn_people(self, names: Sequence[str]) -> None:
        """Give tags to the full names of a call first, so that a part of one is known as the same person."""
        said = [name_words(name) for name in names]
        full = [words for words in said if not any(words < other for other in said)]
        for words in full:
            if not any(words == known for known, _ in self._people):
                self._people.append((words, self._next(kinds.IDENTIFIER_NAME)))

    def tag(self, identifier: Identifier.ValueType, text: str) -> str:
        """Give the tag of a value; a name that is part of a known one has that one's tag."""
        if identifier == kinds.IDENTIFIER_NAME:
            return self._person(name_words(text))
        value = value_of(identifier, text)
        # The same number is the same thing, whatever it was taken for where it was said.
        key = (identifier if identifier in TEXTUAL else kinds.IDENTIFIER_OTHER, value)
        if key not in self._values:
            self._values[key] = self._next(identifier)
        return self._values[key]

    def _person(self, words: frozenset[str]) -> str:
        for known, tag in self._people:
            if words <= known:
                return tag
        tag = self._next(kinds.IDENTIFIER_NAME)
        self._people.append((words, tag))
        return tag

    def _next(self, identifier: Identifier.ValueType) -> str:
        kind = Identifier.Name(identifier).removeprefix("IDENTIFIER_")
        self._used[kind] = self._used.get(kind, 0) + 1
        return f"[{kind}-{self._used[kind]}]"
