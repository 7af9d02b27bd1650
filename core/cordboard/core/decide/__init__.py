"""`decide(state, message)`: which decision events a command or a fact leads to, or why it may not.

The only place where a transition is legal or not. Pure: no clock, no randomness; times and ids come in the message.
"""

from cordboard.core.decide.dispatch import decide

__all__ = ["decide"]
