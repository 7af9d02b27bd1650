"""A voice agent's profile: persona, lines, slots, tools, escalation rules. Data of a vertical pack, not code."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from cordboard.core.errors import InvalidError

REQUIRED_LINES = frozenset(
    {
        "greeting",
        "consent_question",
        "consent_reprompt",
        "consent_given",
        "consent_refused",
        "consent_noted",
        "not_understood",
        "are_you_there",
        "nobody_there",
        "take_your_time",
        "filler",
        "rejoin",
        "person_asked_for",
        "low_confidence",
        "noted",
        "number_noted",
        "anything_else",
        "farewell_unbooked",
    }
)
BOOKING_LINES = frozenset(
    {
        "offers",
        "single_offer",
        "offer_reprompt",
        "booked",
        "offer_taken",
        "no_offers",
        "tool_failed",
        "booking_unknown",
        "farewell",
    }
)


# ITU-T E.164 allows 15 digits; shorter than 8 none is in use with its country code.
INTERNATIONAL_DIGITS = (8, 15)


class SlotKind(Enum):
    """How the value of a slot is recognised."""

    PERSON_NAME = "person_name"
    PHONE_NUMBER = "phone_number"
    FREE_TEXT = "free_text"
    URGENCY = "urgency"
    YES_NO = "yes_no"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class SlotRule:
    """One thing to learn from the caller. Prompts are tried in order, the last one again and again."""

    name: str
    kind: SlotKind
    prompts: tuple[str, ...]
    acknowledge: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    lengths: tuple[int, ...] = (7, 10)
    choices: tuple[str, ...] = ()

    def takes_number(self, number: str) -> bool:
        """Tell whether a number is whole: of one of the lengths, or with a country code in front."""
        digits = number.removeprefix("+")
        if number.startswith("+"):
            return INTERNATIONAL_DIGITS[0] <= len(digits) <= INTERNATIONAL_DIGITS[1]
        return len(digits.removeprefix("1") if len(digits) == self.lengths[-1] + 1 else digits) in self.lengths


@dataclass(frozen=True, slots=True)
class RedLine:
    """Words at which the call belongs to a human at once."""

    name: str
    phrases: tuple[str, ...]
    lines: tuple[str, ...]
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A question that the agent can answer by itself."""

    phrases: tuple[str, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Escalation:
    """When a human takes over."""

    person_phrases: tuple[str, ...]
    change_phrases: tuple[str, ...]
    misunderstandings: int
    skills: tuple[str, ...]
    red_lines: tuple[RedLine, ...]


@dataclass(frozen=True, slots=True)
class Booking:
    """The tools that end in an appointment."""

    find_tool: str
    book_tool: str
    offers_at_a_time: int


@dataclass(frozen=True, slots=True)
class Profile:
    """All that makes one agent differ from another."""

    name: str
    version: str
    persona: Mapping[str, str]
    lines: Mapping[str, tuple[str, ...]]
    slots: tuple[SlotRule, ...]
    escalation: Escalation
    booking: Booking | None = None
    answers: tuple[Answer, ...] = field(default=())
    interpreted: bool = False
    """Whether a language model, where there is one, says in plain words what a caller meant."""

    @classmethod
    def parse(cls, text: str) -> "Profile":
        """Read a profile from its JSON. Raises InvalidError(PROFILE_UNKNOWN) that names the first thing wrong."""
        try:
            data = json.loads(text)
        except ValueError as error:
            raise _unknown("it is not JSON") from error
        if not isinstance(data, dict):
            raise _unknown("it is not an object")
        try:
            profile = cls(
                name=str(data["name"]),
                version=str(data["version"]),
                persona={str(key): str(value) for key, value in data.get("persona", {}).items()},
                lines={str(key): _texts(value) for key, value in data["lines"].items()},
                slots=tuple(_slot(slot) for slot in data["slots"]),
                escalation=_escalation(data["escalation"]),
                booking=_booking(data.get("booking")),
                answers=tuple(
                    Answer(_phrases(answer["phrases"]), _texts(answer["lines"])) for answer in data.get("answers", ())
                ),
                interpreted=data.get("interpreted", False) is True,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _unknown(f"{type(error).__name__} at {error}") from error
        profile._check_lines()
        return profile

    def line(self, name: str) -> tuple[str, ...]:
        """Give the clauses of a fixed line."""
        return self.lines[name]

    def opening_clauses(self) -> tuple[str, ...]:
        """Give the clauses with which a call begins, or goes on at another instance."""
        return self.line("greeting") + self.line("consent_question") + self.line("rejoin")

    def fixed_clauses(self) -> tuple[str, ...]:
        """Give every clause without a blank to fill, in the order in which a call needs them."""
        everything: list[str] = []
        for clauses in self.lines.values():
            everything.extend(clauses)
        for slot in self.slots:
            everything.extend((*slot.prompts, *slot.acknowledge, *slot.more))
        for red_line in self.escalation.red_lines:
            everything.extend(red_line.lines)
        for answer in self.answers:
            everything.extend(answer.lines)
        ordered = (*self.opening_clauses(), *everything)
        return tuple(dict.fromkeys(clause for clause in ordered if "{" not in clause))

    def _check_lines(self) -> None:
        required = REQUIRED_LINES | (BOOKING_LINES if self.booking else frozenset())
        missing = sorted(name for name in required if not self.lines.get(name))
        if missing:
            raise _unknown(f"the line {missing[0]} is missing")


def _slot(data: Mapping[str, Any]) -> SlotRule:
    prompts = _texts(data["prompts"])
    if not prompts or not data.get("lengths", True):
        raise ValueError("a slot without prompts or lengths")
    return SlotRule(
        name=str(data["name"]),
        kind=SlotKind(data["kind"]),
        prompts=prompts,
        acknowledge=_texts(data.get("acknowledge", ())),
        more=_texts(data.get("more", ())),
        lengths=tuple(sorted(int(length) for length in data.get("lengths", (7, 10)))),
        choices=_texts(data.get("choices", ())),
    )


def _escalation(data: Mapping[str, Any]) -> Escalation:
    return Escalation(
        person_phrases=_phrases(data["person_phrases"]),
        change_phrases=_phrases(data.get("change_phrases", ())),
        misunderstandings=int(data.get("misunderstandings", 3)),
        skills=_texts(data.get("skills", ())),
        red_lines=tuple(
            RedLine(str(rule["name"]), _phrases(rule["phrases"]), _texts(rule["lines"]), _texts(rule.get("skills", ())))
            for rule in data["red_lines"]
        ),
    )


def _booking(data: Mapping[str, Any] | None) -> Booking | None:
    if data is None:
        return None
    return Booking(str(data["find_tool"]), str(data["book_tool"]), int(data.get("offers_at_a_time", 2)))


def _texts(value: Sequence[Any]) -> tuple[str, ...]:
    if isinstance(value, str) or not all(isinstance(item, str) for item in value):
        raise TypeError("a list of texts is expected")
    return tuple(value)


def _phrases(value: Sequence[Any]) -> tuple[str, ...]:
    return tuple(phrase.lower() for phrase in _texts(value))


def _unknown(what: str) -> InvalidError:
    return InvalidError("PROFILE_UNKNOWN", f"the agent profile cannot be used: {what}")
