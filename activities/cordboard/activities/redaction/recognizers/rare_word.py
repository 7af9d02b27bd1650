"""Words that no list knows: in phone speech they are names far more often than not."""

from collections.abc import Iterator

from cordboard.activities.redaction.finding import GUESSED, Finding, tokens_finding
from cordboard.activities.redaction.lexicon import FUNCTION_WORDS, is_unknown
from cordboard.activities.redaction.name_words import NEVER_NAMES
from cordboard.activities.redaction.passage import Passage
from cordboard.wrap_up.v1 import transcript_pb2 as kinds

_SHORTEST = 4


class RareWord:
    """Finds words that are neither common nor of the language of care; when in doubt, they go."""

    name = "rare_word"

    def find(self, passage: Passage) -> Iterator[Finding]:
        """Give each such word as a name, the least certain of all findings."""
        for index, token in enumerate(passage.tokens):
            known = token.low in FUNCTION_WORDS or token.low in NEVER_NAMES or not is_unknown(token.root)
            stem = token.root[:-1] if token.root.endswith("s") else token.root
            if token.kind == "word" and not known and len(token.root) >= _SHORTEST and is_unknown(stem):
                yield tokens_finding(passage, index, index, kinds.IDENTIFIER_NAME, self.name, GUESSED)
