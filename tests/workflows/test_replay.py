"""Calls that were recorded with an earlier build are replayed with this one; a change that would break them is seen."""

import json
from pathlib import Path
from typing import Any

import pytest
from changed_call_workflow import ChangedCallWorkflow
from recorded_calls import RECORDED
from temporal import MemoryKeys
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, WorkflowReplayResult

from cordboard.workflows.call_workflow import CallWorkflow
from cordboard.workflows.data_converter import data_converter
from cordboard.workflows.sandbox import workflow_runner

HISTORIES = Path(__file__).with_name("histories")


def history(name: str) -> WorkflowHistory:
    """The recorded history of that name; its key comes from the call's id."""
    content = json.loads((HISTORIES / f"{name}.json").read_text(encoding="utf-8"))
    started = content["events"][0]["workflowExecutionStartedEventAttributes"]
    return WorkflowHistory.from_json(started["workflowId"], content)


async def replay(kind: type[Any], recorded: WorkflowHistory) -> WorkflowReplayResult:
    replayer = Replayer(
        workflows=[kind], data_converter=data_converter(MemoryKeys()), workflow_runner=workflow_runner()
    )
    return await replayer.replay_workflow(recorded, raise_on_replay_failure=False)


def test_every_recorded_way_through_a_call_is_kept() -> None:
    assert sorted(path.stem for path in HISTORIES.glob("*.json")) == sorted(RECORDED)


@pytest.mark.parametrize("name", sorted(RECORDED))
async def test_a_recorded_call_replays(name: str) -> None:
    result = await replay(CallWorkflow, history(name))
    assert result.replay_failure is None


@pytest.mark.parametrize("name", sorted(RECORDED))
async def test_a_careless_change_is_seen(name: str) -> None:
    result = await replay(ChangedCallWorkflow, history(name))
    assert isinstance(result.replay_failure, workflow.NondeterminismError)
