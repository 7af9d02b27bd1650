"""Times of routing as data."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from cordboard.core import policy


@dataclass(frozen=True, slots=True)
class RoutingPolicy:
    """How long routing holds an agent without hearing from the call."""

    offer: timedelta = 2 * policy.DEFAULT.ring + policy.DEFAULT.connect + timedelta(seconds=5)
    """A reservation that is neither confirmed nor released by then ends: ringing, joining, and before that
    reaching one who is called back, take the call less."""
    wrap_up: timedelta = timedelta(seconds=120)
    """An agent who finishes a call's work is rung again after this, unless the desk says otherwise before."""
    busy: timedelta = policy.DEFAULT.max_call
    """An agent is in one call no longer than any call lives."""
    keep: timedelta = timedelta(days=1)
    """What is over is kept so long, so that late repeats of a request find it."""


DEFAULT: Final = RoutingPolicy()
"""What holds where nobody chose otherwise."""
