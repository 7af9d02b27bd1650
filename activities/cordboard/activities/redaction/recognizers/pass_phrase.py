"""Passwords, user names and file names, which are words: `my password is bluebird seven`."""

from collections.abc import Iterator

from cordboard.activities.redaction.finding import LABELLED, Finding, tokens_finding
from cordboard.activities.redaction.lexicon import FUNCTION_WORDS, is_unknown
from cordboard.activities.redaction.numerals import NUMBER_WORDS
from cordboard.activities.redaction.passage import ENDS, Passage
from cordboard.activities.redaction.word_sets import words
from cordboard.wrap_up.v1 import transcript_pb2 as kinds
from cordboard.wrap_up.v1.transcript_pb2 import Identifier

_SITES = words("instagram facebook twitter tiktok snapchat skype whatsapp venmo telegram insta")
_LABELS: dict[tuple[str, ...], Identifier.ValueType] = {
    ("password",): kinds.IDENTIFIER_OTHER,
    ("passphrase",): kinds.IDENTIFIER_OTHER,
    ("security", "word"): kinds.IDENTIFIER_OTHER,
    ("code", "word"): kinds.IDENTIFIER_OTHER,
    ("username",): kinds.IDENTIFIER_OTHER,
    ("user", "name"): kinds.IDENTIFIER_OTHER,
    ("screen", "name"): kinds.IDENTIFIER_OTHER,
    ("login", "name"): kinds.IDENTIFIER_OTHER,
    ("plate", "says"): kinds.IDENTIFIER_VEHICLE,
    ("plate", "reads"): kinds.IDENTIFIER_VEHICLE,
    **{(site,): kinds.IDENTIFIER_OTHER for site in _SITES},
    ("user", "name's"): kinds.IDENTIFIER_OTHER,
    ("username's",): kinds.IDENTIFIER_OTHER,
    ("password's",): kinds.IDENTIFIER_OTHER,
    ("answer",): kinds.IDENTIFIER_OTHER,
    ("security", "answer"): kinds.IDENTIFIER_OTHER,
    ("handle",): kinds.IDENTIFIER_OTHER,
    ("photo", "is", "called"): kinds.IDENTIFIER_PHOTO,
    ("picture", "is", "called"): kinds.IDENTIFIER_PHOTO,
}
_LINKS = frozenset({"is", "was", ":", "it's", "would", "be", "called"})
_PICTURES = frozenset({"jpg", "jpeg", "png", "gif", "heic", "bmp", "tiff"})
_JOINTS = frozenset({"dot", ".", "underscore", "_", "dash", "-"})
_CALLED = words("is called named it's file picture photo")
_LONGEST = 8


class PassPhrase:
    """Finds secrets and names of files that are said as words."""

    name = "pass_phrase"

    def find(self, passage: Passage) -> Iterator[Finding]:
        """Give what follows `password is` and the like, and each file name of a picture."""
        for index in range(len(passage)):
            for phrase, identifier in _LABELS.items():
                if passage.phrase_ends(index, phrase):
                    yield from self._after(passage, index, identifier)
            if passage.low(index) in _PICTURES and passage.low(index - 1) in {"dot", "."}:
                first = _file_start(passage, index)
                yield tokens_finding(passage, first, index, kinds.IDENTIFIER_PHOTO, self.name, LABELLED)

    def _after(self, passage: Passage, label: int, identifier: Identifier.ValueType) -> Iterator[Finding]:
        first = label + 1
        while passage.low(first) in _LINKS:
            first += 1
        told = passage.low(label) in {"called", "says", "reads"} or passage.low(label).endswith("'s")
        rare = (
            first < len(passage)
            and passage.low(label) in {"username", "name"}
            and is_unknown(passage.tokens[first].root)
        )
        if first == label + 1 and not told and not rare:
            return
        last = first - 1
        while last + 1 < len(passage) and last + 1 - first < _LONGEST:
            token = passage.tokens[last + 1]
            stops = token.low in FUNCTION_WORDS - NUMBER_WORDS or token.low in ENDS | {","} or token.kind == "tag"
            if stops and not (token.glued and token.low not in ENDS):
                break
            last += 1
        if last >= first:
            yield tokens_finding(passage, first, last, identifier, self.name, LABELLED)


def _file_start(passage: Passage, ending: int) -> int:
    first = ending - 1
    while first > 0 and ending - first < 16:
        behind = passage.tokens[first - 1]
        short = len(behind.low) <= 1 or behind.kind == "number" or behind.low in NUMBER_WORDS
        if not (short or behind.low in _JOINTS or passage.low(first) in _JOINTS) or behind.kind == "tag":
            called = behind.kind == "word" and passage.low(first - 2) in _CALLED
            return first - 1 if called and behind.low not in _CALLED else first
        first -= 1
    return first
