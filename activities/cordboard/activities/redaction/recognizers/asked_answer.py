"""Answers to a question for an identifier, which are identifiers whatever they look like."""

from collections.abc import Iterator

from cordboard.activities.redaction.finding import ASKED, Finding, tokens_finding
from cordboard.activities.redaction.passage import Passage
from cordboard.activities.redaction.word_sets import words

# An answer of these words alone gives nothing away: the caller asks back, or agrees.
_CHATTER = words(
    """
    yes yeah yep yup no nope nah sure okay ok alright right well um uh er oh hmm hold on a one moment second
    minute just let me check find it sorry pardon what was that again please can could you repeat say slower i
    don't do not know remember have with the question my your is mean why need thanks thank wait hang get grab go
    ahead of course didn't hear understand what's that's fine to for this hello hi there rather prefer won't want
    tell give mhm who which where when how if it's ready looking up think thinking i'd i'll i've i'm card wallet
    purse see look put gonna going come maybe believe guess bear glasses reading pen paper drawer kitchen car
    trying forgot forget off top head offhand now here asking asked private comfortable giving out over said
    already told gave front same as before ask use did does keep new different in hand email e-mail got any it
    """
)


class AskedAnswer:
    """Finds the whole of an answer when the question before it asked for an identifier."""

    name = "asked_answer"

    def find(self, passage: Passage) -> Iterator[Finding]:
        """Give the whole utterance, unless it is nothing but chatter; tags inside stay as they are."""
        telling = [token for token in passage.tokens if token.kind in {"word", "number"} and token.low not in _CHATTER]
        if not passage.asked_for or not telling:
            return
        first = 0
        for index in range(len(passage) + 1):
            if index == len(passage) or passage.tokens[index].kind == "tag":
                if first < index and _says_something(passage, first, index):
                    yield tokens_finding(passage, first, index - 1, passage.asked_for[0], self.name, ASKED)
                first = index + 1


def _says_something(passage: Passage, first: int, end: int) -> bool:
    return any(token.kind in {"word", "number"} and token.low not in _CHATTER for token in passage.tokens[first:end])
