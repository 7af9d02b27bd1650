"""What an agent just asked, told from its words.

The caller hears the agent through speech recognition, so the rules look for words that survive it. The last
question decides: agents acknowledge first and ask at the end of their turn.
"""

import re
from enum import StrEnum

from cordboard.cli.demo.script import Ask


class Remark(StrEnum):
    """What an agent may say that asks for nothing new."""

    REPEAT = "repeat"
    GOODBYE = "goodbye"
    STATEMENT = "statement"
    UNCLEAR = "unclear"


# Ordered: the first rule that matches a sentence wins, so the more telling phrases come first.
_RULES: tuple[tuple[Ask | Remark, str], ...] = (
    (Ask.CONSENT, r"\brecord(ed|ing)?\b"),
    (Ask.ANYTHING_ELSE, r"\b(any ?thing|something) (else|more)\b|\belse (i|we) can\b"),
    (Ask.CONFIRM, r"\b(is|are|was) (that|this|it|those|all of that) (right|correct|ok|okay)\b"),
    (Ask.CONFIRM, r"\b(did i (get|hear)|have i got|(shall|should) i (book|confirm)|correct\s*$|right\s*$)"),
    (Ask.SLOT, r"\bwhich (one|time|day|of|would|do|is|appointment|slot)\b|\bdo you prefer\b"),
    (Ask.SLOT, r"\b(suits?|works?) (you|for you|best|better)\b|\bdoes (that|this|it) (work|suit)\b"),
    (Ask.SLOT, r"\b(i have|there is|we have|i can offer|next opening|available)\b.*\b(or|at)\b"),
    (Ask.SLOT, r"\b(would|does|do) .*(\d|\bo'?clock|\b[ap]m\b|morning|afternoon).*\b(work|suit|fit|good|ok|okay)\b"),
    (Ask.SLOT, r"\bwould you like\b.*(\d|\b(at|or|(mon|tues|wednes|thurs|fri)day|tomorrow)\b)"),
    (Ask.CALLBACK_NUMBER, r"\b(number|reach you|call you back|phone)\b"),
    (Ask.SPELLING, r"\bspell\b"),
    (Ask.NAME, r"\b(your|full|first|last) (full )?name\b|\bname, please\b"),
    (Ask.NAME, r"\bwho am i (speaking|talking)\b|\bwho is (calling|speaking)\b"),
    (Ask.URGENCY, r"\b(urgent|urgency|how soon|can (it|this|that) wait|emergency|right away)\b"),
    (Ask.REASON, r"\b(reason|how (can|may) (i|we) help|what can (i|we) (do|help)|call(ing)? about|brings?)\b"),
    (Ask.REASON, r"\bwhat('?s| is) (going on|wrong|the matter)\b|\bwhat('?s| is) .*\babout\b"),
    (Ask.REASON, r"\b(symptoms?|concern|problem|the doctor look)\b"),
    (Remark.REPEAT, r"\bthe rest\b|\bare you (still )?there\b|\b(repeat|say (that|it) again|once more|come again)\b"),
    (Remark.REPEAT, r"\b(did not|didn'?t|could not|couldn'?t) (quite )?(catch|get|understand|hear)\b"),
)
_GOODBYE = re.compile(r"\b(good ?bye|bye|have a (good|nice|great|lovely|wonderful) (day|one|rest)|take care)\b")
_RECORDING = re.compile(r"\brecord(ed|ing)?\b")
_REQUEST = re.compile(
    r"\b(please|tell me|give me|(may|can|could|shall|should) (i|we)|(could|can|would) you|what|which|who|how|do you)\b"
    r"|\b(is|are|does|did) (it|that|this|you)\b|\bi need\b|\b(any ?thing|something) (else|more)\b"
)
_OUTAGE = re.compile(r"\b(line|connection|call) (has |was |just |got )*(dropped|broke|broken|cut|lost|gone|went)\b")
_COMPILED = tuple((meaning, re.compile(pattern)) for meaning, pattern in _RULES)


def what_is_asked(text: str) -> Ask | Remark:
    """Tell what the agent's turn asks for.

    UNCLEAR is a question that no rule knows; STATEMENT is no question at all: more is coming.
    """
    sentences = _sentences(text)
    questions = [sentence for sentence, asks in sentences if asks]
    for sentence in reversed(questions):
        meaning = _meaning(sentence)
        if meaning is Ask.CONFIRM and _RECORDING.search(text.lower()):
            # "This call may be recorded. Is that OK?"
            return Ask.CONSENT
        if meaning is not None:
            return meaning
    if any(_GOODBYE.search(sentence) for sentence, _ in sentences):
        return Remark.GOODBYE
    if questions:
        return Remark.UNCLEAR
    # Recognition drops question marks; a turn may also end in a request ("Please tell me your name.").
    last = _meaning(sentences[-1][0]) if sentences else None
    if isinstance(last, Ask) and _requests(sentences[-1][0]):
        return last
    return last if last is Remark.REPEAT else Remark.STATEMENT


def blames_the_line(text: str) -> bool:
    """Tell whether the agent excuses itself: it was away, and what was said last it may not have heard."""
    return _OUTAGE.search(text.lower()) is not None


def begins_to_ask(text: str) -> Ask | Remark | None:
    """Tell from the beginning of a turn what it goes on to ask; None when that cannot be told yet."""
    meanings = [_meaning(sentence) for sentence, _ in _sentences(text)]
    return next((meaning for meaning in reversed(meanings) if meaning is not None), None)


def _sentences(text: str) -> list[tuple[str, bool]]:
    plain = text.lower().replace("’", "'")
    # "a.m." and "p.m." end no sentence.
    plain = re.sub(r"\b([ap])\.\s?m\b\.?", r"\1m", plain)
    found = re.findall(r"([^.?!]+)([.?!]*)", plain)
    return [(sentence.strip(), "?" in end) for sentence, end in found if sentence.strip()]


def _meaning(sentence: str) -> Ask | Remark | None:
    for meaning, pattern in _COMPILED:
        if pattern.search(sentence):
            return meaning
    return None


def _requests(sentence: str) -> bool:
    return _REQUEST.search(sentence) is not None
