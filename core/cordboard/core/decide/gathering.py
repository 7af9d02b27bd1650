"""Keys that the caller presses: collected while somebody waits for them, otherwise only on record as facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.message import Message

from cordboard.call.v1 import facts_pb2 as facts
from cordboard.call.v1.call_pb2 import Phase
from cordboard.call.v1.gather_pb2 import DigitTaken, EndGather, GatherEnded, GatherStarted, StartGather
from cordboard.core import phases, reasons
from cordboard.core.decide.draft import Draft, require
from cordboard.core.decide.voicemail import end_by_key
from cordboard.core.errors import InvalidError, WrongStateError
from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER

KEYS: Final = frozenset("0123456789*#ABCD")
"""What a telephone's keys are (RFC 4733 section 3.2)."""

MOST_DIGITS: Final = 64


def end_gather(draft: Draft, reason: str) -> None:
    """End the collection; nothing happens when none runs."""
    gather = draft.state.gather
    if gather is not None and gather.running:
        draft.add(GatherEnded(reason=reason, digits=gather.digits))


def _start(draft: Draft, command: StartGather) -> None:
    if command.most_digits > MOST_DIGITS:
        raise InvalidError(reasons.FIELD_INVALID, "too many digits", field="most_digits")
    if set(command.terminators) - KEYS:
        raise InvalidError(reasons.FIELD_INVALID, "a terminator is no key", field="terminators")
    if draft.state.gather is not None and draft.state.gather.running:
        raise WrongStateError(reasons.ALREADY_GATHERING, "keys are being collected")
    draft.add(GatherStarted(most_digits=command.most_digits, terminators=command.terminators))


def _end(draft: Draft, command: EndGather) -> None:
    require(command.reason, "reason")
    end_gather(draft, command.reason)


def _received(draft: Draft, fact: facts.DtmfReceived) -> None:
    gather, leg = draft.state.gather, draft.state.leg(fact.leg_id)
    if leg is None or leg.role != LEG_ROLE_CALLER:
        return
    if gather is None or not gather.running:
        end_by_key(draft, fact.digit)
        return
    if fact.digit not in KEYS or (gather.leg_id == fact.leg_id and fact.press <= gather.press):
        return
    if fact.digit in gather.terminators:
        end_gather(draft, reasons.TERMINATED)
        return
    draft.add(DigitTaken(digit=fact.digit, leg_id=fact.leg_id, press=fact.press))
    if len(gather.digits) + 1 >= (gather.most_digits or MOST_DIGITS):
        end_gather(draft, reasons.COMPLETE)


COMMANDS: Final[Mapping[type[Message], tuple[frozenset[Phase.ValueType], Callable[[Draft, Any], None]]]] = {
    StartGather: (phases.ANSWERED, _start),
    # A timer that runs out as the call ends is late, not wrong.
    EndGather: (phases.LIVING | phases.FINAL, _end),
}

FACTS: Final[Mapping[type[Message], Callable[[Draft, Any], None]]] = {
    facts.DtmfReceived: _received,
}
