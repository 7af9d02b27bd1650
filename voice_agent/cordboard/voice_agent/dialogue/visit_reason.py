"""Why a caller calls, in the caller's words, shortened."""

import re

from cordboard.voice_agent.dialogue.words import FILLERS, content_words, says, words_of
from cordboard.voice_agent.dialogue.yes_no import yes_or_no

MOST_WORDS = 16
_SECOND_THOUGHT = re.compile(r",?\s+and (?=i(?:'m| am) calling)|,\s+(?=i(?:'m|'d|'ve| )\b)", re.IGNORECASE)
_UNSURE = ("don't know", "not sure", "no idea", "who is this", "what do you mean", "never mind")

_MARKERS = re.compile(
    r"\b(?:"
    r"i(?:'m| am) calling (?:about|for|because(?: of)?|to|regarding|with)"
    r"|it(?:'s| is) (?:about|for|because of)"
    r"|this is (?:about|regarding)"
    r"|(?:i )?(?:wanted|need|want|would like|'d like|have) to (?:see|talk|speak|ask|make|book|get|come|have|schedule)\b"
    r"|i(?:'d| would) like|i need|i want"
    r"|i(?:'ve| have) (?:been|got|had|a|an|some|this|these|pain|trouble|problems)\b|i(?:'m| am) having"
    r"|i (?:hurt|broke|fell|cut|twisted|sprained|feel|think|can't|cannot|keep|lost|injured|burned|hit)\b"
    r"|my \w+(?: \w+)? (?:hurts?|is|are|aches?|has|have|feels?|was|were|won't|keeps?|needs?|got|started)"
    r"|there(?:'s| is) |because|regarding"
    r"|a (?:check-?up|follow-?up|refill|prescription|referral|vaccination|flu shot|physical)\b"
    r")",
    re.IGNORECASE,
)
# Stripped from the front, again and again: they say that a reason follows and nothing of it.
_LEADS = re.compile(
    r"^(?:um|uh|well|so|yes|yeah|okay|ok|sure|hi|hello|hey|please|oh|and|also|it's just|the reason is"
    r"|i(?:'m| am) (?:just )?calling (?:about|for|because(?: of)?|regarding|with)|i(?:'m| am) calling to"
    r"|i was (?:calling|wondering)(?: about| if)?"
    r"|it(?:'s| is| would be) (?:about|for|because of|regarding)|this is (?:about|regarding)"
    r"|because(?: of)?|regarding|about"
    r"|i(?:'d| would) like to|i(?:'d| would) like|i need to|i want to|i wanted to|i need|i want"
    r"|i(?:'ve| have) got|i(?:'m| am) having|(?:can|could) i|i could|(?:get|have|come in for)(?= a)"
    r"|(?:see|speak (?:to|with)|talk (?:to|with)) (?:a|the|my|some)\w* ?(?:doctor|nurse|dentist|physician|one)?"
    r" (?:about|for|because of|regarding)"
    r"|(?:book|make|schedule|get|have|set up) an? (?:appointment|visit)(?: for| about| because of| to)"
    r")\b[,:]?\s*",
    re.IGNORECASE,
)
_TAIL = re.compile(r"[\s,;.]*(?:\b(?:please|thanks|thank you|and|so|um|uh|if possible)\b[\s,;.!]*)+$", re.IGNORECASE)
# These clauses hold something else.
_OTHER = re.compile(
    r"\b(?:my (?:full |first |last )?name(?:'s| is)|this is [A-Z]|call me|my (?:phone |callback |cell )?number|"
    r"reach me|call back|callback|phone number|speaking$|nice to meet|it's urgent|not urgent|no rush|can wait)",
    re.IGNORECASE,
)
_GENERIC_WORDS = """
    appointment appointments book booking make schedule visit see doctor the a an to get have come in for with some
    someone time slot of need want like would set up one next available new my reservation physician i'd i please help
    question
"""
_GENERIC = frozenset(_GENERIC_WORDS.split())


def find_reason(text: str, *, asked: bool) -> str:
    """Give the reason in a text; empty when there is none or when it only says that a visit is wanted.

    When the reason was asked for, any text with something in it counts.
    """
    clauses = [clause for clause in _clauses(text) if not _OTHER.search(clause)]
    marked = [clause for clause in clauses if _MARKERS.search(clause)]
    unmarked = [clause for clause in clauses if asked and clause not in marked and _says_something(clause)]
    for clause in (*marked, *unmarked):
        reason = _shortened(clause)
        if reason and not is_generic(reason):
            return reason
    return ""


def is_generic(reason: str) -> bool:
    """Tell whether a reason says no more than that a visit is wanted."""
    return all(word in _GENERIC or word in FILLERS for word in words_of(reason))


def _clauses(text: str) -> list[str]:
    """Split where a new thought begins, so that a name or a number in the same breath is left out."""
    parts = re.split(r"[.?!;]\s+|,?\s+and (?=my (?:name|number|phone|callback))|,\s+(?=my (?:name|number|phone))", text)
    clauses: list[str] = []
    for part in parts:
        clauses.extend(_SECOND_THOUGHT.split(part))
    return [clause.strip(" ,.?!") for clause in clauses if clause.strip(" ,.?!")]


def _says_something(clause: str) -> bool:
    """Tell whether a clause without a marker is an answer to the question why."""
    words = content_words(clause)
    if not words or re.fullmatch(r"[\d\s().+-]+", clause) or says(words, *_UNSURE):
        return False
    return len(words) > 2 or yes_or_no(clause) is None


def _shortened(clause: str) -> str:
    marker = _MARKERS.search(clause)
    text = clause
    if marker and marker.start() > 0 and len(words_of(clause[: marker.start()])) <= 5:
        head = clause[: marker.start()].strip(" ,")
        # What stands before the marker is a greeting or a name when it is short; keep it when it reads on.
        if not head or head.endswith((",", ".")) or clause[marker.start() - 2 : marker.start() - 1] in ",.":
            text = clause[marker.start() :]
    while (shorter := _LEADS.sub("", text)) != text and shorter:
        text = shorter
    text = _TAIL.sub("", text).strip(" ,.;?!-")
    return " ".join(text.split()[:MOST_WORDS])
