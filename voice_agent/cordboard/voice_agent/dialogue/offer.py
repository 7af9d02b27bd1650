"""A free appointment as a tool found it, and how it is said."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
HOURS = ("twelve", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")
_ONES = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("", "", "twenty", "thirty", "forty", "fifty")
_ORDINALS = (
    "", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
    "twentieth",
)  # fmt: skip
MOST_OFFERS = 3


@dataclass(frozen=True, slots=True)
class Offer:
    """One free appointment: its id, and its start in the clinic's local time."""

    slot_id: str
    starts_at: datetime

    @property
    def weekday(self) -> str:
        """Name of its day in lower case."""
        return WEEKDAYS[self.starts_at.weekday()]

    def spoken(self, today: date | None = None) -> str:
        """Give its time as it is said: `Tuesday at two thirty`, with the date when it is a week away or more."""
        return f"{self._spoken_day(today)} at {spoken_time(self.starts_at.hour, self.starts_at.minute)}"

    def _spoken_day(self, today: date | None) -> str:
        day = self.starts_at.date()
        ahead = (day - today).days if today else 2
        if ahead == 0:
            return "today"
        if ahead == 1:
            return "tomorrow"
        if 1 < ahead < 7:
            return self.weekday.capitalize()
        return f"{self.weekday.capitalize()}, {MONTHS[day.month - 1]} {spoken_ordinal(day.day)}"


def offers_of(result: Mapping[str, str]) -> tuple[Offer, ...]:
    """Read the offers in the result of a tool; one that cannot be read is left out."""
    offers: list[Offer] = []
    for number in range(1, MOST_OFFERS + 1):
        slot_id, starts_at = result.get(f"slot_{number}_id", ""), result.get(f"slot_{number}_starts_at", "")
        if slot_id and (moment := moment_of(starts_at)):
            offers.append(Offer(slot_id, moment))
    return tuple(offers)


def moment_of(text: str) -> datetime | None:
    """Read an ISO 8601 time; None when it is none."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def spoken_time(hour: int, minute: int) -> str:
    """Give a time of day as it is said; the half of the day is left out."""
    said = HOURS[hour % 12]
    if minute == 0:
        return "noon" if hour == 12 else said
    if minute < 10:
        return f"{said} oh {_ONES[minute]}"
    if minute < 20:
        return f"{said} {_TEENS[minute - 10]}"
    return f"{said} {_TENS[minute // 10]} {_ONES[minute % 10]}".strip()


def spoken_ordinal(number: int) -> str:
    """Give a day of the month as it is said."""
    if number <= 20:
        return _ORDINALS[number]
    return "thirtieth" if number == 30 else f"{_TENS[number // 10]} {_ORDINALS[number % 10]}"


def listed(offers: tuple[Offer, ...], today: date | None = None) -> str:
    """Give several offers in one breath: `Tuesday at ten, or Wednesday at two thirty`."""
    return ", or ".join(offer.spoken(today) for offer in offers)
