"""A person's name in what was said, spelled names included."""

import re

from cordboard.voice_agent.dialogue.words import FILLERS

_INTRODUCTIONS = (
    r"(?:my|the|our) (?:full |first |last )?names? (?:is|was|would be)",
    r"(?:my|the) (?:full |first )?name's",
    r"this is",
    r"you can call me",
    r"(?:they |people )?call me",
    r"i am called",
    r"i'm called",
    r"the patient is",
    r"the patient's name is",
    r"it's under",
    r"it is under",
    r"name is",
    r"i go by",
)
# These also begin sentences of every kind, so a name after them has to look like one.
_WEAK_INTRODUCTIONS = (r"i'm", r"i am", r"it's", r"it is", r"that's", r"that is", r"here is", r"speaking is")
_INTRODUCED = re.compile(rf"\b(?:{'|'.join(_INTRODUCTIONS)})\b[,:]?\s+(.+)", re.IGNORECASE)
_WEAKLY_INTRODUCED = re.compile(rf"\b(?:{'|'.join(_WEAK_INTRODUCTIONS)})\b[,:]?\s+(.+)", re.IGNORECASE)
_CLOSED = re.compile(r"^(?:(?:hi|hello|hey|yes|good \w+)[,.!]?\s+)*([\w' -]+?),?\s+(?:speaking|here)\b", re.IGNORECASE)
_FIRST_LAST = re.compile(
    r"first name(?: is|'s)?[,:]?\s+([a-z'-]+)[,.]?\s+(?:and\s+)?(?:my\s+)?last name(?: is|'s)?[,:]?\s+([a-z' -]+)",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"\b(?:mr|mrs|ms|miss|mister|missus|doctor|dr|sir|madam|professor)\b\.?\s+(?=[^\W\d_])", re.IGNORECASE
)
# A full stop after an initial ends no sentence.
_SENTENCE_END = re.compile(r"(?<!\b[A-Za-z])[.?!;]\s+")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*\.?")
_LETTERS = re.compile(r"(?<![\w'])([a-z])(?![\w'])([\s.,-]*)", re.IGNORECASE)
_AS_IN = re.compile(r"\b([a-z])(?:,)? (?:as in|for|like) \w+", re.IGNORECASE)

# No name, or the end of one.
_NOT_NAMES = """
    a an the and or but i i'm i'd i've i'll it its it's is am are was were be been my your our his her their this that
    these those there here what who when where why how which me you we he she they him them us
    yes yeah yep yup no nope not okay ok sure hi hello hey good morning afternoon evening thanks thank please sorry
    pardon excuse calling call called looking having have has had trying hoping wondering want wants wanted need needs
    needed would could can should will does do did don't going about for to from in on at of with by as because since
    until appointment doctor nurse clinic visit checkup check book booking number phone name names spelled spell first
    last sick ill fine well bad great happy glad afraid able ready done interested new old patient just only also
    really very today tomorrow yesterday monday tuesday wednesday thursday friday saturday sunday
    urgent routine soon pain hurts hurt knee back head right left wrong correct
    one two three four five six seven eight nine zero ten
    something someone anything nothing everything maybe wait hold moment second minute again sir madam maam
    let get got say said speak speaking talk talking see know think mean understand hear real person human operator
    if then than so too still now
"""
NOT_NAMES = FILLERS | frozenset(_NOT_NAMES.split())
MOST_WORDS = 4
MIN_SPELLED = 3
_OPENING = "yes yeah sure okay ok hi hello hey it's no sorry thanks of course right please"
_OPENERS = FILLERS | frozenset(_OPENING.split())
_CLOSERS = FILLERS | frozenset({"please", "thanks", "speaking", "here", "sir", "madam"})


