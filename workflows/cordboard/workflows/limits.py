"""How long a call waits for what, beside the policy of the call model."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from cordboard.core.policy import DEFAULT

POLICY: Final = replace(
    DEFAULT,
    # Counted from before the caller's media is connected, over greeting, question and one more try of it.
    consent=timedelta(seconds=60),
    # Well before the fuse that ends the workflow without wrapping up.
    max_call=timedelta(hours=4),
)

JOIN: Final = timedelta(seconds=60)
"""A call that was started without media has its first leg by then."""

DIAL: Final = timedelta(seconds=30)
"""A party who is called has answered by then, or nobody is there."""

TALK: Final = timedelta(minutes=30)
"""A talk with an AI agent that goes on longer is ended."""

AGENT_REJOIN: Final = timedelta(seconds=15)
"""A human agent whose connection broke may come back within this; then the caller waits for another."""

VOICE_ATTACH: Final = timedelta(seconds=8)
"""A voice agent that took the call has opened its port by then, or another one is asked."""

TRANSFER: Final = timedelta(seconds=60)
"""Another human agent has come by then, or the one who asked has the caller again."""

ANNOUNCEMENT: Final = timedelta(seconds=30)
"""An AI agent that is only to say a line has said it by then."""

FAREWELL: Final = timedelta(seconds=10)
"""What the voice agent is saying when the talk is over is finished by then."""

ENGAGEMENTS: Final = 4
"""Voice agents that are engaged in a row without one opening its port, before the talk ends with a fault."""
