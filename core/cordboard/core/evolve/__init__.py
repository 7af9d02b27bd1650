"""`evolve(state, event, at_us)`: what one decision event makes of a call's state.

Total: any decision on any state gives a state and nothing is ever refused here, for what stands on the log has
happened. What may happen is `decide`'s business.
"""

from cordboard.core.evolve.dispatch import evolve

__all__ = ["evolve"]
