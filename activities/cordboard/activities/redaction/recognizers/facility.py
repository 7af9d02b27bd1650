"""Hospitals, clinics, homes, schools, pharmacies and the like, by name."""

from collections.abc import Iterator

from cordboard.activities.redaction.finding import SHAPED, Finding, tokens_finding
from cordboard.activities.redaction.lexicon import FUNCTION_WORDS, is_common, is_medicine, is_name, is_unknown
from cordboard.activities.redaction.numerals import NUMBER_WORDS, ORDINALS
from cordboard.activities.redaction.passage import Passage
from cordboard.activities.redaction.street_words import STREET_NAMES
from cordboard.activities.redaction.word_sets import words
from cordboard.wrap_up.v1 import transcript_pb2 as kinds

_KINDS = words(
    """
    hospital clinic pharmacy hospice infirmary sanatorium manor elementary university college church synagogue mosque
    temple academy dental dentistry pediatrics orthopedics orthopaedics cardiology dermatology oncology urology
    neurology obstetrics gynecology radiology imaging labs laboratory rehab rehabilitation preschool daycare
    kindergarten library medical healthcare wellness optometry chiropractic hotel motel prison jail apartments
    estates condominiums mall airport shelter school drugstore nursing
    """
)
_PAIRS = frozenset(
    [
        ("medical", "center"),
        ("health", "center"),
        ("medical", "group"),
        ("nursing", "home"),
        ("urgent", "care"),
        ("family", "practice"),
        ("family", "medicine"),
        ("family", "clinic"),
        ("assisted", "living"),
        ("high", "school"),
        ("middle", "school"),
        ("elementary", "school"),
        ("grade", "school"),
        ("surgery", "center"),
        ("care", "center"),
        ("community", "hospital"),
        ("general", "hospital"),
        ("children's", "hospital"),
        ("health", "system"),
        ("cancer", "center"),
        ("wellness", "center"),
        ("dialysis", "center"),
        ("senior", "living"),
        ("eye", "center"),
        ("eye", "clinic"),
        ("community", "college"),
        ("imaging", "center"),
        ("health", "clinic"),
        ("birth", "center"),
        ("physical", "therapy"),
        ("health", "department"),
        ("dental", "care"),
        ("dental", "clinic"),
        ("care", "home"),
        ("retirement", "home"),
        ("retirement", "community"),
        ("women's", "health"),
        ("animal", "hospital"),
        ("state", "university"),
        ("recovery", "center"),
        ("treatment", "center"),
        ("outpatient", "center"),
        ("memorial", "hospital"),
        ("regional", "hospital"),
        ("medical", "clinic"),
        ("funeral", "home"),
        ("day", "care"),
        ("health", "services"),
        ("medical", "associates"),
        ("family", "dental"),
        ("trailer", "park"),
        ("mobile", "home"),
        ("primary", "care"),
        ("internal", "medicine"),
        ("rehab", "center"),
        ("rehabilitation", "center"),
    ]
)
# Said of any such house: alone before its kind they name none.
_GENERIC = words(
    """
    device refill anticoagulation infusion billing scheduling
    the a an my your our his her their this that any some another local nearest near nearby new old same other which
    what big small good different closest regular usual primary urgent walk walk-in emergency general public private
    state city community county free eye foot hand pain sleep heart skin women's womens men's children's childrens
    kids pediatric dental medical surgical mental behavioral physical occupational family sports travel fertility
    methadone weight blood home care day high middle elementary grade nursing medical rehab school teaching veterans
    vet animal online mail order every each outpatient inpatient night law medicine nursing summer sunday out back to
    in at from for with and or of on by was is be been i we she he it they go went going whole entire first second
    third last next actual flu covid vaccine allergy diabetes wound specialty hearing through via private retail
    chain mobile over health wellness senior assisted retirement cancer surgery memory call called picked up pick
    drop hospital clinic pharmacy church not no like into get got find found leave left need needs want about after
    before between during since until outside inside across behind beside your local favorite downtown main satellite
    prescription drive
    """
)
_SAINTS = frozenset({"st", "saint", "mount", "mt", "santa", "san", "our"})
_CARE = words(
    """
    orthopedic orthopedics dental medical pediatric pediatrics surgical eye heart kidney cancer women's womens
    family primary spine pain vein skin hearing vision sleep therapy imaging cardiology dermatology surgery urology
    oncology neurology health fertility diabetes wellness rehab behavioral internal physicians fracture hand foot
    back allergy
    """
)
_HOUSES = words("group associates partners specialists institute center centers clinic practice care services center's")
# Hospitals are called so after a name: `terrebonne general`.
_FOUNDERS = words("general memorial regional methodist baptist presbyterian lutheran adventist")
_FOUNDED = words("mercy providence baptist methodist trinity unity memorial presbyterian lutheran regional general")
_WINGS = words("north south east west central")
_OF_KINDS = words("university college church hospital academy bank temple")
_HOLY = words("trinity cross family name spirit redeemer angels rosary ghost child innocents")
_FAITHS = words("presbyterian baptist methodist lutheran episcopal")
_NOT_HOUSES = words(
    """
    one office house store corner place road accident light spot building apartment side stuff thing stop
    """
)
_CHAINS = words(
    "walgreens cvs walmart costco kroger rite publix target safeway davita labcorp quest fresenius concentra"
)
_FAMOUS = (
    ("johns", "hopkins"),
    ("john", "hopkins"),
    ("mayo", "clinic"),
    ("cleveland", "clinic"),
    ("cedars", "sinai"),
    ("mount", "sinai"),
    ("mass", "general"),
    ("kaiser", "permanente"),
    ("sloan", "kettering"),
    ("md", "anderson"),
    ("m", "d", "anderson"),
    ("st", "jude"),
    ("saint", "jude"),
    ("mercy", "general"),
    ("cedars", "-", "sinai"),
    ("good", "samaritan"),
)


