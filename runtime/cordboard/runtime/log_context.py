"""Which call, leg and turn the running code works for: every line that it logs carries their ids by itself.

Doors bind them: a gRPC or HTTP request, an activity, a conversation and its turns, a leg. What is bound holds for the
task that binds it and for those that it begins. Only what has the form of the engine's own ids is bound, so that what
somebody sends in place of an id is not written.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from types import MappingProxyType
from typing import Any

from google.protobuf.message import Message

_FORMS = {
    "call_id": re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "leg_id": re.compile(r"(?:caller|ai|leg)-[0-9a-f]{12}"),
    "turn_id": re.compile(r"t[0-9]{1,5}"),
    "trace_id": re.compile(r"[0-9a-f]{32}"),
}
_OF_A_MESSAGE = ("call_id", "leg_id", "turn_id")
_CALL = "call"
_NONE: Mapping[str, str] = MappingProxyType({})
_bound: ContextVar[Mapping[str, str]] = ContextVar("cordboard_log_context", default=_NONE)


def bound_ids() -> Mapping[str, str]:
    """Give the ids that are bound where this runs, by the names under which logs have them."""
    return _bound.get()


def bind(**ids: str) -> Token[Mapping[str, str]]:
    """Bind ids for as long as the running task lives, beside those that are bound; an empty one is bound no more.

    Another call's id ends what was bound of the legs and turns of the one before.
    """
    before = _bound.get()
    if "call_id" in ids and ids["call_id"] != before.get("call_id", ""):
        before = {name: value for name, value in before.items() if name == "trace_id"}
    now = {name: value for name, value in {**before, **ids}.items() if _is_id(name, value)}
    return _bound.set(now)


@contextmanager
def bound(**ids: str) -> Iterator[None]:
    """Bind ids while the block runs."""
    token = bind(**ids)
    try:
        yield
    finally:
        _bound.reset(token)


def ids_of(message: Any) -> dict[str, str]:
    """Find which call, leg and turn a message of the contract is about; empty when it does not say.

    They are fields of the message, or of what it holds: a command, or an event with its stream. Of many held they are
    those that the first and the last share, for a batch may be of many calls.
    """
    if not isinstance(message, Message):
        return {}
    found = _own_ids(message)
    for field, value in message.ListFields():
        if field.message_type is None or field.message_type.GetOptions().map_entry:
            continue
        if isinstance(value, Message):
            found = {**_own_ids(value), **found}
        else:
            last = _own_ids(value[-1])
            found = {**{name: one for name, one in _own_ids(value[0]).items() if last.get(name) == one}, **found}
    return found


def _own_ids(message: Message) -> dict[str, str]:
    found = {name: value for name in _OF_A_MESSAGE if isinstance(value := getattr(message, name, None), str) and value}
    stream = getattr(message, "stream", None)
    if getattr(stream, "kind", None) == _CALL:
        found.setdefault("call_id", getattr(stream, "id", ""))
    return found


def _is_id(name: str, value: str) -> bool:
    form = _FORMS.get(name)
    return form is not None and form.fullmatch(value) is not None
