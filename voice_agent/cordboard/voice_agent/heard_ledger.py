"""What a caller heard of a reply, clause by clause, from how much of it went onto the wire."""

from collections.abc import Sequence
from dataclasses import dataclass

# A clause that lacks no more than this was heard: its tail is the fading of the last sound.
TOLERANCE_US = 200_000
CUT = "—"


@dataclass(frozen=True, slots=True)
class SpokenClause:
    """A clause and how long its speech takes, pause included."""

    text: str
    duration_us: int


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard: whole clauses, then the part of the one that was cut; `rest` was not heard to its end."""

    text: str
    rest: tuple[str, ...]

    @property
    def interrupted(self) -> bool:
        """True when something was not heard."""
        return bool(self.rest)


def heard_of(clauses: Sequence[SpokenClause], sent_us: int, unspoken: Sequence[str] = ()) -> Heard:
    """Join clauses with the time that was sent. Of the cut clause the words that fit are kept, marked as cut.

    `unspoken` are the clauses that had not even been synthesised.
    """
    whole: list[str] = []
    begun_us = 0
    for place, clause in enumerate(clauses):
        if sent_us + TOLERANCE_US < begun_us + clause.duration_us:
            rest = tuple(later.text for later in clauses[place:])
            part = _part(clause, sent_us - begun_us)
            return Heard(" ".join([*whole, *part]), (*rest, *unspoken))
        whole.append(clause.text)
        begun_us += clause.duration_us
    return Heard(" ".join(whole), tuple(unspoken))


def _part(clause: SpokenClause, sent_us: int) -> list[str]:
    words = clause.text.split()
    count = int(len(words) * max(0, sent_us) / clause.duration_us) if clause.duration_us else 0
    return [" ".join(words[:count]) + CUT] if count else []
