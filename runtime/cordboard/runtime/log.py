"""Structured logs: one JSON object a line on stderr, known fields only.

A message is a constant sentence. What varies goes into `extra`, and only the names listed here are written, so text
that nobody vouches for (and that might hold PHI) is dropped and not guessed at. Of libraries only the template of a
message is written, never what they put into it. Of a message of the contract its own marks say what may be shown. Which
call, leg, turn and trace a line belongs to stands on it by itself.
"""

import json
import logging
import sys
import traceback
from asyncio import AbstractEventLoop, Task
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from cordboard.runtime.log_context import bound_ids
from cordboard.runtime.trace_context import current_trace_id
from cordboard.runtime.vouched import vouched

FIELDS = frozenset(
    {
        "actor", "address", "attempt", "audience", "batch", "boot_id", "call_id", "code", "command_seq", "component",
        "count", "cursor", "duration_ms", "engine", "epoch", "event_type", "http_status", "instance", "key", "kind",
        "leg_id", "limit", "method", "name_of", "node_id", "outcome", "path", "pid", "placement_epoch", "play_id",
        "port", "position", "profile", "purpose", "queue", "reason", "request_id", "retry_in_ms", "role", "segment",
        "seq", "service", "setting", "shard", "size", "source", "source_seq", "stage", "state", "status", "stream",
        "stream_id", "stream_kind", "tenant", "token_id", "tool", "tool_call_id", "trace_id", "turn_id", "vertical",
        "version", "workflow_id",
    }
)  # fmt: skip


_OWN = "cordboard"
_UNVOUCHED = "a library speaks"
"""Stands for a message that is no template: a library has put it together, with who knows what in it."""


class JsonFormatter(logging.Formatter):
    """Writes a record as one JSON object."""

    def __init__(self, instance: str = "") -> None:
        """Make a formatter that names the instance on each line."""
        super().__init__()
        self._instance = instance

    def format(self, record: logging.LogRecord) -> str:
        """Give the line. The exception's text is left out: only its type and the places in the code are written."""
        line: dict[str, Any] = {
            "at": round(record.created, 3),
            "level": record.levelname,
            "logger": record.name,
            "message": record.msg if _is_constant(record) else _UNVOUCHED,
        }
        if self._instance:
            line["instance"] = self._instance
        line.update(bound_ids())
        if trace_id := current_trace_id():
            line["trace_id"] = trace_id
        line.update(vouched(record.__dict__, FIELDS))
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["where"] = _places(record.exc_info[2])
        elif not _is_constant(record):
            line["where"] = [f"{record.filename}:{record.lineno} {record.funcName}"]
        return json.dumps(line, default=str)


def _is_constant(record: logging.LogRecord) -> bool:
    """Tell whether a message is a sentence out of the code, and not one that was put together while it ran."""
    return record.name.partition(".")[0] == _OWN or (bool(record.args) and isinstance(record.msg, str))


def _places(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)
    return [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames]


def log_unhandled(loop: AbstractEventLoop, context: Mapping[str, Any]) -> None:
    """Log what nobody awaited or caught, as a loop's exception handler: the type and the places, never the text."""
    error = context.get("exception")
    task = context.get("task") or context.get("future")
    name = task.get_name() if isinstance(task, Task) else ""
    logging.getLogger(__name__).error(
        "an error was caught by nobody", extra={"name_of": name}, exc_info=error if error else None
    )


def configure_logging(level: str, instance: str = "") -> None:
    """Send all logs to stderr in JSON. Libraries speak from WARNING on, the engine from `level`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(instance))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(_OWN).setLevel(level)
