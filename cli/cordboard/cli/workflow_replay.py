"""Recorded workflow histories run against the code in hand: what would break if it were deployed, and where."""

import gzip
import importlib
import json
import logging
import re
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from temporalio import workflow
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.converter import DefaultFailureConverter
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.worker import Replayer

from cordboard.core.errors import CordboardError, InvalidError, NotFoundError
from cordboard.workflows.data_converter import KeySource, data_converter, script_data_converter
from cordboard.workflows.sandbox import workflow_runner
from cordboard.workflows.script_contract import is_script

CALL_WORKFLOW = "cordboard.workflows.call_workflow:CallWorkflow"
KEYS_FILE = "corpus.keys"
"""In a corpus of calls that never were: the text, as JSON, that their keys are made of."""

_REASON = re.compile(r"message: \"(?:\[TMPRL\d+\] )?(?:Nondeterminism error: )?([^\"]*)")
_AT_EVENT = re.compile(r"HistoryEvent\(id: (\d+), (\w+)\)")
_AT_COMMAND = re.compile(r"\b(LocalActivity|Activity|Timer|ChildWorkflow\w*|SignalExternal\w*)\((\d+)\)")
_BEGINS = {
    "LocalActivity": EventType.EVENT_TYPE_MARKER_RECORDED,
    "Activity": EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
    "Timer": EventType.EVENT_TYPE_TIMER_STARTED,
    "ChildWorkflow": EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED,
    "SignalExternal": EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED,
}


@dataclass(frozen=True, slots=True)
class Recording:
    """A history under the name that it is reported by."""

    name: str
    history: WorkflowHistory


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one history."""

    history: str
    workflow_id: str
    events: int
    replays: bool
    problem: str = ""
    """`NONDETERMINISTIC` (the code goes another way), `SEALED` (the payloads cannot be opened) or `FAILED`."""
    event_id: int = 0
    """Event of the history at which the code goes another way; 0 when that is not known."""
    event_type: str = ""
    differs: str = ""

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        return asdict(self)


class CorpusKeys:
    """The keys of calls that never were, made of a text with `{call_id}` and `{purpose}`, over and over to 32 bytes."""

    def __init__(self, text: str) -> None:
        self._text = text

    @classmethod
    def beside(cls, directory: Path) -> "CorpusKeys | None":
        """Read what lies beside a corpus; None when nothing does, as for calls that were real."""
        path = directory / KEYS_FILE
        return cls(json.loads(path.read_text(encoding="utf-8"))["text"]) if path.exists() else None

    async def subkey(self, call_id: str, purpose: str) -> bytes:
        """Give a subkey."""
        text = self._text.format(call_id=call_id, purpose=purpose)
        return (text * 32).encode()[:32]


def load_class(name: str) -> type[Any]:
    """Find a workflow class by `module:Class`. Raises InvalidError(CLASS_UNKNOWN)."""
    module, _, attribute = name.partition(":")
    # As with `python -m`: modules of the folder that the command is run in are found.
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise InvalidError("CLASS_UNKNOWN", "no such class can be imported", against=name) from error
    if not isinstance(found, type) or not hasattr(found, "__temporal_workflow_definition"):
        raise InvalidError("CLASS_UNKNOWN", "it is no workflow", against=name)
    return found


def read_corpus(directory: Path) -> list[Recording]:
    """Read every history (`*.json`, `*.json.gz`) of a directory. Raises InvalidError, NotFoundError(CORPUS_EMPTY)."""
    paths = sorted(path for pattern in ("*.json", "*.json.gz") for path in directory.glob(pattern))
    if not paths:
        raise NotFoundError("CORPUS_EMPTY", "the directory holds no histories", directory=directory.name)
    return [_read(path) for path in paths]


def _read(path: Path) -> Recording:
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        decoded = json.loads(content)
        started = decoded["events"][0]["workflowExecutionStartedEventAttributes"]
        return Recording(path.name, WorkflowHistory.from_json(started["workflowId"], decoded))
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise InvalidError("HISTORY_INVALID", "a file holds no history", file=path.name) from error


async def replay_all(kind: type[Any], recordings: Iterable[Recording], keys: KeySource) -> list[Verdict]:
    """Run each history against a workflow class."""
    # Temporal's core would write its own word about each difference to standard output.
    logging.getLogger("temporalio").setLevel(logging.CRITICAL)
    runtime = Runtime(telemetry=TelemetryConfig(logging=None))
    verdicts: list[Verdict] = []
    for one in recordings:
        sealed = script_data_converter(keys) if is_script(one.history.workflow_id) else data_converter(keys)
        # A failure of the replay itself goes nowhere, so its text need not be sealed.
        converter = replace(sealed, failure_converter_class=DefaultFailureConverter)
        replayer = Replayer(
            workflows=[kind], data_converter=converter, workflow_runner=workflow_runner(), runtime=runtime
        )
        try:
            result = await replayer.replay_workflow(one.history, raise_on_replay_failure=False)
            failure = result.replay_failure
        except CordboardError as error:
            failure = error
        verdicts.append(_judge(one, failure))
    return verdicts


def _judge(one: Recording, failure: Exception | None) -> Verdict:
    events = len(one.history.events)
    if failure is None:
        return Verdict(one.name, one.history.workflow_id, events, replays=True)
    text = str(failure)
    if not isinstance(failure, workflow.NondeterminismError):
        problem = "SEALED" if "KEY_" in text or "PAYLOAD_" in text else "FAILED"
        return Verdict(one.name, one.history.workflow_id, events, replays=False, problem=problem, differs=_reason(text))
    event_id = _event_id(one.history, text)
    return Verdict(
        one.name,
        one.history.workflow_id,
        events,
        replays=False,
        problem="NONDETERMINISTIC",
        event_id=event_id,
        event_type=_event_type(one.history, event_id),
        differs=_reason(text),
    )


def _reason(text: str) -> str:
    found = _REASON.search(text)
    return (found.group(1) if found else text.splitlines()[0] if text else "").strip()[:300]


def _event_id(history: WorkflowHistory, text: str) -> int:
    """Find the event that a difference is about: named by its id, or as the nth command of its kind."""
    named = _AT_EVENT.search(text)
    if named:
        return int(named.group(1))
    command = _AT_COMMAND.search(text)
    if command is None:
        return 0
    begins = next((kind for prefix, kind in _BEGINS.items() if command.group(1).startswith(prefix)), None)
    ids = [event.event_id for event in history.events if event.event_type == begins]
    number = int(command.group(2))
    return ids[number - 1] if 0 < number <= len(ids) else 0


def _event_type(history: WorkflowHistory, event_id: int) -> str:
    kinds = {event.event_id: event.event_type for event in history.events}
    kind = kinds.get(event_id)
    return "" if kind is None else EventType.Name(kind).removeprefix("EVENT_TYPE_")
