"""What a caller wants, by words; clear phrases before single words."""

import re
from collections.abc import Iterable
from typing import Final

from cordboard.call.v1.outcome_pb2 import Intent

UNKNOWN: Final = "unknown"

_PHRASE_WEIGHT = 2.0

# In order of what counts more when two are as strong.
_INTENTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "emergency": (
        ("chest pain", "can't breathe", "cannot breathe", "heart attack", "passed out", "won't stop bleeding"),
        ("ambulance", "emergency", "overdose", "unconscious"),
    ),
    "cancel": (
        ("cancel my appointment", "call off", "don't need the appointment", "cancel the viewing"),
        ("cancel",),
    ),
    "reschedule": (
        ("move my appointment", "change my appointment", "another time instead", "different day"),
        ("reschedule", "postpone"),
    ),
    "complaint": (
        ("not happy", "speak to your supervisor", "want my money back", "this is ridiculous", "make a complaint"),
        ("complain", "complaint", "refund", "unacceptable", "terrible"),
    ),
    "billing": (
        ("my bill", "an invoice", "the charge", "charged twice", "pay my", "payment plan"),
        ("bill", "billing", "invoice", "charged", "copay", "insurance"),
    ),
    "prescription": (
        ("refill my", "run out of my", "prescription for", "ran out of"),
        ("refill", "prescription", "pharmacy"),
    ),
    "results": (("test results", "lab results", "blood work", "my results"), ("results", "biopsy")),
    "buy": (
        ("buy a house", "buy a home", "looking for an apartment", "see the house", "make an offer", "for sale"),
        ("buy", "rent", "viewing", "listing", "mortgage", "bedroom", "bedrooms"),
    ),
    "book_appointment": (
        ("make an appointment", "book an appointment", "see a doctor", "see the doctor", "get an appointment",
         "come in", "need an appointment", "like an appointment", "schedule an appointment"),
        ("appointment", "checkup", "pain", "hurts", "sore", "fever", "rash", "cough", "visit", "ache", "throat"),
    ),
    "talk_to_person": (
        ("talk to a person", "speak to a person", "real person", "speak to someone", "talk to someone",
         "talk to a human", "speak with a nurse", "speak with someone"),
        ("operator", "human", "representative"),
    ),
    "wrong_number": (("wrong number",), ()),
    "question": (
        ("what time do you", "are you open", "opening hours", "where are you", "do you take", "how much"),
        ("hours", "address", "directions", "parking"),
    ),
}  # fmt: skip

NAMES: Final = (*_INTENTS, UNKNOWN)
"""Names that an intent may have."""


def intent_of(texts: Iterable[str]) -> Intent:
    """Name what the caller's turns ask for. Confidence is the winner's share of all that was found."""
    said = " ".join(_plain(text) for text in texts)
    scores = {name: _score(said, phrases, words) for name, (phrases, words) in _INTENTS.items()}
    total = sum(scores.values())
    if not total:
        return Intent(name=UNKNOWN, confidence=0.0)
    # The first of the strongest: max() keeps the order above.
    best = max(scores, key=lambda name: scores[name])
    return Intent(name=best, confidence=round(scores[best] / total, 3))


def _score(said: str, phrases: tuple[str, ...], words: tuple[str, ...]) -> float:
    found = sum(_PHRASE_WEIGHT for phrase in phrases if _says(said, phrase))
    return found + sum(1.0 for word in words if _says(said, word))


def _says(said: str, phrase: str) -> bool:
    return re.search(rf"\b{re.escape(phrase)}\b", said) is not None


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.lower().replace("’", "'")).strip()
