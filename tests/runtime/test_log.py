"""Logs hold known fields only."""

import asyncio
import gc
import json
import logging
import sys

from cordboard.runtime.log import JsonFormatter, log_unhandled


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


def _foreign(message: object, *arguments: object) -> str:
    record = logging.LogRecord("asyncio", logging.ERROR, __file__, 1, message, arguments or None, None)
    return JsonFormatter("worker-1").format(record)


def test_of_a_librarys_message_only_the_template_is_written() -> None:
    line = _foreign("connection lost to %s", "10.1.2.3")
    assert "connection lost to %s" in line
    assert "10.1.2.3" not in line


def test_a_message_that_a_library_has_put_together_is_not_written() -> None:
    assert "Maria" not in _foreign("task failed: ValueError('Maria Lopez')")


def test_a_name_that_only_begins_like_the_engines_is_a_librarys() -> None:
    record = logging.LogRecord("cordboardish", logging.ERROR, __file__, 1, "Maria Lopez", None, None)
    assert "Maria" not in JsonFormatter().format(record)


async def test_what_a_task_died_of_is_logged_without_its_text() -> None:
    async def fail() -> None:
        raise ValueError("Maria Lopez 555 0100")

    logged: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: logged.append(JsonFormatter().format(record))  # type: ignore[method-assign]
    logging.getLogger("cordboard").addHandler(handler)
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(log_unhandled)
    try:
        task = asyncio.create_task(fail(), name="teller")
        await asyncio.wait([task])
        del task
        gc.collect()
    finally:
        loop.set_exception_handler(before)
        logging.getLogger("cordboard").removeHandler(handler)
    (line,) = logged
    assert "Maria" not in line
    assert json.loads(line)["error"] == "ValueError"
    assert json.loads(line)["name_of"] == "teller"
