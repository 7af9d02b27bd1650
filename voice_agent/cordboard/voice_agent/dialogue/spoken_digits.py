"""Digits in what was said: `555-0123`, `five five five`, `double five`, `oh`, `twenty three`, `eight hundred`."""

import re

UNITS = {
    "zero": "0", "oh": "0", "o": "0", "nought": "0", "one": "1", "two": "2", "three": "3", "four": "4",
    "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "niner": "9",
}  # fmt: skip
TEENS = {
    "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15",
    "sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19",
}  # fmt: skip
TENS = {
    "twenty": "2", "thirty": "3", "forty": "4", "fourty": "4", "fifty": "5", "sixty": "6", "seventy": "7",
    "eighty": "8", "ninety": "9",
}  # fmt: skip
REPEATS = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}
# What the recogniser writes for a digit that stands between digits.
HOMOPHONES = {
    "to": "2",
    "too": "2",
    "for": "4",
    "fore": "4",
    "ate": "8",
    "won": "1",
    "tree": "3",
    "sex": "6",
    "owe": "0",
}
# May stand between the groups of one number.
JOINERS = frozenset({"and", "then", "dash", "hyphen", "um", "uh", "area", "code", "extension", "by", "followed"})

_TOKEN = re.compile(r"\+|\d+|[a-z]+(?:'[a-z]+)?")
SPOKEN = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def digit_runs(text: str) -> tuple[str, ...]:
    """Give each run of digits in order; words other than joiners end a run. A leading `plus` is kept."""
    tokens = _TOKEN.findall(text.lower().replace("’", "'"))
    runs: list[str] = []
    run = ""
    at = 0
    while at < len(tokens):
        digits, used = _digits_at(tokens, at, inside=bool(run.strip("+")))
        if digits:
            run += digits
        elif not (run and tokens[at] in JOINERS):
            if run.strip("+"):
                runs.append(run)
            run = "+" if tokens[at] in ("plus", "+") else ""
        at += used
    if run.strip("+"):
        runs.append(run)
    return tuple(runs)


def longest_run(text: str) -> str:
    """Give the longest run of digits, the last one of several as long; empty when there is none."""
    return max(reversed(digit_runs(text)), key=len, default="")


def all_digits(text: str) -> str:
    """Give every digit that was said, whatever stands between them."""
    return "".join(digit_runs(text))


def say_digits(number: str) -> str:
    """Give a number as it is read out: `five five five, zero one two three`."""
    digits = number.lstrip("+")
    words = [" ".join(SPOKEN[int(digit)] for digit in group if digit.isdigit()) for group in _groups(digits)]
    return ("plus " if number.startswith("+") else "") + ", ".join(words)


def _groups(digits: str) -> list[str]:
    if len(digits) == 11 and digits[0] == "1":
        return [digits[0], *_groups(digits[1:])]
    if len(digits) in (7, 10):
        return [*(digits[at : at + 3] for at in range(0, len(digits) - 4, 3)), digits[-4:]]
    return [digits[at : at + 3] for at in range(0, len(digits), 3)]


def _digits_at(tokens: list[str], at: int, *, inside: bool) -> tuple[str, int]:
    """Read the digits that begin at a token, and how many tokens they take."""
    word = tokens[at]
    following = tokens[at + 1] if at + 1 < len(tokens) else ""
    if word.isdigit():
        return _with_hundred(word, following)
    if word in REPEATS and (digit := _unit(following)):
        return digit * REPEATS[word], 2
    if word in UNITS and (word != "o" or inside):
        # `oh` before a number is a digit, at the start of a sentence it is a sigh.
        if word == "oh" and not inside and not _unit(following):
            return "", 1
        return _with_hundred(UNITS[word], following)
    if word in TEENS:
        return _with_hundred(TEENS[word], following)
    if word in TENS:
        unit = UNITS.get(following, "")
        return (TENS[word] + unit, 2) if unit and unit != "0" else (TENS[word] + "0", 1)
    if word in HOMOPHONES and _is_digit_there(tokens[at - 1] if at else "", following, inside=inside):
        return HOMOPHONES[word], 1
    return "", 1


def _is_digit_there(before: str, following: str, *, inside: bool) -> bool:
    """Tell whether a word that sounds like a digit is one, by its neighbours: `my number is for one five`."""
    if inside:
        return bool(_unit(following)) or not following
    return before in ("is", "it's", "number") and bool(_unit(following))


def _with_hundred(digits: str, following: str) -> tuple[str, int]:
    if following == "hundred":
        return digits + "00", 2
    if following == "thousand":
        return digits + "000", 2
    return digits, 1


def _unit(token: str) -> str:
    return UNITS.get(token, token if len(token) == 1 and token.isdigit() else "")
