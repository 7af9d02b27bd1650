"""Logs hold known fields only."""

import json
import logging
import sys

from cordboard.runtime.log import JsonFormatter


def _line(**extra: object) -> dict[str, object]:
    record = logging.LogRecord("cordboard.x", logging.INFO, __file__, 1, "a call began", None, None)
    record.__dict__.update(extra)
    parsed: dict[str, object] = json.loads(JsonFormatter("worker-1").format(record))
    return parsed


def test_known_fields_are_written() -> None:
    assert _line(call_id="c1")["call_id"] == "c1"


def test_unknown_fields_are_dropped() -> None:
    assert "Maria" not in json.dumps(_line(text="Maria Lopez"))


def test_an_exceptions_text_is_left_out_and_its_place_kept() -> None:
    try:
        raise ValueError("Maria Lopez")
    except ValueError:
        line = _line(exc_info=sys.exc_info())
    assert line["error"] == "ValueError"
    assert "Maria" not in json.dumps(line)
