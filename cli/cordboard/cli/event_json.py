"""Protobuf messages as JSON for people and programs."""

import importlib
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from cordboard.ledger.v1.envelope_pb2 import Envelope

# Every module with events: an event inside an Any is shown only when its type is known.
_EVENT_MODULES = ("cordboard.call.v1.decisions_pb2", "cordboard.call.v1.facts_pb2", "cordboard.ledger.v1.facts_pb2")


def to_json(message: Message) -> dict[str, Any]:
    """Give a message as JSON with the field names of the contract."""
    for module in _EVENT_MODULES:
        importlib.import_module(module)
    shown: dict[str, Any] = MessageToDict(message, preserving_proto_field_name=True)
    return shown


def event_name(envelope: Envelope) -> str:
    """Give the short name of an envelope's event, such as `CallOpened`."""
    return envelope.event.event.type_url.rpartition(".")[2]


def short_enum(name: str, prefix: str) -> str:
    """Give an enum value's name for people: `PHASE_AI_ENGAGED` becomes `ai_engaged`."""
    return name.removeprefix(prefix).lower()
