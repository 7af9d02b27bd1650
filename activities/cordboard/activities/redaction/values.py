"""What a span says, written in one way, so that the same value is known again."""

from cordboard.activities.redaction.calendar_words import MONTHS, SHORT_MONTHS
from cordboard.activities.redaction.code_runs import code_runs
from cordboard.activities.redaction.lexicon import FUNCTION_WORDS, is_common, is_name
from cordboard.activities.redaction.name_words import PARTICLES, RELATIONS, TITLES
from cordboard.activities.redaction.numerals import ZEROS, cardinal, day_number, year
from cordboard.activities.redaction.passage import Passage
from cordboard.wrap_up.v1 import transcript_pb2 as kinds
from cordboard.wrap_up.v1.transcript_pb2 import Identifier

TEXTUAL = {kinds.IDENTIFIER_NAME, kinds.IDENTIFIER_LOCATION, kinds.IDENTIFIER_DATE}
_SAID_AS = {
    "dot": ".",
    "underscore": "_",
    "dash": "-",
    "hyphen": "-",
    "slash": "/",
    "at": "@",
    "@": "@",
    ".": ".",
    "_": "_",
    "-": "-",
    "/": "/",
    "point": ".",
}


def name_words(text: str) -> frozenset[str]:
    """Give the words of a name that tell who it is: without titles and particles, spelled ones put together."""
    passage = Passage(text)
    runs = {place for run in code_runs(passage) for place in range(run.first, run.last + 1)}
    spelled = {run.value for run in code_runs(passage) if run.letters >= 2 and not run.digits}
    plain = {
        token.root
        for place, token in enumerate(passage.tokens)
        if token.kind == "word"
        and place not in runs
        and token.low not in TITLES | RELATIONS | PARTICLES | FUNCTION_WORDS
    }
    telling = {word for word in plain if is_name(word) or not is_common(word)}
    return frozenset((telling or plain) | spelled) or frozenset({text.casefold()})


def code_value(text: str) -> str:
    """Give digits and letters of a code without anything between: `five five five` and `555` are the same."""
    passage = Passage(text)
    return "".join(run.value for run in code_runs(passage)) or "".join(filter(str.isalnum, text.casefold()))


def address_value(text: str) -> str:
    """Give an e-mail or web address as it is typed: `j dot smith at x dot com` and `j.smith@x.com` are the same."""
    passage = Passage(text)
    codes = {run.first: run for run in code_runs(passage) if not run.dotted and not run.separators}
    made, index = "", 0
    while index < len(passage):
        run = codes.get(index)
        made += run.value if run else _SAID_AS.get(passage.low(index), passage.low(index))
        index = run.last + 1 if run else index + 1
    return made


def date_value(text: str) -> str:
    """Give a date's parts as numbers: `may fourth nineteen sixty two` and `5/4/1962` are the same."""
    passage = Passage(text)
    month, parts, index = "", list[str](), 0
    while index < len(passage):
        word = passage.low(index)
        number = year(passage, index) or day_number(passage, index) or cardinal(passage, index)
        if word in MONTHS or word in SHORT_MONTHS:
            month = str(MONTHS.get(word, SHORT_MONTHS.get(word, 0)))
        elif number:
            parts, index = [*parts, str(number.value)], number.last
        elif passage.tokens[index].kind == "word" and word not in FUNCTION_WORDS | ZEROS | {"slash", "dash"}:
            parts.append(word)
        index += 1
    return " ".join([month, *parts] if month else parts) or text.casefold()


def value_of(identifier: Identifier.ValueType, text: str) -> str:
    """Give the value of a span of any kind but a name."""
    if identifier == kinds.IDENTIFIER_DATE:
        return date_value(text)
    if identifier in {kinds.IDENTIFIER_EMAIL, kinds.IDENTIFIER_URL}:
        return address_value(text)
    if identifier in TEXTUAL:
        return " ".join(token.low for token in Passage(text).tokens if token.kind != "mark")
    return code_value(text)
