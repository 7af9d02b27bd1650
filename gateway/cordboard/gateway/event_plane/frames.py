"""What the server says on the event plane: JSON text frames."""

import json
from collections.abc import Sequence
from typing import Any

from google.protobuf.json_format import MessageToDict

from cordboard.call.v1.decisions_pb2 import MediaCommandRequested, SlotsTaken
from cordboard.call.v1.facts_pb2 import ReplyHeard, ReplyPlanned, SlotsFilled, UtteranceHeard
from cordboard.core import phi
from cordboard.core.errors import CordboardError
from cordboard.core.event_message import pack, unpack
from cordboard.ledger.v1.envelope_pb2 import Envelope

PING = json.dumps({"type": "ping"})

_OWN_WORDS = frozenset(
    message.DESCRIPTOR.full_name for message in (UtteranceHeard, ReplyPlanned, ReplyHeard, SlotsFilled, SlotsTaken)
)
NEVER_OPENED = frozenset({MediaCommandRequested.DESCRIPTOR.full_name})
"""Events whose PHI nobody gets here: session descriptions hold the addresses of the others on the call."""


def event_frame(envelope: Envelope, history: Sequence[Envelope] = ()) -> str:
    """Tell an event; `history` is the call as it stood before, for one who joins it here."""
    frame: dict[str, Any] = {"type": "event", "cursor": envelope.position, "event": _as_json(envelope)}
    if history:
        frame["history"] = [_as_json(one) for one in history]
    return json.dumps(frame, separators=(",", ":"))


def hello_frame(cursor: int, history: Sequence[Envelope] = (), **more: str) -> str:
    """Begin: the cursor from which events follow, and what is so already."""
    frame: dict[str, Any] = {"type": "hello", "cursor": cursor, **more}
    if history:
        frame["history"] = [_as_json(one) for one in history]
    return json.dumps(frame, separators=(",", ":"))


def reply_frame(command_id: str, error: CordboardError | None = None) -> str:
    """Answer a command."""
    if error is None:
        return json.dumps({"type": "reply", "id": command_id, "ok": True})
    refusal = {"ok": False, "reason": error.reason, "message": error.message}
    return json.dumps({"type": "reply", "id": command_id, **refusal})


def for_caller(envelope: Envelope) -> Envelope:
    """Leave to a caller the words of the talk and what was learnt in it; the staff's notes are not for them."""
    return envelope if envelope.event.event.TypeName() in _OWN_WORDS else _without_phi(envelope)


def _as_json(envelope: Envelope) -> dict[str, Any]:
    if envelope.event.event.TypeName() in NEVER_OPENED:
        envelope = _without_phi(envelope)
    if unpack(envelope) is not None:
        return MessageToDict(envelope)
    bare = Envelope()
    bare.CopyFrom(envelope)
    bare.event.ClearField("event")
    shown: dict[str, Any] = MessageToDict(bare)
    shown["event"]["event"] = {"@type": envelope.event.event.type_url}
    return shown


def _without_phi(envelope: Envelope) -> Envelope:
    message = unpack(envelope)
    copy = Envelope()
    copy.CopyFrom(envelope)
    if message is None:
        copy.event.event.ClearField("value")
        return copy
    body, sealed = phi.split(message)
    if sealed.ByteSize():
        copy.event.event.CopyFrom(pack(body))
        copy.redacted = True
    return copy
