"""The word lists: what is a common word, a personal name, a town, a medicine."""

import re
from functools import cache
from pathlib import Path

from cordboard.activities.redaction.word_sets import words

_DRUG_ENDINGS = re.compile(
    r".{3,}(?:pril|statin|olol|sartan|cillin|mycin|azole|azepam|azolam|formin|gliptin|mab|nib|vir|tide|oxetine|triptan"
    r"|dipine|prazole|cycline|floxacin|sone|solone|zosin|gliflozin|parin|oxaban|setron|caine|phylline|terol|profen)$"
)
_CARE_ENDINGS = re.compile(
    r".{3,}(?:itis|osis|ectomy|oscopy|ography|ogram|ologist|ology|emia|pathy|plasty|algia|iatrist|iatric|ostomy)$"
)
STATES = words(
    """
    alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho illinois
    indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri
    montana nebraska nevada ohio oklahoma oregon pennsylvania tennessee texas utah vermont virginia washington
    wisconsin wyoming
    """
)
TWO_WORD_STATES = frozenset(
    [
        ("new", "hampshire"),
        ("new", "jersey"),
        ("new", "mexico"),
        ("new", "york"),
        ("north", "carolina"),
        ("north", "dakota"),
        ("rhode", "island"),
        ("south", "carolina"),
        ("south", "dakota"),
        ("west", "virginia"),
    ]
)
STATE_CODES = words(
    """
    al ak az ar ca co ct de fl ga hi ia id il in ks ky la ma md me mi mn mo ms mt nc nd ne nh nj nm nv ny oh ok or pa
    ri sc sd tn tx ut va vt wa wi wv wy dc
    """
)
COUNTRIES = words(
    """
    america england ireland scotland wales canada mexico india china japan vietnam korea germany france spain italy
    portugal poland russia ukraine nigeria ghana kenya ethiopia egypt israel iran iraq syria turkey brazil colombia
    argentina chile peru cuba jamaica haiti philippines pakistan bangladesh australia europe africa asia usa us uk
    states united
    """
)
EPONYMS = words(
    """
    parkinson parkinsons alzheimer alzheimers crohn crohns hodgkin hodgkins lyme asperger aspergers tourette
    tourettes hashimoto hashimotos graves cushing addison sjogren raynaud raynauds epstein barr foley braxton kegel
    heimlich gehrig achilles marfan huntington huntingtons meniere menieres tommy babinski schwann barrett barretts
    holter moh mohs pap doppler glasgow apgar lasik botox kenalog
    """
)
# Words that join or fill; none of them is ever part of a name.
FUNCTION_WORDS = words(
    """
    a an the and or but nor so if then than as at by for from in into of off on onto out over to under up with
    without about after before since until till while when where why how what which who whom whose that this these
    those there here i me my mine myself you your yours yourself he him his she her hers it its we us our ours they
    them their i'm i've i'd i'll you're you've he's she's it's we're they're that's there's here's what's is am are
    was were be been being do does did doing done have has had having can could will would shall should may might
    must not no yes yeah yep yup nope nah okay ok um uh er ah oh hmm mhm well just only also too very really quite
    please thanks thank sorry hello hi hey bye goodbye maybe like actually now today tomorrow yesterday again still
    already yet ever never always sometimes once twice some any all both each every few more most much many lot other
    another same such own one two three four five six seven eight nine ten call calling called speaking said says say
    saying tell told ask asked asking want wants wanted need needs needed get gets got getting go goes going went
    come comes coming came know knows think thinks see sees seen look looks looking make makes making made take takes
    taking took give gives giving gave let lets don't doesn't didn't can't won't isn't wasn't aren't haven't hasn't
    because cause cuz gonna wanna gotta right correct sure fine good great speak spelled spelling spell number phone
    email address name first last middle
    """
)


@cache
def _words(name: str) -> frozenset[str]:
    text = Path(__file__).with_name("data").joinpath(f"{name}.txt").read_text(encoding="utf-8")
    return frozenset(text.split("\n")) - {""}


def is_common(word: str) -> bool:
    """Tell whether a word in lower case is an ordinary word, so that it alone names nobody."""
    return len(word) < 2 or word in _words("common_words") or word.replace("'", "") in _words("common_words")


def is_medicine(word: str) -> bool:
    """Tell whether a word in lower case is a medicine or of the language of care."""
    return word in _words("medicines") or bool(_DRUG_ENDINGS.match(word) or _CARE_ENDINGS.match(word))


def is_given_name(word: str) -> bool:
    """Tell whether a word in lower case stands in the list of given names."""
    return word in _words("given_names")


def is_name(word: str) -> bool:
    """Tell whether a word in lower case stands in a list of names."""
    return word in _words("given_names") or word in _words("family_names")


def is_only_a_name(word: str) -> bool:
    """Tell whether a word in lower case is a name and nothing else."""
    return is_name(word) and not is_common(word) and word not in EPONYMS and not is_medicine(word)


def is_unknown(word: str) -> bool:
    """Tell whether a word in lower case is in no list, as rare names and places are."""
    return len(word) > 1 and not (
        is_common(word) or is_medicine(word) or word in EPONYMS or word in STATES or word in COUNTRIES
    )


def is_city(words: str) -> bool:
    """Tell whether one to three words in lower case are a town's name."""
    return words in _words("cities")
