"""What of a value may stand in logs, spans and measurements: nothing that a person said or is, and no guessing."""

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from cordboard.core import phi

CODES = frozenset({"reason"})
"""Names that are a person's words in some messages of the contract and stable codes here: only codes pass."""

_CODE = re.compile(r"[A-Z][A-Z0-9_]*")
_DROPPED = object()


def vouched(fields: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """Keep the fields that are known, each as what may be shown of it."""
    shown = {name: _shown(name, value) for name, value in fields.items() if name in known}
    return {name: value for name, value in shown.items() if value is not _DROPPED}


def _shown(name: str, value: Any) -> Any:
    if name in CODES and not (isinstance(value, str) and _CODE.fullmatch(value)):
        return _DROPPED
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, Message):
        # The contract's own marks say what of a message is whose business.
        return MessageToDict(phi.redact(value))
    if isinstance(value, list | tuple | set | frozenset):
        return [one for one in (_shown(name, each) for each in value) if one is not _DROPPED]
    return type(value).__name__
