"""Two or three sentences about a call, out of what is known of it."""

from cordboard.activities.outcome.escalation import escalation_of
from cordboard.activities.outcome.tool_effect import FAILED, OK, effects
from cordboard.call.v1 import outcome_pb2 as pb
from cordboard.call.v1.call_pb2 import URGENCY_ROUTINE, URGENCY_SOON, URGENCY_URGENT
from cordboard.core.call_state import CallState

_ENDS = {
    pb.DISPOSITION_SERVED_BY_AI: "The AI agent served the call",
    pb.DISPOSITION_SERVED_BY_AGENT: "A human agent took the call",
    pb.DISPOSITION_VOICEMAIL: "The caller left a voicemail",
    pb.DISPOSITION_CALLBACK: "The caller is to be called back",
    pb.DISPOSITION_ABANDONED: "The caller left before being served",
    pb.DISPOSITION_FAILED: "The call broke down",
    pb.DISPOSITION_CANCELLED: "The call was cancelled",
    pb.DISPOSITION_UNSERVED: "The call ended without a result",
}
_URGENCIES = {URGENCY_ROUTINE: "it can wait", URGENCY_SOON: "it should be soon", URGENCY_URGENT: "it is urgent"}


def summary_of(state: CallState, disposition: pb.Disposition.ValueType, *, phi: bool) -> str:
    """Tell who called about what, what was done, and how it ended; without `phi` no word of the caller's is in it."""
    sentences = [_asked(state, phi=phi), _done(state), f"{_ENDS.get(disposition, 'The call ended')}."]
    return " ".join(sentence for sentence in sentences if sentence)


def _asked(state: CallState, *, phi: bool) -> str:
    slots = state.slots
    who = slots.name if phi and slots.name else "The caller"
    about = f" about: {slots.reason}" if phi and slots.reason else " with a matter of their own" if slots.reason else ""
    urgency = f"; {_URGENCIES[slots.urgency]}" if slots.urgency in _URGENCIES else ""
    return f"{who} called{about}{urgency}."


def _done(state: CallState) -> str:
    settled = {OK: "done", FAILED: "failed"}
    words = [f"{call.name} {settled.get(call.outcome, 'of unknown outcome')}" for call in effects(state)]
    asked = "a human was asked for" if escalation_of(state) else ""
    told = "; ".join([*words, *([asked] if asked else [])])
    return f"{told[0].upper()}{told[1:]}." if told else ""
