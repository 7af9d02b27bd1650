"""Is a text the whole of what a caller wants to say? Rules on words, by what was asked."""

from enum import IntEnum

from cordboard.voice_agent.dialogue.expectation import Answer, Expectation
from cordboard.voice_agent.dialogue.spoken_digits import all_digits
from cordboard.voice_agent.dialogue.words import content_words, says, words_of
from cordboard.voice_agent.dialogue.yes_no import is_bare


class Completeness(IntEnum):
    """How complete a text is; the less, the longer the silence that ends the turn."""

    INCOMPLETE = 0
    OPEN = 1
    LIKELY = 2
    COMPLETE = 3
    DECISIVE = 4


# Nobody ends a sentence with these.
_TRAILING_WORDS = """
    and or but because so if that which when while than as to for from of in on at with by about into the a an my your
    our his her their this these is are was were am be been i i'm i've i'd it's he she we they you have has had do does
    did can could would will should may might not very really just also then um uh er erm like plus
    number name's between around since until actually maybe let
"""
_TRAILING = frozenset(_TRAILING_WORDS.split())
# These end in such a word and are whole all the same.
_WHOLE = frozenset(
    words_of(text)
    for text in (
        "it is", "i am", "i do", "i did", "i would", "i can", "you can", "you may", "i will",
        "i have",
    )
)  # fmt: skip
_WHOLE_ENDINGS = (("thank", "you"), ("not", "really"), ("are", "you"), ("that's", "it"))
_ANNOUNCED = ("number is", "number's", "reach me at", "call me at", "call me back at", "me on")
_GOODBYES = ("bye", "goodbye")


def completeness(text: str, expects: Expectation) -> Completeness:
    """Tell how complete a text is as an answer to what was asked."""
    words = content_words(text)
    if not words:
        return Completeness.OPEN
    if says(words[-1:], *_GOODBYES):
        return Completeness.DECISIVE
    if (by_digits := _by_digits(text, expects)) is not None:
        return by_digits
    if is_bare(text) and _is_left_open(text):
        # `No,` is often followed by `please don't`.
        return Completeness.OPEN
    if _trails_off(text, words):
        return Completeness.INCOMPLETE
    if is_bare(text) and len(words) > 1 and expects.answer in (Answer.YES_NO, Answer.URGENCY):
        # A lone `yes` is often followed by `that's fine`.
        return Completeness.DECISIVE
    return _by_answer(text, words, expects)


def _by_answer(text: str, words: tuple[str, ...], expects: Expectation) -> Completeness:
    if expects.answer is Answer.NAME:
        letters = sum(len(word) == 1 for word in words)
        if letters >= 2:
            return Completeness.OPEN
        # A first name is often followed by the last one.
        return Completeness.COMPLETE if len(words) > 1 else Completeness.OPEN
    if expects.answer is Answer.REASON:
        # A story has pauses.
        return Completeness.OPEN if len(words) < 3 or not _is_closed(text) else Completeness.LIKELY
    return Completeness.COMPLETE if _is_closed(text) else Completeness.OPEN


def _by_digits(text: str, expects: Expectation) -> Completeness | None:
    digits = len(all_digits(text).lstrip("+"))
    if expects.answer is not Answer.NUMBER:
        announced = says(words_of(text), *_ANNOUNCED)
        if not announced:
            return None
        return Completeness.INCOMPLETE if digits < expects.lengths[0] else None
    if digits == 0:
        return None
    total = digits + expects.digits_held
    if total >= expects.lengths[-1]:
        return Completeness.DECISIVE
    # Seven digits are a whole local number; eight and nine are on the way to ten.
    return Completeness.COMPLETE if total in expects.lengths else Completeness.INCOMPLETE


def _trails_off(text: str, words: tuple[str, ...]) -> bool:
    if _is_left_open(text):
        return True
    if any(words[-len(ending) :] == ending for ending in _WHOLE_ENDINGS):
        return False
    answer = words[1:] if words[0] in ("yes", "yeah", "no") else words
    return words_of(text)[-1] in _TRAILING and answer not in _WHOLE


def _is_left_open(text: str) -> bool:
    return text.rstrip().endswith((",", "-", "…", "..."))


def _is_closed(text: str) -> bool:
    return text.rstrip().endswith((".", "?", "!"))
