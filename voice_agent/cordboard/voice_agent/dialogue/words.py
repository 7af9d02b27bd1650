"""Words of an utterance as the recognisers compare them."""

import re

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")

# Said between words without a meaning of their own.
FILLERS = frozenset({"um", "uh", "er", "erm", "ah", "well", "so", "like", "oh"})

# Said while listening; not meant to take the word.
_BACKCHANNELS = frozenset(
    {"mm", "hmm", "hm", "mhm", "huh", "okay", "ok", "right", "yeah", "yes", "yep", "sure", "hello", "hi", "hey"}
)
NEGATIONS = frozenset(
    {"not", "don't", "dont", "isn't", "never", "without", "didn't", "doesn't", "wasn't", "haven't", "hasn't"}
)


def words_of(text: str) -> tuple[str, ...]:
    """Give the words in lower case without punctuation; curly apostrophes count as straight ones."""
    return tuple(_WORD.findall(text.lower().replace("’", "'")))


def content_words(text: str) -> tuple[str, ...]:
    """Give the words without fillers."""
    return tuple(word for word in words_of(text) if word not in FILLERS)


def find_phrase(words: tuple[str, ...], phrase: tuple[str, ...]) -> int:
    """Give the place of `phrase` in `words`, -1 when it is not there."""
    for start in range(len(words) - len(phrase) + 1):
        if words[start : start + len(phrase)] == phrase:
            return start
    return -1


def says(words: tuple[str, ...], *phrases: str) -> bool:
    """Tell whether one of the phrases is in the words, whole words only."""
    return any(find_phrase(words, words_of(phrase)) >= 0 for phrase in phrases)


def affirms(words: tuple[str, ...], phrase: str) -> bool:
    """Tell whether the phrase is said and not denied just before it, as in `I don't have any chest pain`."""
    wanted = words_of(phrase)
    start = 0
    while (place := find_phrase(words[start:], wanted)) >= 0:
        place += start
        # Only the nearest words deny it; `no` only right before it: `no, I want a person` is a wish.
        denied = NEGATIONS & set(words[max(0, place - 4) : place]) or words[max(0, place - 1) : place] == ("no",)
        if not denied:
            return True
        start = place + 1
    return False


def is_backchannel(text: str) -> bool:
    """Tell whether a text is no more than a sound of listening."""
    return set(content_words(text)) <= _BACKCHANNELS
