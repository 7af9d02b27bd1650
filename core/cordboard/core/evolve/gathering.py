"""What the keys that a caller presses do to a call's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from google.protobuf.message import Message

from cordboard.call.v1.gather_pb2 import DigitTaken, GatherEnded, GatherStarted
from cordboard.core.call_state import CallState, Gather
from cordboard.core.ids import LegId


def _started(state: CallState, event: GatherStarted) -> CallState:
    return replace(state, gather=Gather(event.most_digits, event.terminators))


def _taken(state: CallState, event: DigitTaken) -> CallState:
    if state.gather is None:
        return state
    digits = state.gather.digits + event.digit
    return replace(state, gather=replace(state.gather, digits=digits, leg_id=LegId(event.leg_id), press=event.press))


def _ended(state: CallState, event: GatherEnded) -> CallState:
    if state.gather is None:
        return state
    return replace(state, gather=replace(state.gather, reason=event.reason))


EFFECTS: Final[Mapping[type[Message], Callable[[CallState, Any], CallState]]] = {
    GatherStarted: _started,
    DigitTaken: _taken,
    GatherEnded: _ended,
}
