"""Yes or no, in the ways people say it."""

from cordboard.voice_agent.dialogue.words import content_words, find_phrase, says, words_of

_YES = (
    "yes", "yeah", "yep", "yup", "ya", "sure", "okay", "ok", "of course", "certainly", "absolutely", "definitely",
    "go ahead", "go for it", "correct", "that's right", "that is right", "that's correct", "right", "fine", "alright",
    "all right", "please do", "i do", "i agree", "i consent", "you may", "you can", "no problem", "not a problem",
    "no worries", "i don't mind", "i do not mind", "don't mind", "uh huh", "mm hmm", "mhm", "sounds good",
    "that works", "works for me", "that would be great", "that'd be great", "great", "perfect", "it is", "very much",
    "affirmative", "si", "i guess so", "i suppose so", "mm hm", "hmm mm",
)  # fmt: skip
_NO = (
    "no", "nope", "nah", "not really", "i'd rather not", "i would rather not", "rather not", "rather you didn't",
    "prefer not", "please don't", "please do not", "don't", "do not", "i don't", "negative", "incorrect",
    "that's wrong", "that is wrong", "that's not right", "not correct", "wrong", "it isn't", "it's not", "it is not",
    "i'm good", "nothing else", "nothing", "that's all", "that is all", "that's it", "no thanks", "i refuse",
    "not at all", "not okay", "not today",
)  # fmt: skip
# These hold a word that means the opposite when it stands alone.
_YES_FIRST = ("no problem", "not a problem", "no worries", "i don't mind", "i do not mind", "don't mind")
_NO_FIRST = (
    "absolutely not",
    "certainly not",
    "not okay",
    "not right",
    "that's not right",
    "not correct",
    "not fine",
    "certainly not",
    "of course not",
)
_UNSURE = ("not sure", "i don't know", "don't know", "maybe", "what do you mean", "why")


def yes_or_no(text: str) -> bool | None:
    """Tell whether a text agrees or refuses; None when it does neither. The first clear word decides."""
    words = content_words(text)
    if not words or says(words, *_UNSURE):
        return None
    if says(words, *_YES_FIRST):
        return True
    if says(words, *_NO_FIRST):
        return False
    yes = _first(words, _YES)
    no = _first(words, _NO)
    if yes is None and no is None:
        return None
    if no is None:
        return True
    if yes is None:
        return False
    # `No, that's fine` and `yes, no, don't`: the first word is what was meant.
    return yes < no


def is_bare(text: str) -> bool:
    """Tell whether a text is a yes or a no and nothing else, so that nothing more needs to be waited for."""
    return len(content_words(text)) <= 3 and yes_or_no(text) is not None


def _first(words: tuple[str, ...], phrases: tuple[str, ...]) -> int | None:
    places = [place for phrase in phrases if (place := find_phrase(words, words_of(phrase))) >= 0]
    return min(places, default=None)
