"""How urgent a matter is, by the caller's words."""

from cordboard.call.v1.call_pb2 import Urgency
from cordboard.voice_agent.dialogue.words import says, words_of
from cordboard.voice_agent.dialogue.yes_no import yes_or_no

# Clear whenever they are said.
_ROUTINE = (
    "not urgent", "not that urgent", "not very urgent", "not so urgent", "not really urgent", "not too urgent",
    "isn't urgent", "nothing urgent", "no rush", "no hurry", "not in a hurry", "not in a rush", "can wait",
    "not an emergency", "isn't an emergency", "low priority", "no urgency",
)  # fmt: skip
_SOON = (
    "soon", "as soon as possible", "asap", "somewhat urgent", "kind of urgent", "kinda urgent", "fairly urgent",
    "a bit urgent", "a little urgent", "pretty urgent", "sort of urgent", "rather urgent", "semi urgent",
    "can't wait long", "within a day",
)  # fmt: skip
_URGENT = ("urgent", "urgently", "right away", "immediately", "can't wait", "cannot wait", "straight away")
# Clear only as an answer: `it started a few days ago` says nothing about how long it can wait.
_ROUTINE_ANSWERS = (
    "routine", "whenever", "any time", "anytime", "next week", "few days", "couple of days", "this month", "next month",
    "check up", "checkup", "regular", "not too bad", "annual", "this week", "few weeks", "couple of weeks",
    "no pressure", "flexible", "it's fine", "normal",
)  # fmt: skip
_SOON_ANSWERS = (
    "today", "tomorrow", "tonight", "quickly", "quick", "day or two", "next day", "getting worse", "a little", "a bit",
    "somewhat", "kind of", "sort of", "fairly", "in between", "bad",
)  # fmt: skip
_URGENT_ANSWERS = ("right now", "now", "at once", "extremely", "severe", "unbearable", "very bad", "emergency", "very")

NAMES = {Urgency.URGENCY_ROUTINE: "routine", Urgency.URGENCY_SOON: "soon", Urgency.URGENCY_URGENT: "urgent"}


def urgency_of(text: str, *, asked: bool) -> Urgency.ValueType:
    """Give the urgency that a text names; when it was asked for, `yes`, `no` and vaguer words count as well."""
    words = words_of(text)
    routine, soon = says(words, *_ROUTINE), says(words, *_SOON)
    if soon:
        # `Not an emergency, but soon please`.
        return Urgency.URGENCY_SOON
    if routine:
        return Urgency.URGENCY_SOON if asked and says(words, *_SOON_ANSWERS) else Urgency.URGENCY_ROUTINE
    if says(words, *_URGENT):
        return Urgency.URGENCY_URGENT
    return _answered(text, words) if asked else Urgency.URGENCY_UNSPECIFIED


def _answered(text: str, words: tuple[str, ...]) -> Urgency.ValueType:
    answer = yes_or_no(text)
    if answer is False:
        return Urgency.URGENCY_SOON if says(words, *_SOON_ANSWERS) else Urgency.URGENCY_ROUTINE
    for phrases, urgency in (
        (_ROUTINE_ANSWERS, Urgency.URGENCY_ROUTINE),
        (_SOON_ANSWERS, Urgency.URGENCY_SOON),
        (_URGENT_ANSWERS, Urgency.URGENCY_URGENT),
    ):
        if says(words, *phrases):
            return urgency
    return Urgency.URGENCY_URGENT if answer else Urgency.URGENCY_UNSPECIFIED
