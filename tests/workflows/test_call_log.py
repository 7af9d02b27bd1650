"""What a call's workflow logs is a sentence of the code, under the engine's name, with the call's id."""

import json
import logging
from types import SimpleNamespace

import pytest
from temporalio import workflow

from cordboard.runtime.log import JsonFormatter
from cordboard.workflows.call_log import log
from cordboard.workflows.names import workflow_id


def test_a_line_of_a_workflow_is_its_sentence_and_its_call(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[dict[str, str]] = []
    handler = logging.Handler()
    monkeypatch.setattr(handler, "emit", lambda record: lines.append(json.loads(JsonFormatter().format(record))))
    monkeypatch.setattr(log.base_logger, "handlers", [handler])
    monkeypatch.setattr(workflow, "in_workflow", lambda: True)
    monkeypatch.setattr(workflow, "info", lambda: SimpleNamespace(workflow_id=workflow_id("c1")))
    monkeypatch.setattr(workflow.unsafe, "is_replaying_history_events", lambda: False)
    log.warning("a step was refused", extra={"reason": "WRONG_STATE"})
    [line] = lines
    assert line["message"] == "a step was refused"
    assert (line["call_id"], line["reason"]) == ("c1", "WRONG_STATE")
