"""Structured logs: one JSON object a line on stderr, known fields only.

A message is a constant sentence. What varies goes into `extra`, and only the names listed here are written, so text
that nobody vouches for (and that might hold PHI) is dropped and not guessed at.
"""

import json
import logging
import sys
import traceback
from typing import Any

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
            "message": record.msg if record.name.startswith("cordboard") else record.getMessage(),
        }
        if self._instance:
            line["instance"] = self._instance
        line.update({name: value for name, value in record.__dict__.items() if name in FIELDS})
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            frames = traceback.extract_tb(record.exc_info[2])
            line["where"] = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames]
        return json.dumps(line, default=str)


def configure_logging(level: str, instance: str = "") -> None:
    """Send all logs to stderr in JSON. Libraries speak from WARNING on, the engine from `level`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(instance))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("cordboard").setLevel(level)
