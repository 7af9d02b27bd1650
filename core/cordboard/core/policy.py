"""Timeouts and limits as data, so that a tenant or a test can have others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Policy:
    """How long a call waits for what."""

    ring: timedelta = timedelta(seconds=20)
    """A human agent is rung so long before the next one is."""
    patience: timedelta = timedelta(seconds=300)
    """A caller waits in a queue so long before voicemail or callback is offered."""
    consent: timedelta = timedelta(seconds=20)
    """No answer about recording by then is a no."""
    max_call: timedelta = timedelta(hours=8)
    """No call lives longer."""
    silence: timedelta = timedelta(seconds=30)
    """A caller who says nothing so long is asked, then let go."""
    connect: timedelta = timedelta(seconds=15)
    """A leg that has not connected by then has failed."""
    rejoin: timedelta = timedelta(seconds=10)
    """A caller who vanished may come back within this."""
    voice_rejoin: timedelta = timedelta(seconds=15)
    """A voice agent that was lost is replaced within this, or the talk ends with a fault."""
    tool: timedelta = timedelta(seconds=15)
    """A tool that has not answered by then has an unknown outcome."""
    facts_interval: timedelta = timedelta(seconds=2)
    """A workflow is signalled at most so often on average."""
    voicemail: timedelta = timedelta(seconds=120)
    """A message is cut off at this length."""


DEFAULT = Policy()
"""What holds where nobody chose otherwise."""
