"""Words around names: what introduces one, what joins one, what never is one."""

from cordboard.activities.redaction.lexicon import COUNTRIES, FUNCTION_WORDS, STATES
from cordboard.activities.redaction.numerals import NUMBER_WORDS, ORDINALS
from cordboard.activities.redaction.word_sets import phrases, words

# After these any word is a name, unless it can never be one.
LEADS = phrases(
    """
    name is|name's|names is|name was|name's is|name will be|name would be|first name|last name|middle name|
    full name|maiden name|surname|family name|given name|under the name|the name of|the name|by the name of|
    patient is|named|goes by|patient name|patient's name|caller's name|speaking with|spoke with|spoke to|speak with|
    in the name of|nickname is|first names|last names|legal name|they call me|we call him|we call her|i call him|
    i call her|everybody says|everyone says|calls him|calls her|everybody calls me|everyone calls me|
    friends call me|people call me|go by|just call me|married name|contact is|goes by the name|signed by|attention|
    care of|c o|addressed to|made out to|payable to
    """
)
# After these a word is a name if it looks like one.
WEAK_LEADS = phrases(
    """
    this is|i'm|i am|im|it's|its|it is|that's|call me|for|with|from|to|tell|ask for|speak to|talk to|hi|hello|hey|
    thanks|thank you|morning|afternoon|evening|bye|goodbye|dear|and|see|saw|by|about|of|is|behalf of|here is|here's|
    he's|she's|called|met|ask|sincerely|regards|okay|sorry|yes|no|actually|,|:|or|nice to meet you|contact|
    caller is|looking for|appreciate it|welcome|pick up|please|both
    """
)
TITLES = words(
    """
    mr mrs ms miss mister missus mistress dr doctor nurse professor prof reverend rev pastor sergeant officer
    captain lieutenant aunt uncle auntie judge sister father brother coach senor senora rabbi imam sir madam madame
    therapist surgeon dentist technician counselor cousin grandma grandpa
    """
)
RELATIONS = words(
    """
    husband wife son daughter mom mother dad father brother sister aunt uncle cousin grandma grandpa grandmother
    grandfather grandson granddaughter nephew niece partner boyfriend girlfriend fiance fiancee friend boss neighbor
    roommate baby kid child caregiver aide stepson stepdaughter stepmother stepfather mama papa doctor dentist nurse
    therapist lawyer landlord twin twins spouse ex teacher coach supervisor manager coworker surgeon cardiologist
    pediatrician physician specialist mum
    """
)
PARTICLES = words("de la del los las van von der den bin al el ben da dos das di du le st ter ibn abu san mac mc o")
JOINING = frozenset({"-", "'", "’"})
NEVER_NAMES = (
    FUNCTION_WORDS
    | TITLES
    | NUMBER_WORDS
    | (frozenset(ORDINALS) - {"august"})
    | (STATES - {"virginia", "georgia", "carolina", "washington"})
    | (COUNTRIES - {"china", "india", "chad", "jordan"})
    | words(
        """
        able about account actually advil afraid afternoon allergic also and anybody anyone anything appointment
        appointments appreciate assistant aunt available baby back basically been being best better billing bless
        broke brother busy called card case changed chinese christ clear clinic common complicated concerning
        correct cousin covid customer dad date daughter day dear december diabetic died different doctor doctors
        early easy english evening everybody everyone everything fall father february fell fine folks free french
        friday friend gave german getting glad god going good guys happy hard having help helping her here his hold
        honestly hopefully hoping hospital hour house hurt hurts husband ill important in incorrect insurance
        interested it's january jesus july key lab late let line listed listen lives long look looking lord love
        ma'am maam march maybe medicaid medicare medication medicine minute misspelled mom moment monday month more
        morning mother my needs new night nobody not nothing november nurse obviously october office okay old on our
        page pain passed payment place plan please policy practitioner pregnant prescription probably pronounced
        ready real record records refill regarding registered results rich saturday says scared second sent
        september service short sick side sir sister small somebody someone something son sorry spanish spelled
        strong sunday sure team test thank thanks that's their there thinks thursday time times tired told trying
        tuesday tylenol unable uncle under unfortunately urgent wait waiting wants wednesday week which who wife
        wondering works worried worse wrong year your
        """
    )
)
