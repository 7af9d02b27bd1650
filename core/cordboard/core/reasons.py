"""Stable reason codes of the call model: callers may branch on them, so none ever changes its meaning."""

from typing import Final

# Why a message is refused.
CALL_NOT_FOUND: Final = "CALL_NOT_FOUND"
CALL_EXISTS: Final = "CALL_EXISTS"
CALL_OVER: Final = "CALL_OVER"
WRONG_PHASE: Final = "WRONG_PHASE"
FIELD_MISSING: Final = "FIELD_MISSING"
FIELD_INVALID: Final = "FIELD_INVALID"
UNKNOWN_COMMAND: Final = "UNKNOWN_COMMAND"
CONSENT_MISSING: Final = "CONSENT_MISSING"
NOT_RECORDING: Final = "NOT_RECORDING"
LEG_NOT_FOUND: Final = "LEG_NOT_FOUND"
LEG_EXISTS: Final = "LEG_EXISTS"
LEG_OVER: Final = "LEG_OVER"
LEG_NOT_YOURS: Final = "LEG_NOT_YOURS"
WRONG_ROLE: Final = "WRONG_ROLE"
NOT_PLACED: Final = "NOT_PLACED"
STALE_EPOCH: Final = "STALE_EPOCH"
ROUTING_DIFFERS: Final = "ROUTING_DIFFERS"
ALREADY_ENGAGED: Final = "ALREADY_ENGAGED"
TOOL_CALL_NOT_FOUND: Final = "TOOL_CALL_NOT_FOUND"
MISSING_CAPABILITY: Final = "MISSING_CAPABILITY"
VERSION_CLASH: Final = "VERSION_CLASH"
SCRIPT_PINNED: Final = "SCRIPT_PINNED"
SCRIPT_MISSING: Final = "SCRIPT_MISSING"
SOURCE_SEQ_GAP: Final = "SOURCE_SEQ_GAP"

ALREADY_GATHERING: Final = "ALREADY_GATHERING"

# Why a collection of keys ended.
COMPLETE: Final = "COMPLETE"
TERMINATED: Final = "TERMINATED"
TIMED_OUT: Final = "TIMED_OUT"

# Why a message ended, beside two of these.
NOTHING_SAID: Final = "NOTHING_SAID"

# Why a call, a leg or a recording ended.
DONE: Final = "DONE"
CALLER_HUNG_UP: Final = "CALLER_HUNG_UP"
CALLER_VANISHED: Final = "CALLER_VANISHED"
AGENT_HUNG_UP: Final = "AGENT_HUNG_UP"
CALL_ENDED: Final = "CALL_ENDED"
REFUSED: Final = "REFUSED"
CLIENT_CLOSED: Final = "CLIENT_CLOSED"
LEG_FAILED: Final = "LEG_FAILED"
REPLACED: Final = "REPLACED"
RELEASED: Final = "RELEASED"
REJECTED: Final = "REJECTED"
SILENT: Final = "SILENT"

# Why a transfer is refused, or over.
ALREADY_TRANSFERRING: Final = "ALREADY_TRANSFERRING"
NO_TRANSFER: Final = "NO_TRANSFER"
AI_ENGAGED: Final = "AI_ENGAGED"
CALL_QUEUED: Final = "CALL_QUEUED"
CANCELLED: Final = "CANCELLED"

# Why a human agent did not take a call.
NO_ANSWER: Final = "NO_ANSWER"
DECLINED: Final = "DECLINED"
BUSY: Final = "BUSY"
SESSION_LOST: Final = "SESSION_LOST"

GONE_BY_CALLER: Final = frozenset({CALLER_HUNG_UP, CALLER_VANISHED})
"""Reasons of HangUp that mean: the caller left by themselves."""

VANISHED: Final = frozenset({SILENT, "CONSENT_LOST", "TRANSPORT_LOST", "NODE_LOST", "DRAINED"})
"""Reasons of a leg's end after which its far end may still want to be in the call, and may rejoin."""
