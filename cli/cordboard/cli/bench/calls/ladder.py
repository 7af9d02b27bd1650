"""How many calls at once come next, and when it is enough."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cordboard.cli.bench.calls.step import Step
from cordboard.core.errors import InvalidError

RUNGS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)


def rungs(most: int, step: int | None = None) -> tuple[int, ...]:
    """Give the numbers of calls to try up to `most`: by `step`, or in strides that grow.

    Raises InvalidError(NO_CALLS).
    """
    if most < 1:
        raise InvalidError("NO_CALLS", "a load has at least one call")
    if step is not None:
        return tuple(range(step, most + 1, step)) or (most,)
    usual = tuple(rung for rung in RUNGS if rung < most)
    return (*usual, most)


@dataclass(slots=True)
class Ladder:
    """Climbs until a figure is broken twice in a row with as many calls: once may be chance.

    `steps` are all that were measured, `broke` is the one in which it was confirmed.
    """

    rungs: Sequence[int]
    steps: list[Step] = field(default_factory=list)
    broke: Step | None = None
    broken: list[str] = field(default_factory=list)

    def climb(self) -> Iterator[int]:
        """Give the number of calls of each step; `take` has to be called with each step before the next one."""
        for calls in self.rungs:
            yield calls
            if not self.steps[-1].broken:
                continue
            first = set(self.steps[-1].broken)
            yield calls
            again = self.steps[-1]
            self.broken = [name for name in again.broken if name in first]
            if self.broken:
                self.broke = again
                return

    def take(self, step: Step) -> None:
        """Take what a step measured."""
        self.steps.append(step)

    @property
    def held(self) -> int:
        """The most calls at once with which no figure was broken, or none twice; 0 when even the first step broke."""
        broke = self.broke.calls if self.broke else None
        return max((step.calls for step in self.steps if step.calls != broke), default=0)