class Facility:
    """Finds houses by the kind of house and the name before it, saints, and houses that all know."""

    name = "facility"

    def find(self, passage: Passage) -> Iterator[Finding]:
        """Give each house with its name."""
        for index in range(len(passage)):
            last = _kind_end(passage, index)
            if last is not None:
                first = _name_start(passage, index)
                if first < index:
                    yield self._found(passage, first, _street_after(passage, last))
            yield from self._saint(passage, index)
            yield from self._known(passage, index)
            yield from self._on_street(passage, index)

    def _found(self, passage: Passage, first: int, last: int) -> Finding:
        return tokens_finding(passage, first, last, kinds.IDENTIFIER_LOCATION, self.name, SHAPED)

    def _saint(self, passage: Passage, index: int) -> Iterator[Finding]:
        """Find `saint joseph's`, `st. mary's`: a name after the title, mostly in the genitive."""
        if passage.low(index) not in {"st", "saint"}:
            return
        ahead = index + 2 if passage.low(index + 1) == "." else index + 1
        if ahead >= len(passage) or not passage.is_word(ahead):
            return
        token = passage.tokens[ahead]
        if is_name(token.root) or is_name(token.root.removesuffix("s")) or token.low.endswith("'s"):
            yield self._found(passage, index, ahead)

    def _on_street(self, passage: Passage, index: int) -> Iterator[Finding]:
        """Find `the days inn on route nine`, `quick care on lincoln`: one or two words before a street."""
        if passage.low(index) != "on" or not (_is_street(passage, index + 1) or _is_road(passage, index + 1)):
            return
        first = index
        while index - first < 2 and _is_naming(passage, first - 1) and passage.low(first - 1) not in _NOT_HOUSES:
            first -= 1
        if first < index and passage.low(first - 1) in {"the", "at", "to", "from"}:
            yield self._found(passage, first, index + 1)

    def _known(self, passage: Passage, index: int) -> Iterator[Finding]:
        for known in _FAMOUS:
            if passage.phrase_starts(index, known):
                yield self._found(passage, index, index + len(known) - 1)
        if passage.low(index) == "high" and _is_school(passage, index):
            yield self._found(passage, index - 1, index)
        if passage.low(index) in _OF_KINDS and passage.low(index + 1) == "of":
            ahead = index + 2 + (passage.low(index + 2) == "the")
            if (
                passage.is_word(ahead)
                and passage.low(ahead) not in FUNCTION_WORDS
                and not is_medicine(passage.low(ahead))
            ):
                yield self._found(passage, index, ahead)
        if passage.low(index) == "holy" and passage.low(index + 1) in _HOLY:
            yield self._found(passage, index, index + 1)
        if passage.phrase_starts(index, ("our", "lady", "of")):
            ahead = index + 3 + (passage.low(index + 3) == "the")
            if passage.is_word(ahead):
                yield self._found(passage, index, ahead)
        if passage.low(index) in _FAITHS and passage.is_word(index - 1):
            before = passage.low(index - 1)
            if before in ORDINALS or (before not in FUNCTION_WORDS and before not in _GENERIC):
                yield self._found(passage, min(_name_start(passage, index), index - 1), index)
        if passage.low(index) in _FOUNDED and passage.low(index + 1) in _WINGS:
            yield self._found(passage, index, index + 1)
        if passage.low(index) in _FOUNDERS and index > 0:
            before = passage.tokens[index - 1].root
            if passage.is_word(index - 1) and (is_unknown(before) or is_name(before)) and before not in FUNCTION_WORDS:
                yield self._found(passage, index - 1, index)
        rare = passage.is_word(index) and is_unknown(passage.tokens[index].root) and _is_street(passage, index + 2)
        if (rare or passage.low(index) in _CHAINS) and passage.low(index + 1) in {"on", "at", "in", "near"}:
            ahead = index + 2 + (passage.low(index + 2) == "the")
            if (
                passage.is_word(ahead)
                and passage.low(ahead) not in FUNCTION_WORDS
                and not is_medicine(passage.low(ahead))
            ):
                end = (
                    ahead + 1 if passage.low(ahead + 1) in {"street", "avenue", "road", "boulevard", "drive"} else ahead
                )
                yield self._found(passage, index, end)


