"""A registration as a file: the fields of WorkflowEntry as JSON, with the input's schema written out in it."""

import json
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict, ParseError

from cordboard.core.errors import InvalidError
from cordboard.registry.v1.workflow_registry_service_pb2 import WorkflowEntry


def read_registration(path: Path) -> WorkflowEntry:
    """Read a registration; `input_schema` may be an object. Raises InvalidError(ENTRY_INVALID)."""
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(fields, dict):
            raise InvalidError("ENTRY_INVALID", "the file holds no registration", file=path.name)
        if isinstance(fields.get("input_schema"), dict):
            fields["input_schema"] = json.dumps(fields["input_schema"], sort_keys=True, separators=(",", ":"))
        entry: WorkflowEntry = ParseDict(fields, WorkflowEntry())
    except OSError as error:
        raise InvalidError("ENTRY_INVALID", f"the file cannot be read: {error.strerror}", file=path.name) from error
    except (ValueError, ParseError) as error:
        raise InvalidError("ENTRY_INVALID", f"the file holds no registration: {error}", file=path.name) from error
    return entry


def show_registration(entry: WorkflowEntry) -> dict[str, Any]:
    """Give a registration as its file has it."""
    shown: dict[str, Any] = MessageToDict(entry, preserving_proto_field_name=True)
    if entry.input_schema:
        shown["input_schema"] = json.loads(entry.input_schema)
    return shown
