"""What an app that watches a call has seen of it so far."""

import asyncio
from collections.abc import Callable

from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1 import facts_pb2 as facts
from cordboard.core.event_message import unpack
from cordboard.core.fold import is_decision_envelope
from cordboard.ledger.v1.envelope_pb2 import Envelope

_ENDS = (decisions.CallCompleted, decisions.CallAbandoned, decisions.CallFailed, decisions.CallCancelled)
_PAUSE_AFTER_WORDS_S = 0.5


class CallSight:
    """Events go in as they are seen; all times are those of the clock that is given, in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Begin with nothing seen."""
        self.node_id = ""
        """The media node on which the call is."""
        self.ended_as = ""
        """Name of the decision that ended the call; empty while it goes on."""
        self.changes = 0
        """How often the recording was paused or resumed."""
        self.consented = asyncio.Event()
        self.over = asyncio.Event()
        self._clock = clock
        self._silent_since: float | None = None
        self._attached: list[float] = []
        self._plays: list[float] = []

    def see(self, envelope: Envelope) -> None:
        """Take the next event."""
        event = unpack(envelope)
        if isinstance(event, facts.PlayoutStarted):
            self._plays.append(self._clock())
            self._silent_since = None
        elif isinstance(event, facts.PlayoutEnded):
            self._silent_since = self._clock()
        elif isinstance(event, facts.VoicePortChanged) and event.attached:
            self._attached.append(self._clock())
        elif isinstance(event, decisions.NodePlaced):
            self.node_id = event.node_id
        elif isinstance(event, decisions.RecordingPaused | decisions.RecordingResumed):
            self.changes += 1
        elif isinstance(event, decisions.ConsentRecorded) and event.given:
            self.consented.set()
        elif isinstance(event, _ENDS) and is_decision_envelope(envelope):
            self.ended_as = type(event).__name__
            self.over.set()

    def has_finished_speaking(self) -> bool:
        """Tell whether an AI agent has said something and been silent for a moment since."""
        return self._silent_since is not None and self._clock() - self._silent_since > _PAUSE_AFTER_WORDS_S

    def heard_after(self, moment: float) -> float | None:
        """Tell when an AI agent that attached after a moment was heard first; None when none was."""
        attached = [at for at in self._attached if at > moment]
        return next((at for at in self._plays if attached and at >= attached[0]), None)