def _street_after(passage: Passage, last: int) -> int:
    """Give the last token of a street that tells which house of its name it is: `harmon pharmacy on elm`."""
    return last + 2 if passage.low(last + 1) == "on" and _is_street(passage, last + 2) else last


def _is_school(passage: Passage, high: int) -> bool:
    """Tell whether `high` ends a school's name: `north high`, `from eastside high`."""
    before = passage.low(high - 1)
    placed = passage.low(high - 2) in {"at", "from", "to"} and _is_naming(passage, high - 1)
    return before in {"north", "south", "east", "west", "central"} or placed


def _is_road(passage: Passage, index: int) -> bool:
    turned = passage.low(index) in {"north", "south", "east", "west"} and passage.is_word(index + 1)
    return turned or passage.low(index) in {"route", "highway", "interstate"}


def _is_street(passage: Passage, index: int) -> bool:
    first, second = passage.low(index), passage.low(index + 1)
    return first in STREET_NAMES | set(ORDINALS) or second in {"street", "avenue", "road", "boulevard", "drive"}


def _kind_end(passage: Passage, index: int) -> int | None:
    """Give the last token of a kind of house at a place: `hospital`, `nursing home`, `family medical center`."""
    last: int | None = None
    place = index
    while place < len(passage):
        pair = passage.low(place), passage.low(place + 1)
        if pair in _PAIRS or (pair[0] in _CARE and pair[1] in _HOUSES):
            last = place + 1
        elif passage.low(place) in _KINDS:
            last = place
        else:
            break
        place = last + 1
    return last


def _name_start(passage: Passage, kind: int) -> int:
    """Give the first token of the name before a kind of house, or the kind's own place when it has none."""
    first, telling = kind, False
    while first > 0 and kind - first < 4:
        behind = passage.tokens[first - 1]
        word = behind.low
        if behind.kind == "mark" and word in {".", "-", "&"} and behind.glued and kind > first:
            first -= 1
            continue
        if word == "of" and telling and (_is_naming(passage, first - 2) or passage.low(first - 2) == "lady"):
            first -= 3 if passage.low(first - 3) == "our" else 2
            continue
        if behind.kind != "word" or word in FUNCTION_WORDS or (word in NUMBER_WORDS and len(word) > 3):
            break
        if word in _GENERIC and not (telling and word in {"general", "county", "city", "state", "community", "our"}):
            if _names_further(passage, first - 1):
                first -= 1
                continue
            break
        if not _is_naming(passage, first - 1):
            break
        first, telling = first - 1, True
    return first if telling else kind


def _names_further(passage: Passage, generic: int) -> bool:
    """Tell whether a name stands before a generic word: `lakeside family clinic`."""
    return (
        generic > 0
        and passage.low(generic - 1) not in _GENERIC
        and passage.low(generic) not in FUNCTION_WORDS
        and (_is_naming(passage, generic - 1) and passage.low(generic) in _BETWEEN)
    )


_BETWEEN = words(
    """
    general community county city state family medical dental women's children's memorial eye health animal high
    middle elementary nursing regional pediatric urgent heart pain surgical mental behavioral physical senior cancer
    surgery
    """
)
_VERBS = words(
    """
    left leave leaving visited visit visiting called calling found find like love hate attend attends attended use
    uses used using choose chose picked need needed want wanted open closed enter entered said says paid pay run runs
    missed skip started finished teach teaches do did dropped drop working worked joined changed switch switched
    transferred new old nice bad better worse best worst great big bigger huge tiny
    """
)


def _is_naming(passage: Passage, index: int) -> bool:
    """Tell whether a word can be part of a house's name."""
    if not passage.is_word(index):
        return False
    token = passage.tokens[index]
    if token.low in FUNCTION_WORDS or token.low in _VERBS or token.low in _GENERIC or is_medicine(token.low):
        return False
    if len(token.low) < 2:
        return False
    return not token.low.endswith("ing") or is_name(token.low) or not is_common(token.low)
