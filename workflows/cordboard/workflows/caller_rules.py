"""What a caller's coming and going asks for by itself: how long a call waits for its caller."""

from functools import partial

from cordboard.call.v1.call_pb2 import DIRECTION_OUTBOUND
from cordboard.call.v1.commands_pb2 import CancelTimer, HangUp
from cordboard.core import phases, reasons
from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER
from cordboard.workflows.call_loop import CallLoop
from cordboard.workflows.limits import DIAL as DIAL_LIMIT
from cordboard.workflows.limits import JOIN as JOIN_LIMIT
from cordboard.workflows.limits import POLICY
from cordboard.workflows.timer_wheel import CALL, CONNECT, DIAL, JOIN, REJOIN, set_timer

CALL_LIMIT = "CALL_LIMIT"

_HANG_UP_REASON = {
    CONNECT: reasons.CALLER_VANISHED,
    JOIN: reasons.CALLER_VANISHED,
    DIAL: reasons.NO_ANSWER,
    REJOIN: reasons.CALLER_VANISHED,
    CALL: CALL_LIMIT,
}


class CallerRules:
    """Sets and cancels the timers of the caller's presence, and hangs up when one of them fires."""

    def __init__(self, loop: CallLoop) -> None:
        self._loop = loop
        self._limited = False
        for timer_id, reason in _HANG_UP_REASON.items():
            loop.on_timer[timer_id] = partial(self._hang_up, reason)

    def apply(self) -> None:
        """Decide what the state asks for; runs in each round of the loop."""
        state = self._loop.state
        if state.phase not in phases.OPEN:
            return
        if not self._limited:
            self._limited = True
            self._loop.decide(set_timer(CALL, POLICY.max_call))
        callers = [leg for leg in state.legs if leg.role == LEG_ROLE_CALLER]
        outbound = state.direction == DIRECTION_OUTBOUND
        connected = any(leg.connected for leg in callers)
        waits = {
            JOIN: (not callers and not outbound, JOIN_LIMIT),
            DIAL: (not callers and state.party_called, DIAL_LIMIT),
            CONNECT: (any(leg.living and not leg.connected for leg in callers), POLICY.connect),
            REJOIN: (state.caller_away, POLICY.rejoin),
        }
        for timer_id, (wanted, limit) in waits.items():
            running = state.timer(timer_id) is not None
            if wanted and not running and not connected:
                self._loop.decide(set_timer(timer_id, limit))
            elif running and not wanted:
                self._loop.decide(CancelTimer(timer_id=timer_id))

    def _hang_up(self, reason: str) -> None:
        self._loop.decide(HangUp(reason=reason))
