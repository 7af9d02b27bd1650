"""The fold: a call's state out of its decision events, from memory or from the log."""

from __future__ import annotations

from collections.abc import Iterable

from google.protobuf.message import Message

from cordboard.core import reasons
from cordboard.core.call_state import CallState
from cordboard.core.errors import InternalError
from cordboard.core.event_message import occurred_us, unpack
from cordboard.core.evolve import evolve
from cordboard.ledger.v1.envelope_pb2 import Envelope

WORKFLOW = "workflow/"


def decision_source(call_id: str) -> str:
    """The source under which a call's workflow, and nobody else, logs its decisions."""
    return f"{WORKFLOW}{call_id}"


def is_decision_envelope(envelope: Envelope) -> bool:
    """Whether the envelope holds a decision of the call whose stream it stands in."""
    event = envelope.event
    return event.stream.kind == "call" and event.source == decision_source(event.stream.id)


def fold(events: Iterable[tuple[Message, int]]) -> CallState | None:
    """The state after `(event, occurred at, in microseconds)`s in order; None when there are none."""
    state: CallState | None = None
    for event, at_us in events:
        state = evolve(state, event, at_us)
    return state


def fold_envelopes(envelopes: Iterable[Envelope]) -> CallState | None:
    """The state that one call's envelopes amount to; None when no decision is among them.

    Facts and foreign sources are passed over, order and repeats do not matter. InternalError SOURCE_SEQ_GAP when a
    decision is missing between others, for a fold over a gap would be a wrong state that looks right.
    """
    decided = {one.event.source_seq: one for one in envelopes if is_decision_envelope(one)}
    state: CallState | None = None
    for expected, seq in enumerate(sorted(decided), start=1):
        envelope = decided[seq]
        if seq != expected:
            raise InternalError(
                reasons.SOURCE_SEQ_GAP,
                "a decision is missing from the log",
                call_id=envelope.event.stream.id,
                source_seq=str(expected),
            )
        # A type of a newer build unpacks to None; the envelope itself means nothing to evolve, so it is counted.
        event = unpack(envelope)
        state = evolve(state, event if event is not None else envelope, occurred_us(envelope))
    return state
