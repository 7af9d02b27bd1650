"""Wrap-up's workflow over activities that do what a test says, and a ledger in memory."""

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message
from temporal import TENANT, MemoryKeys
from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from cordboard.activities.wrap_up.wrap_up_log import WrapUpLog
from cordboard.activities.wrap_up.wrap_up_worker import wrap_up_worker
from cordboard.activity.v1.wrap_up_activities_pb2 import WrapUpInput, WrapUpOutput, WrapUpStageInput, WrapUpStageReport
from cordboard.call.v1 import wrap_up_facts_pb2 as facts
from cordboard.core.event_message import unpack
from cordboard.runtime.ledger_client import MemoryLedger, call_stream
from cordboard.workflows import names
from cordboard.workflows.data_converter import data_converter

Answer = WrapUpStageReport | Exception


def report(kind: facts.ObjectKind.ValueType, *reasons: str) -> WrapUpStageReport:
    """A stage that kept one object, with shortfalls."""
    kept = facts.StoredObject(kind=kind, uri=f"s3://memory/{facts.ObjectKind.Name(kind)}", sha256=b"x", size=1)
    return WrapUpStageReport(objects=[kept], shortfalls=[facts.Shortfall(reason=reason) for reason in reasons])


@dataclass
class ScriptedStages:
    """The activities of wrap-up. Each gives its answers in turn, the last one again and again."""

    ledger: MemoryLedger
    capture: list[Exception | None] = field(default_factory=lambda: [None])
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    on_capture: Callable[[], None] = lambda: None
    """Told when the capture is asked about."""
    asked: list[tuple[str, WrapUpStageInput]] = field(default_factory=list)

    @activity.defn(name="wrap_up.await_capture")
    async def await_capture(self, call: WrapUpStageInput) -> None:
        """Raise or return."""
        self.on_capture()
        answer = self.capture.pop(0) if len(self.capture) > 1 else self.capture[0]
        if answer is not None:
            raise answer

    @activity.defn(name="wrap_up.derive_recording")
    async def derive_recording(self, call: WrapUpStageInput) -> WrapUpStageReport:
        """Answer."""
        return self._answer("recording", call)

    @activity.defn(name="wrap_up.derive_transcript")
    async def derive_transcript(self, call: WrapUpStageInput) -> WrapUpStageReport:
        """Answer."""
        return self._answer("transcript", call)

    @activity.defn(name="wrap_up.redact")
    async def redact(self, call: WrapUpStageInput) -> WrapUpStageReport:
        """Answer."""
        return self._answer("redact", call)

    @activity.defn(name="wrap_up.derive_outcome")
    async def derive_outcome(self, call: WrapUpStageInput) -> WrapUpStageReport:
        """Answer."""
        return self._answer("outcome", call)

    @activity.defn(name="wrap_up.export_history")
    async def export_history(self, call: WrapUpStageInput) -> WrapUpStageReport:
        """Answer."""
        return self._answer("history", call)

    def _answer(self, stage: str, call: WrapUpStageInput) -> WrapUpStageReport:
        self.asked.append((stage, call))
        answers = self.answers[stage]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def whole() -> dict[str, list[Answer]]:
    """Every stage makes what it is for; there is none for outcomes."""
    recording = report(facts.OBJECT_KIND_RECORDING_SEALED)
    recording.recording.channels = 2
    return {
        "recording": [recording],
        "transcript": [report(facts.OBJECT_KIND_TRANSCRIPT_SEALED)],
        "redact": [report(facts.OBJECT_KIND_TRANSCRIPT_REDACTED)],
        "outcome": [WrapUpStageReport(not_built=True)],
        "history": [report(facts.OBJECT_KIND_HISTORY)],
    }


@dataclass
class WrapUpHouse:
    """A worker of wrap-up and one call."""

    client: Client
    ledger: MemoryLedger
    stages: ScriptedStages
    call_id: str
    queue: str

    async def start(self) -> WorkflowHandle[object, WrapUpOutput]:
        """Start the call's wrap-up."""
        handle: WorkflowHandle[object, WrapUpOutput] = await self.client.start_workflow(
            names.WRAP_UP_WORKFLOW,
            WrapUpInput(call_id=self.call_id, tenant=TENANT),
            id=names.wrap_up_id(self.call_id),
            task_queue=self.queue,
            result_type=WrapUpOutput,
        )
        return handle

    async def told(self) -> list[Message]:
        """Give what wrap-up has put on the log."""
        source = names.wrap_up_source(self.call_id)
        log = [one async for one in self.ledger.read(call_stream(self.call_id)) if one.event.source == source]
        return [event for event in map(unpack, log) if event is not None]


@asynccontextmanager
async def open_wrap_up(environment: WorkflowEnvironment) -> AsyncIterator[WrapUpHouse]:
    """Run a worker of wrap-up over scripted stages."""
    config = environment.client.config()
    config["data_converter"] = data_converter(MemoryKeys())
    client, ledger = Client(**config), MemoryLedger()
    opened = await ledger.open_call(tenant=TENANT, request_id="r", args_digest=b"d", vertical="clinic")
    stages = ScriptedStages(ledger, answers=whole())
    queue = f"wrap-up-{uuid.uuid4()}"
    activities: list[Callable[..., Any]] = [
        stages.await_capture,
        stages.derive_recording,
        stages.derive_transcript,
        stages.redact,
        stages.derive_outcome,
        stages.export_history,
        WrapUpLog(ledger).append_facts,
    ]
    async with wrap_up_worker(client, activities, queue=queue):
        yield WrapUpHouse(client, ledger, stages, opened.call_id, queue)
