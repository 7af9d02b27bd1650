"""Slots in forms that machines can use."""

import re
from collections.abc import Iterator
from datetime import datetime

import dateparser
import phonenumbers

from cordboard.call.v1.outcome_pb2 import NormalizedSlot
from cordboard.core.call_state import Slots

_DATE_NAME = re.compile(r"(^|_)(date|day|when|at|time)(_|$)|birth")
_PHONE_NAME = re.compile(r"(^|_)(phone|number|fax)(_|$)")


def normalized(slots: Slots, *, region: str, at: datetime) -> list[NormalizedSlot]:
    """Bring what was learnt into forms; a value that fits none is kept as it was, and marked so.

    `region` (ISO 3166) completes local numbers, `at` is the moment of the call, from which `tomorrow` is counted.
    """
    return list(_forms(slots, region, at))


def _forms(slots: Slots, region: str, at: datetime) -> Iterator[NormalizedSlot]:
    if slots.name:
        yield NormalizedSlot(name="name", kind="name", value=" ".join(slots.name.split()), valid=True)
    if slots.callback_number:
        yield _phone("callback_number", slots.callback_number, region)
    if slots.reason:
        yield NormalizedSlot(name="reason", kind="text", value=" ".join(slots.reason.split()), valid=True)
    for name, value in slots.extra:
        if _PHONE_NAME.search(name):
            yield _phone(name, value, region)
        elif _DATE_NAME.search(name):
            yield _date(name, value, at)
        else:
            yield NormalizedSlot(name=name, kind="text", value=" ".join(value.split()), valid=True)


def _phone(name: str, value: str, region: str) -> NormalizedSlot:
    """E.164; a local number of seven digits has no area code, so it cannot be."""
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return NormalizedSlot(name=name, kind="e164", value=value, valid=False)
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return NormalizedSlot(name=name, kind="e164", value=value, valid=False)
    text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return NormalizedSlot(name=name, kind="e164", value=text, valid=True)


def _date(name: str, value: str, at: datetime) -> NormalizedSlot:
    """ISO 8601: a date, or a time as well where one was said."""
    born = "birth" in name
    parsed = dateparser.parse(
        value,
        languages=["en"],
        settings={
            "RELATIVE_BASE": at.replace(tzinfo=None),
            "PREFER_DATES_FROM": "past" if born else "future",
            "RETURN_TIME_AS_PERIOD": True,
        },
    )
    if parsed is None:
        return NormalizedSlot(name=name, kind="date", value=value, valid=False)
    timed = not born and re.search(r"\d\s*(:|am\b|pm\b)|o'clock|noon|midnight", value.lower()) is not None
    form = parsed.isoformat(timespec="minutes") if timed else parsed.date().isoformat()
    return NormalizedSlot(name=name, kind="datetime" if timed else "date", value=form, valid=True)
