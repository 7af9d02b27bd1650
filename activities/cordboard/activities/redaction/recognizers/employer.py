"""Where somebody works, which names their employer."""

from collections.abc import Iterator

from cordboard.activities.redaction.finding import LIKELY, Finding, tokens_finding
from cordboard.activities.redaction.lexicon import FUNCTION_WORDS, is_common, is_medicine
from cordboard.activities.redaction.numerals import NUMBER_WORDS
from cordboard.activities.redaction.passage import Passage
from cordboard.activities.redaction.word_sets import phrases, words
from cordboard.wrap_up.v1 import transcript_pb2 as kinds

_LEADS = (
    ("work", "at"),
    ("works", "at"),
    ("worked", "at"),
    ("working", "at"),
    ("work", "for"),
    ("works", "for"),
    ("worked", "for"),
    ("working", "for"),
    ("employer", "is"),
    ("employed", "by"),
    ("employed", "at"),
    ("employer", "was"),
    ("insured", "through"),
    ("drive", "for"),
    ("drives", "for"),
    ("deliver", "for"),
    ("haul", "for"),
    ("cleans", "for"),
    ("clean", "for"),
    ("coverage", "from"),
    ("retired", "from"),
    ("laid", "off", "from"),
    ("hired", "by"),
    ("insured", "by"),
    ("coverage", "through"),
    ("contract", "with"),
    ("i", "manage"),
    ("my", "company"),
    ("our", "company"),
    ("company", "called"),
    ("business", "is"),
    ("job", "at"),
    ("company", "is"),
    ("insurance", "through"),
    ("is", "through"),
)
_TOLD = phrases(
    """
    employer is|employer was|insured through|is through|employed by|company is|coverage from|retired from|
    cleans for|my company|our company|company called|business is|clean for|hired by|drive for|drives for
    """
)
_FIRMS = words(
    """
    plumbing construction industries logistics incorporated inc llc corporation corp company co brothers sons
    enterprises solutions systems technologies motors airlines bank foods electric steel trucking landscaping roofing
    associates group partners services manufacturing realty insurance bakery diner cafe restaurant grill salon garage
    hardware farms dairy freight paper auto
    """
)
_LINES = words(
    """
    trucking plumbing logistics industries construction roofing landscaping airlines motors incorporated inc llc
    corporation enterprises freight express benefits consulting solutions associates partners law power energy gas
    utilities oil foods electric steel mills media mutual financial trust union brothers staffing rail
    """
)
_GENERIC = words(
    """
    policy car phone card insurance plan pays paid does has says said covers offers changed switched nurse doctor
    home night nights school work office store factory warehouse restaurant bank hospital clinic farm job desk
    computer weekends days part full time myself himself herself them me you us minimum wage free money cash peanuts
    least most first last that this same city state county government college university airport plant mill grocery
    hotel bar cafe law hours eight nine ten height heights weeks months years ages large small local big
    """
)


class Employer:
    """Finds the name after `i work at` and the like."""

    name = "employer"

    def find(self, passage: Passage) -> Iterator[Finding]:
        """Give each employer's name."""
        for index in range(len(passage)):
            if not any(passage.phrase_ends(index, lead) for lead in _LEADS):
                yield from self._firm(passage, index)
                continue
            first = index + 1 + (passage.low(index + 1) == "the")
            last = first - 1
            while last + 1 < len(passage) and last - first < 3 and _goes_on(passage, last + 1):
                last += 1
            told = any(passage.phrase_ends(index, lead) for lead in _TOLD)
            words = [passage.low(place) for place in range(first, last + 1)]
            if words and (told or not all(map(_is_plain, words)) or (words[-1] in _FIRMS and len(words) > 1)):
                yield tokens_finding(passage, first, last, kinds.IDENTIFIER_NAME, self.name, LIKELY)

    def _firm(self, passage: Passage, index: int) -> Iterator[Finding]:
        """Find `swift trucking` by its line of business."""
        if passage.low(index) not in _LINES or not passage.is_word(index - 1) or not _goes_on(passage, index - 1):
            return
        if passage.low(index - 2) in {"for", "at", "with", "by", "the"} and passage.low(index - 1) not in _GENERIC:
            yield tokens_finding(passage, index - 1, index, kinds.IDENTIFIER_NAME, self.name, LIKELY)


def _goes_on(passage: Passage, index: int) -> bool:
    word = passage.low(index)
    joint = word in {"&", "-"} or (word == "and" and passage.low(index + 1) in _FIRMS)
    plain = word in FUNCTION_WORDS or word in NUMBER_WORDS or word in _GENERIC or is_medicine(word)
    return joint or (passage.is_word(index) and not plain)


def _is_plain(word: str) -> bool:
    return is_common(word)