def find_name(text: str, *, asked: bool) -> str:
    """Give the name in a text, each word capitalised; empty when there is none.

    When the name was asked for, a text that is nothing but a name counts as well.
    """
    straight = _TITLE.sub("", text.replace("’", "'"))
    if match := _FIRST_LAST.search(straight):
        return _joined([match.group(1), *match.group(2).split()])
    spelled = _spelled(straight) if asked or "spell" in straight.lower() else ""
    name = _introduced(straight, asked=asked)
    if spelled:
        # Spelling out is done to correct what is easily misheard, so the letters win over the word.
        return _with_spelling(name, spelled)
    return name


def first_name(name: str) -> str:
    """Give the first word of a name."""
    return name.split(" ", 1)[0]


def _introduced(text: str, *, asked: bool) -> str:
    for match in _INTRODUCED.finditer(text):
        if name := _leading_name(match.group(1), strict=False):
            return name
    closed = _CLOSED.match(text)
    if closed and (name := _leading_name(closed.group(1), strict=True)):
        return name
    for match in _WEAKLY_INTRODUCED.finditer(text):
        if name := _leading_name(match.group(1), strict=not asked):
            return name
    if not asked:
        return ""
    for sentence in _SENTENCE_END.split(text):
        if name := _whole_name(sentence):
            return name
    return ""


def _leading_name(text: str, *, strict: bool) -> str:
    """Read the name at the start of a text; when strict, its words have to be capitalised."""
    rest = text.strip()
    words: list[str] = []
    at = 0
    for match in _WORD.finditer(rest):
        gap = rest[at : match.start()]
        word = match.group().rstrip(".")
        # A comma or a full stop ends a name, but not the one after an initial.
        if words and (re.search(r"[.,;?!]", gap) or (rest[at - 1] == "." and len(words[-1]) > 1)):
            break
        if gap.strip(" ") and not words:
            break
        if word.lower() in NOT_NAMES or len(words) == MOST_WORDS:
            break
        if strict and not word[0].isupper():
            break
        words.append(word)
        at = match.end()
    return _joined(words)


def _whole_name(sentence: str) -> str:
    """Read a sentence that is a name from beginning to end, apart from a greeting or a filler."""
    words = [match.group().rstrip(".") for match in _WORD.finditer(sentence.strip())]
    while words and words[0].lower() in _OPENERS:
        words.pop(0)
    while words and words[-1].lower() in _CLOSERS:
        words.pop()
    words = [word for word in words if word.lower() not in FILLERS]
    if not 1 <= len(words) <= MOST_WORDS or any(word.lower() in NOT_NAMES for word in words):
        return ""
    if any(character.isdigit() for character in sentence):
        return ""
    return _joined(words)


def _spelled(text: str) -> str:
    """Read words that are spelled out; between letters stands the same mark, between words another."""
    groups: list[tuple[str, str]] = []
    end = -1
    for match in _LETTERS.finditer(_AS_IN.sub(r"\1", text)):
        letter, mark = match.group(1), match.group(2)
        if match.start() == end and groups:
            letters, between = groups[-1]
            groups[-1] = (letters + letter, between)
        else:
            groups.append((letter, mark))
        # Another mark than within the word: the next letter begins a new one.
        end = match.end() if mark and mark == groups[-1][1] else -1
    words = [letters.capitalize() for letters, _ in groups if len(letters) >= MIN_SPELLED]
    return " ".join(words) if sum(map(len, words)) >= MIN_SPELLED else ""


def _with_spelling(name: str, spelled: str) -> str:
    words = [word for word in name.split() if len(word) > 1]
    if not words or " " in spelled:
        return spelled
    # The word that begins alike is the one that was spelled; otherwise the spelled one is the last name.
    for place, word in enumerate(words):
        if word[0].lower() == spelled[0].lower():
            words[place] = spelled
            return " ".join(words)
    return " ".join([*words, spelled]) if len(words) == 1 else " ".join([*words[:-1], spelled])


def _joined(words: list[str]) -> str:
    return " ".join(_capitalised(word) for word in words if word)


def _capitalised(word: str) -> str:
    if any(character.isupper() for character in word[1:]) and not word.isupper():
        return word
    return "-".join(part[:1].upper() + part[1:].lower() for part in word.split("-"))
