"""Two states compared: the live one and the one folded from the log, here or in another process."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from cordboard.core.call_state import CallState

HIDDEN = "***"
"""Stands for a value that may be PHI."""


def to_canonical_json(state: CallState | None, *, phi: bool = True) -> str:
    """The state as JSON that is equal exactly when the states are; without PHI fields unless `phi`."""
    return json.dumps(_plain(state, phi=phi), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def state_digest(state: CallState | None, *, phi: bool = True) -> str:
    """SHA-256 of the canonical JSON, in hex."""
    return hashlib.sha256(to_canonical_json(state, phi=phi).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place in which two states differ; values that may be PHI are hidden."""

    path: str
    one: str
    other: str

    def __str__(self) -> str:
        return f"{self.path}: {self.one} != {self.other}"


def first_difference(one: CallState | None, other: CallState | None) -> Difference | None:
    """Where two states differ first, in order of their fields; None when they are equal."""
    return _compare("state", one, other, hidden=False)


def _compare(path: str, one: Any, other: Any, *, hidden: bool) -> Difference | None:
    if one == other:
        return None
    if is_dataclass(one) and type(one) is type(other):
        for item in fields(one):
            found = _compare(
                f"{path}.{item.name}",
                getattr(one, item.name),
                getattr(other, item.name),
                hidden=hidden or bool(item.metadata.get("phi")),
            )
            if found is not None:
                return found
    if isinstance(one, tuple) and isinstance(other, tuple):
        for index, (left, right) in enumerate(zip(one, other, strict=False)):
            found = _compare(f"{path}[{index}]", left, right, hidden=hidden)
            if found is not None:
                return found
        if len(one) != len(other):
            return Difference(f"{path}.length", str(len(one)), str(len(other)))
    if hidden:
        return Difference(path, HIDDEN, HIDDEN)
    return Difference(path, _show(one), _show(other))


def _show(value: Any) -> str:
    return json.dumps(_plain(value, phi=False), sort_keys=True)


def _plain(value: Any, *, phi: bool) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {
            item.name: _plain(getattr(value, item.name), phi=phi)
            for item in fields(value)
            if phi or not item.metadata.get("phi")
        }
    if isinstance(value, tuple):
        return [_plain(item, phi=phi) for item in value]
    if isinstance(value, bytes):
        return value.hex()
    return value
