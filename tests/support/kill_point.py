"""Where in a call a process is killed: a seeded point of a speaking turn of the AI or of the caller."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

# Less than anybody takes for a letter, so that a share of the estimate always lies within the turn.
SECONDS_PER_LETTER = 0.045


class Speaker(StrEnum):
    """Whose turn it is."""

    AI = "ai"
    CALLER = "caller"


@dataclass(frozen=True, slots=True)
class KillPoint:
    """A share of the speaker's turn of that number, counted from 1; when it was missed, of the next one."""

    seed: int
    speaker: Speaker
    turn: int
    share: float

    @classmethod
    def of(cls, seed: int) -> "KillPoint":
        """Draw the point that belongs to a seed."""
        draw = random.Random(seed)
        return cls(seed, draw.choice(list(Speaker)), draw.randint(2, 3), draw.uniform(0.05, 0.95))

    def __str__(self) -> str:
        return f"seed {self.seed}: {self.share:.0%} of turn {self.turn} of the {self.speaker}"


class TurnBell:
    """Rings when somebody begins to speak."""

    def __init__(self) -> None:
        self._counts: Counter[Speaker] = Counter()
        self._waiting: list[tuple[Speaker, int, asyncio.Future[float | None]]] = []
        self._cut: set[tuple[Speaker, int]] = set()
        self._over = False

    def begin(self, speaker: Speaker, letters: int) -> None:
        """Note that a turn of about so many letters begins at this moment."""
        self._counts[speaker] += 1
        for wanted, turn, future in self._waiting:
            if wanted is speaker and self._counts[speaker] >= turn and not future.done():
                future.set_result(letters * SECONDS_PER_LETTER)

    def cut(self, speaker: Speaker) -> None:
        """Note that the turn which began last was cut off."""
        self._cut.add((speaker, self._counts[speaker]))

    def close(self) -> None:
        """Note that nobody speaks any more."""
        self._over = True
        for _, _, future in self._waiting:
            if not future.done():
                future.set_result(None)

    async def reach(self, point: KillPoint) -> bool:
        """Return at the point, or at the same share of a later turn; False when the call is over before.

        A turn that was cut off before its point has none.
        """
        while not self._over:
            future: asyncio.Future[float | None] = asyncio.get_running_loop().create_future()
            self._waiting.append((point.speaker, point.turn, future))
            length = await future
            if length is None:
                return False
            turn = self._counts[point.speaker]
            await asyncio.sleep(length * point.share)
            if (point.speaker, turn) not in self._cut:
                return True
        return False
