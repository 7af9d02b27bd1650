"""Which phase may follow which: the whole law of a call's life as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from google.protobuf.message import Message

from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1.call_pb2 import (
    PHASE_ABANDONED,
    PHASE_AGENT_ALERTING,
    PHASE_AGENT_CONNECTED,
    PHASE_AI_ENGAGED,
    PHASE_ALERTING,
    PHASE_CALLBACK_BOOKED,
    PHASE_CANCELLED,
    PHASE_COMPLETED,
    PHASE_FAILED,
    PHASE_INTAKE,
    PHASE_OFFERED,
    PHASE_ORIGINATING,
    PHASE_QUEUED,
    PHASE_UNSPECIFIED,
    PHASE_VOICEMAIL,
    PHASE_WRAPPING_UP,
    Phase,
)
from cordboard.call.v1.transfer_pb2 import TransferReturned

FINAL: Final[frozenset[Phase.ValueType]] = frozenset({PHASE_COMPLETED, PHASE_ABANDONED, PHASE_FAILED, PHASE_CANCELLED})
"""Nothing follows these."""

SETTING_UP: Final[frozenset[Phase.ValueType]] = frozenset({PHASE_OFFERED, PHASE_ORIGINATING, PHASE_ALERTING})
"""Not answered yet."""

ANSWERED: Final[frozenset[Phase.ValueType]] = frozenset(
    {
        PHASE_INTAKE,
        PHASE_AI_ENGAGED,
        PHASE_QUEUED,
        PHASE_AGENT_ALERTING,
        PHASE_AGENT_CONNECTED,
        PHASE_VOICEMAIL,
        PHASE_CALLBACK_BOOKED,
    }
)
"""Answered, and media may flow."""

OPEN: Final[frozenset[Phase.ValueType]] = SETTING_UP | ANSWERED
"""Legs may still come and go."""

LIVING: Final[frozenset[Phase.ValueType]] = OPEN | {PHASE_WRAPPING_UP}
"""Not final."""

UNSERVED: Final[frozenset[Phase.ValueType]] = SETTING_UP | {PHASE_QUEUED, PHASE_AGENT_ALERTING}
"""A caller who leaves now has abandoned the call; in any other open phase leaving begins the wrap-up."""

_ANYWHERE: Final = frozenset({PHASE_ABANDONED, PHASE_FAILED, PHASE_CANCELLED})
_SERVED: Final = _ANYWHERE | {PHASE_WRAPPING_UP}

FOLLOWERS: Final[Mapping[Phase.ValueType, frozenset[Phase.ValueType]]] = {
    PHASE_UNSPECIFIED: frozenset({PHASE_OFFERED, PHASE_ORIGINATING}),
    PHASE_OFFERED: _ANYWHERE | {PHASE_INTAKE},
    # A SIP far end may answer without ringing (RFC 3261 13.2.2.4), so ALERTING can be passed over.
    PHASE_ORIGINATING: _ANYWHERE | {PHASE_ALERTING, PHASE_INTAKE},
    PHASE_ALERTING: _ANYWHERE | {PHASE_INTAKE},
    PHASE_INTAKE: _SERVED | {PHASE_AI_ENGAGED, PHASE_QUEUED, PHASE_VOICEMAIL, PHASE_CALLBACK_BOOKED},
    PHASE_AI_ENGAGED: _SERVED | {PHASE_AI_ENGAGED, PHASE_QUEUED, PHASE_VOICEMAIL, PHASE_CALLBACK_BOOKED},
    PHASE_QUEUED: _SERVED
    | {PHASE_QUEUED, PHASE_AGENT_ALERTING, PHASE_AI_ENGAGED, PHASE_VOICEMAIL, PHASE_CALLBACK_BOOKED}
    # Back to the agent who asked for another one.
    | {PHASE_AGENT_CONNECTED},
    PHASE_AGENT_ALERTING: _SERVED | {PHASE_QUEUED, PHASE_AGENT_CONNECTED},
    PHASE_AGENT_CONNECTED: _SERVED | {PHASE_QUEUED, PHASE_AI_ENGAGED, PHASE_AGENT_CONNECTED},
    PHASE_VOICEMAIL: _SERVED | {PHASE_QUEUED, PHASE_CALLBACK_BOOKED},
    PHASE_CALLBACK_BOOKED: _SERVED | {PHASE_AI_ENGAGED, PHASE_QUEUED, PHASE_CALLBACK_BOOKED},
    PHASE_WRAPPING_UP: frozenset({PHASE_COMPLETED, PHASE_FAILED}),
    PHASE_COMPLETED: frozenset(),
    PHASE_ABANDONED: frozenset(),
    PHASE_FAILED: frozenset(),
    PHASE_CANCELLED: frozenset(),
}
"""Phases that may follow a phase. A phase that names itself may be entered anew (another queue, a second talk)."""


def may_follow(before: Phase.ValueType, after: Phase.ValueType) -> bool:
    """Whether `after` may follow `before`."""
    return after in FOLLOWERS.get(before, frozenset())


def is_final(phase: Phase.ValueType) -> bool:
    """Whether nothing follows `phase`."""
    return phase in FINAL


def phase_name(phase: Phase.ValueType) -> str:
    """The phase's name as people and reasons spell it, such as `AI_ENGAGED`; a number when it is not known."""
    try:
        return Phase.Name(phase).removeprefix("PHASE_")
    except ValueError:
        return str(int(phase))


PHASE_AFTER: Final[Mapping[type[Message], Phase.ValueType]] = {
    decisions.CallOffered: PHASE_OFFERED,
    decisions.CallOriginated: PHASE_ORIGINATING,
    decisions.CallAlerted: PHASE_ALERTING,
    decisions.CallAnswered: PHASE_INTAKE,
    decisions.AiEngaged: PHASE_AI_ENGAGED,
    decisions.CallQueued: PHASE_QUEUED,
    decisions.AgentAlerted: PHASE_AGENT_ALERTING,
    decisions.AgentMissed: PHASE_QUEUED,
    decisions.AgentConnected: PHASE_AGENT_CONNECTED,
    TransferReturned: PHASE_AGENT_CONNECTED,
    decisions.VoicemailStarted: PHASE_VOICEMAIL,
    decisions.CallbackBooked: PHASE_CALLBACK_BOOKED,
    decisions.WrapUpStarted: PHASE_WRAPPING_UP,
    decisions.CallCompleted: PHASE_COMPLETED,
    decisions.CallAbandoned: PHASE_ABANDONED,
    decisions.CallFailed: PHASE_FAILED,
    decisions.CallCancelled: PHASE_CANCELLED,
}
"""The phase that an event leads to; every other event leaves the phase as it is."""
