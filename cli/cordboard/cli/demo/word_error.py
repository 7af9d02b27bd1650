"""How well one end understood the other: word error rate with numbers made comparable.

One recogniser writes "five five five", another "555"; both are right. So digits, spoken digits, teens, tens and
ordinals become single digits before words are compared.
"""

import re

import jiwer

_UNITS = {"zero": 0, "oh": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7}
_UNITS |= {"eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14}
_UNITS |= {"fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19}
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fifth": 5, "eighth": 8, "ninth": 9, "twelfth": 12}
_ORDINALS |= {"twentieth": 20, "thirtieth": 30}
_ORDINALS |= {f"{word}th": value for word, value in _UNITS.items() if f"{word}th" not in _ORDINALS and value > 3}


def normalise(text: str) -> str:
    """Reduce text to lower-case words and single digits."""
    plain = text.lower().replace("’", "'")
    plain = re.sub(r"\b([ap])\.\s?m\b\.?", r"\1m", plain)
    plain = re.sub(r"\bto-(day|night|morrow)\b", r"to\1", plain)
    plain = re.sub(r"(\d)\s*(am|pm)\b", r"\1 \2", plain)
    plain = re.sub(r"(\d)(st|nd|rd|th)\b", r"\1", plain)
    plain = re.sub(r"[^a-z0-9' ]+", " ", plain)
    return " ".join(_numbers_to_digits(plain.split()))


def _numbers_to_digits(words: list[str]) -> list[str]:
    out: list[str] = []
    at = 0
    while at < len(words):
        word = words[at].strip("'")
        following = words[at + 1] if at + 1 < len(words) else ""
        if word in _TENS:
            unit = _UNITS.get(following, _ORDINALS.get(following, 0))
            value = _TENS[word]
            if 1 <= unit <= 9:
                value += unit
                at += 1
            out.extend(str(value))
        elif word in _UNITS:
            out.extend(str(_UNITS[word]))
        elif word in _ORDINALS:
            out.extend(str(_ORDINALS[word]))
        elif word.isdigit():
            out.extend(word)
        elif word:
            out.append(word)
        at += 1
    return out


def digits_of(text: str) -> str:
    """The text's numbers as digits separated by spaces, with runs kept apart by `|` where words stand."""
    return re.sub(r"(\| ?)+", "| ", " ".join(w if w.isdigit() else "|" for w in normalise(text).split()))


def word_error_rate(said: list[str], understood: list[str]) -> float | None:
    """Share of words got wrong over a whole call; None when nothing was said."""
    reference = normalise(" ".join(said))
    if not reference:
        return None
    hypothesis = normalise(" ".join(understood))
    return round(float(jiwer.wer(reference, hypothesis)), 4)
