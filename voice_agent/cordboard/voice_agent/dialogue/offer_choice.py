"""Which of the offered appointments a caller takes, or what would suit better."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from cordboard.voice_agent.dialogue.offer import HOURS, WEEKDAYS, Offer
from cordboard.voice_agent.dialogue.words import says, words_of
from cordboard.voice_agent.dialogue.yes_no import yes_or_no

_FIRST = ("first", "former", "earlier", "earliest", "soonest", "sooner", "1st", "number one", "option one", "one one")
_SECOND = ("second", "2nd", "number two", "option two")
_THIRD = ("third", "3rd", "number three", "option three")
_LAST = ("last", "latter", "later one", "latest", "the later")
_ANY = (
    "either",
    "any",
    "whatever",
    "whichever",
    "both",
    "you choose",
    "doesn't matter",
    "don't care",
    "as soon as possible",
)
_DECLINES = (
    "none", "neither", "something else", "anything else", "different", "another", "later", "doesn't work", "don't work",
    "can't make", "won't work", "not good", "no good", "other times", "other time", "other day", "next week",
    "can't do", "not available", "earlier than",
)  # fmt: skip
_NEGATED = re.compile(r"\b(?:doesn't|don't|can't|cannot|won't|not|isn't|except|busy)\b")
_CLOCK = re.compile(r"\b(\d{1,2})\s*[:.]\s*(\d{1,2})\b|\b(\d{1,2})(\d{2})\b|\b(\d{1,2})\b")
_MINUTES = {
    "fifteen": 15,
    "thirty": 30,
    "forty": 40,
    "twenty": 20,
    "ten": 10,
    "fifty": 50,
    "15": 15,
    "30": 30,
    "45": 45,
}
_HALVES = frozenset({"am", "pm", "a", "p", "o'clock", "oclock", "in", "sharp"})
_NOONS = ("noon", "midday")
_HOURS = {name: number or 12 for number, name in enumerate(HOURS)} | {"noon": 12, "midday": 12}


@dataclass(frozen=True, slots=True)
class Wish:
    """What would suit the caller; empty fields are open."""

    weekday: str = ""
    part_of_day: str = ""
    later: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """What a caller makes of the offers: one is taken, or none is and there is a wish."""

    taken: Offer | None = None
    wish: Wish | None = None


def choose(text: str, offers: tuple[Offer, ...], today: date | None = None) -> Choice | None:
    """Tell what a text makes of the offers; None when that is not clear."""
    wanted = " , ".join(
        part for part in re.split(r"[,.;!?](?=\s|$)|\bbut\b", text.lower()) if not _NEGATED.search(part)
    )
    words = words_of(wanted)
    matching = _matching(wanted, words, offers, today)
    if matching is not None and len(matching) == 1:
        return Choice(taken=matching[0])
    if matching is None or len(matching) > 1:
        among = offers if matching is None else matching
        if (place := _place(words, len(among))) is not None and not says(words, "earlier than"):
            return Choice(taken=among[place])
    wish = _wish(words)
    if matching == ():
        return Choice(wish=wish)
    return _by_consent(text, offers, wish)


def _by_consent(text: str, offers: tuple[Offer, ...], wish: Wish) -> Choice | None:
    """Read a plain yes, no or `something later`."""
    words = words_of(text)
    if says(words, *_DECLINES):
        return Choice(wish=Wish(wish.weekday, wish.part_of_day, later=True))
    answer = yes_or_no(text)
    if answer and len(offers) == 1:
        return Choice(taken=offers[0])
    if answer is False:
        return Choice(wish=Wish(wish.weekday, wish.part_of_day, later=True))
    return None


def _place(words: tuple[str, ...], count: int) -> int | None:
    if count == 0:
        return None
    if says(words, *_ANY):
        return 0
    for names, place in ((_THIRD, 2), (_SECOND, 1), (_LAST, count - 1), (_FIRST, 0)):
        if says(words, *names) and place < count:
            return place
    return None


def _matching(
    text: str, words: tuple[str, ...], offers: tuple[Offer, ...], today: date | None
) -> tuple[Offer, ...] | None:
    """Give the offers that fit the day, time and date that are named; None when none of these is named."""
    fitting = list(offers)
    named = False
    days = [day for day in WEEKDAYS if any(word.startswith(day) for word in words)]
    if today:
        days += [
            WEEKDAYS[(today + timedelta(ahead)).weekday()]
            for ahead, name in enumerate(("today", "tomorrow"))
            if name in words
        ]
    if days:
        named = True
        fitting = [offer for offer in fitting if offer.weekday in days]
    if part := _part_of_day(words):
        named = True
        fitting = [offer for offer in fitting if (offer.starts_at.hour < 12) == (part == "morning")]
    times = times_in(text)
    if times and (by_time := [offer for offer in fitting if _at(offer, times)]):
        return tuple(by_time)
    if times and not any(word in words for word in ("one", "two", "first", "second")):
        return ()
    return tuple(fitting) if named else None


def _at(offer: Offer, times: list[tuple[int, int | None]]) -> bool:
    hour, minute = offer.starts_at.hour % 12, offer.starts_at.minute
    return any(at % 12 == hour and (past is None or past == minute) for at, past in times)


def times_in(text: str) -> list[tuple[int, int | None]]:
    """Give the times of day that a text names, as hour and minute; the minute is None when it is not named."""
    times: list[tuple[int, int | None]] = []
    for match in _CLOCK.finditer(re.sub(r"\b\d+(?:st|nd|rd|th)\b", "", text.lower())):
        hour = int(match.group(1) or match.group(3) or match.group(5))
        past = match.group(2) or match.group(4)
        if 1 <= hour <= 12 and not (past and int(past) > 59):
            # The recogniser writes `2.3` for two thirty.
            times.append((hour, None if past is None else int(past) * (10 if len(past) == 1 else 1)))
    return times + _spoken_times(words_of(text))


def _spoken_times(words: tuple[str, ...]) -> list[tuple[int, int | None]]:
    times: list[tuple[int, int | None]] = []
    for at, word in enumerate(words):
        if word not in _HOURS:
            continue
        before = words[at - 1] if at else ""
        after = words[at + 1] if at + 1 < len(words) else ""
        if before == "past" and at > 1:
            times.append((_HOURS[word], {"half": 30, "quarter": 15}.get(words[at - 2], 0)))
        elif after in _MINUTES:
            extra = 5 if words[at + 2 : at + 3] == ("five",) else 0
            times.append((_HOURS[word], _MINUTES[after] + extra))
        elif before != "the" and (before in ("at", "around") or after in _HALVES or len(words) <= 2 or word in _NOONS):
            times.append((_HOURS[word], None))
    return times


def _part_of_day(words: tuple[str, ...]) -> str:
    if says(words, "morning", "before noon", "a m", "am"):
        return "morning"
    if says(words, "afternoon", "evening", "after lunch", "after work", "p m", "pm"):
        return "afternoon"
    return ""


def _wish(words: tuple[str, ...]) -> Wish:
    day = next((day for day in WEEKDAYS if any(word.startswith(day) for word in words)), "")
    return Wish(day, _part_of_day(words), later=not day and not _part_of_day(words))
