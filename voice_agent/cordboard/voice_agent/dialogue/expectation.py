"""What kind of answer the agent waits for: it tells the endpointer when a text is complete."""

from dataclasses import dataclass
from enum import Enum


class Answer(Enum):
    """Kinds of answer."""

    ANYTHING = "anything"
    YES_NO = "yes_no"
    NAME = "name"
    NUMBER = "number"
    REASON = "reason"
    URGENCY = "urgency"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Expectation:
    """The answer that is waited for; `digits_held` were said in turns before.

    `lengths` are those of a whole number, in ascending order.
    """

    answer: Answer = Answer.ANYTHING
    digits_held: int = 0
    lengths: tuple[int, ...] = (7, 10)
