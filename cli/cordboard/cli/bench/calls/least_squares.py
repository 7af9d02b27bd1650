"""What a quantity costs per call: a straight line through the steps, and whether it is one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cordboard.cli.bench.spread import rounded

Floats = NDArray[np.float64]
Growth = Literal["linear", "grows faster", "grows slower", "no line", "too few steps"]
_A_LINE = 0.9
"""From this R squared on it is called a line."""
_BENT = 0.5
"""A curve is called one when its slope changes from the first step to the last by more than this part of the line's."""
_EXPLAINED = 0.5
_FEWEST = 3


@dataclass(frozen=True, slots=True)
class Fit:
    """Least squares of a quantity against the calls at once: `intercept` without calls, `slope` per call."""

    intercept: float
    slope: float
    r_squared: float
    growth: Growth

    @classmethod
    def of(cls, calls: Sequence[float], values: Sequence[float]) -> "Fit":
        """Fit a line; with less than three different numbers of calls nothing is said of its growth."""
        x, y = np.asarray(calls, float), np.asarray(values, float)
        different = len(set(calls))
        if different < 2:
            return cls(float(y[0]) if len(y) else 0.0, 0.0, 0.0, "too few steps")
        slope, intercept = np.polyfit(x, y, 1)
        spread = float(np.sum((y - y.mean()) ** 2))
        r_squared = 1.0 - _left(x, y, np.asarray((slope, intercept))) / spread if spread > 0 else 1.0
        growth = _growth(x, y, float(slope), r_squared) if different >= _FEWEST else "too few steps"
        return cls(float(intercept), float(slope), r_squared, growth)

    def to_json(self) -> dict[str, Any]:
        """Give it as plain data."""
        return {
            "intercept": rounded(self.intercept),
            "per_call": rounded(self.slope),
            "r_squared": rounded(self.r_squared),
            "growth": self.growth,
        }


def _growth(x: Floats, y: Floats, slope: float, r_squared: float) -> Growth:
    curve = np.polyfit(x, y, 2)
    bend = 2 * float(curve[0]) * float(x.max() - x.min()) / abs(slope) if slope else 0.0
    # A bend that explains little of what the line leaves is the noise of the steps.
    explains = _left(x, y, curve) < _EXPLAINED * _left(x, y, np.polyfit(x, y, 1))
    if abs(bend) > _BENT and explains and len(x) > _FEWEST:
        return "grows faster" if bend > 0 else "grows slower"
    return "linear" if r_squared >= _A_LINE else "no line"


def _left(x: Floats, y: Floats, curve: Floats) -> float:
    return float(np.sum((y - np.polyval(curve, x)) ** 2))
