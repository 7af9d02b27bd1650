"""Words around names: what introduces one, what joins one, what never is one."""

from cordboard.activities.redaction.lexicon import COUNTRIES, FUNCTION_WORDS, STATES
from cordboard.activities.redaction.numerals import NUMBER_WORDS, ORDINALS


def _phrases(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(phrase.split()) for phrase in text.split("|"))


# After these any word is a name, unless it can never be one.
LEADS = _phrases(
    """name is|name's|names is|name was|name's is|name will be|name would be|first name|last name|middle name|full name|maiden name|
    surname|family name|given name|under the name|the name of|the name|by the name of|patient is|named|goes by|
    patient name|patient's name|caller's name|speaking with|spoke with|spoke to|speak with|in the name of|nickname is|
    first names|last names|legal name|they call me|everybody calls me|everyone calls me|friends call me|people call me|go by|just call me|married name|contact is|goes by the name|signed by|attention|care of|c o"""
)
# After these a word is a name if it looks like one.
WEAK_LEADS = _phrases(
    """this is|i'm|i am|im|it's|its|it is|that's|call me|for|with|from|to|tell|ask for|speak to|talk to|hi|hello|hey|thanks|thank you|
    morning|afternoon|evening|bye|goodbye|dear|and|see|saw|by|about|of|is|behalf of|here is|here's|
    he's|she's|called|met|ask|sincerely|regards|okay|sorry|yes|no|actually|,|:|or|nice to meet you|contact|
    caller is|looking for|appreciate it|welcome|pick up|please|both"""
)
TITLES = frozenset(
    """mr mrs ms miss mister missus mistress dr doctor nurse professor prof reverend rev pastor sergeant officer captain
    lieutenant aunt uncle auntie judge sister father brother coach senor senora rabbi imam sir madam madame
    therapist surgeon dentist technician counselor cousin grandma grandpa""".split()
)
RELATIONS = frozenset(
    """husband wife son daughter mom mother dad father brother sister aunt uncle cousin grandma grandpa grandmother
    grandfather grandson granddaughter nephew niece partner boyfriend girlfriend fiance fiancee friend boss neighbor
    roommate baby kid child caregiver aide stepson stepdaughter stepmother stepfather mama papa doctor dentist nurse
    therapist lawyer landlord twin twins spouse ex teacher coach supervisor manager coworker surgeon cardiologist
    pediatrician physician specialist mum""".split()
)
PARTICLES = frozenset("de la del los las van von der den bin al el ben da dos das di du le st ter ibn abu san mac mc o".split())
JOINING = frozenset({"-", "'", "’"})
NEVER_NAMES = (
    FUNCTION_WORDS
    | TITLES
    | NUMBER_WORDS
    | (frozenset(ORDINALS) - {"august"})
    | (STATES - {"virginia", "georgia", "carolina", "washington"})
    | (COUNTRIES - {"china", "india", "chad", "jordan"})
    | frozenset(
        """monday tuesday wednesday thursday friday saturday sunday january february march july september october
        november december appointment appointments doctor doctors nurse office clinic hospital insurance pain
        morning afternoon evening night day week month year time times moment minute second hour practitioner
        assistant told called wants needs says thinks gave sent back different wrong new old sick tired ill worried
        afraid scared glad happy fine good better worse okay able unable trying going having getting looking hoping
        wondering waiting interested allergic pregnant diabetic available ready free busy late early sorry sure
        urgent important regarding about concerning not english spanish chinese french german medicare medicaid covid
        something somebody someone anything anybody anyone nothing nobody everyone everybody everything spelled
        pronounced listed registered changed on in under misspelled correct incorrect different short long common
        complicated hard easy there here everyone folks guys team dear maam ma'am sir please appreciate help helping
        thank thanks bless god lord jesus christ passed died fell broke hurt hurts works lives been being who which
        that's it's tylenol advil and also her his my your our their prescription medication medicine results test
        lab refill record records billing account card plan policy payment service customer line side
        wait hold let listen look actually honestly basically unfortunately hopefully obviously probably maybe
        day long good short best page case house love key date place early fall clear more real strong small rich
        husband wife son daughter mom mother dad father brother sister aunt uncle cousin friend baby""".split()
    )
)
