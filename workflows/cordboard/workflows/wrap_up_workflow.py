"""What is made of a call after its end, stage by stage. It changes no state of the call."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

from cordboard.activity.v1.wrap_up_activities_pb2 import (
    WrapUpInput,
    WrapUpOutput,
    WrapUpStageInput,
    WrapUpStageReport,
)
from cordboard.call.v1 import wrap_up_facts_pb2 as facts
from cordboard.workflows import names, wrap_up_stubs
from cordboard.workflows.call_log import log
from cordboard.workflows.failures import from_failure
from cordboard.workflows.wrap_up_journal import WrapUpJournal

PATIENCE: Final = timedelta(hours=24)
"""So long a stage that fails is tried again, counted from the start of wrap-up."""

LAST_TRY: Final = timedelta(minutes=10)
"""What a stage gets that begins when the time is up: it may need nothing of what was away."""

CAPTURE_PATIENCE: Final = timedelta(minutes=10)
"""So long segments are waited for that were announced, or that a node which died may still have."""

ONE_TRY: Final = timedelta(hours=6)
"""Longest that one try may work; one whose process has died is noticed by its missing heartbeat."""

HEARTBEAT: Final = timedelta(seconds=30)

TIMED_OUT: Final = "TIMED_OUT"
INTERNAL: Final = "INTERNAL"

_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2.0, maximum_interval=timedelta(minutes=5)
)


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage and the activity that does it."""

    kind: facts.WrapUpStage.ValueType
    activity: Any


STAGES: Final = (
    Stage(facts.WRAP_UP_STAGE_RECORD, wrap_up_stubs.derive_recording),
    Stage(facts.WRAP_UP_STAGE_TRANSCRIPT, wrap_up_stubs.derive_transcript),
    Stage(facts.WRAP_UP_STAGE_REDACT, wrap_up_stubs.redact),
    Stage(facts.WRAP_UP_STAGE_OUTCOME, wrap_up_stubs.derive_outcome),
    Stage(facts.WRAP_UP_STAGE_HISTORY, wrap_up_stubs.export_history),
)


@workflow.defn(name=names.WRAP_UP_WORKFLOW)
class WrapUpWorkflow:
    """The wrap-up of one call.

    A stage that fails for good, or for a day, is on the log with its reason, and the next one makes what it can.
    """

    @workflow.init
    def __init__(self, call: WrapUpInput) -> None:
        self._journal = WrapUpJournal(call.call_id)
        self._input = WrapUpStageInput(call_id=call.call_id, tenant=call.tenant)
        self._result = facts.WRAP_UP_RESULT_WHOLE

    @workflow.run
    async def run(self, call: WrapUpInput) -> WrapUpOutput:
        """Go through all stages, and say how much was made."""
        began = workflow.now()
        await self._await_capture()
        for stage in STAGES:
            started = workflow.now()
            report = await self._try(stage, began + PATIENCE)
            if report.not_built:
                continue
            await self._journal.log(self._told(stage, report, _took(started)))
        await self._journal.log([facts.WrapUpFinished(result=self._result, took=_took(began))])
        return WrapUpOutput(result=self._result)

    async def _await_capture(self) -> None:
        """Let segments arrive; what has not by then is missing in the file, and the file says so."""
        try:
            await workflow.execute_activity(
                wrap_up_stubs.await_capture,
                self._input,
                schedule_to_close_timeout=CAPTURE_PATIENCE,
                start_to_close_timeout=timedelta(minutes=1),
                retry_policy=RetryPolicy(
                    initial_interval=timedelta(milliseconds=250), maximum_interval=timedelta(seconds=15)
                ),
            )
        except ActivityError:
            log.warning("wrap-up goes on without all segments")

    async def _try(self, stage: Stage, deadline: datetime) -> WrapUpStageReport:
        patience = max(deadline - workflow.now(), LAST_TRY)
        try:
            report: WrapUpStageReport = await workflow.execute_activity(
                stage.activity,
                self._input,
                schedule_to_close_timeout=patience,
                start_to_close_timeout=min(patience, ONE_TRY),
                heartbeat_timeout=HEARTBEAT,
                retry_policy=_RETRY,
            )
        except ActivityError as error:
            return WrapUpStageReport(shortfalls=[facts.Shortfall(reason=_reason(error))])
        return report

    def _told(self, stage: Stage, report: WrapUpStageReport, lasted: Duration) -> list[Message]:
        """Make the facts of a stage, and remember what it made."""
        result = _result(report)
        self._result = max(self._result, result)
        self._input.objects.extend(report.objects)
        if stage.kind == facts.WRAP_UP_STAGE_RECORD:
            self._input.recording_shortfalls.extend(report.shortfalls)
        done = facts.WrapUpStageDone(stage=stage.kind, result=result, shortfalls=report.shortfalls, took=lasted)
        if report.HasField("recording"):
            done.recording.CopyFrom(report.recording)
            if stage.kind == facts.WRAP_UP_STAGE_RECORD:
                self._input.recording.CopyFrom(report.recording)
        if report.HasField("transcript"):
            done.transcript.CopyFrom(report.transcript)
        stored = [facts.ObjectStored(object=one, stage=stage.kind) for one in report.objects]
        return [*stored, done]


def _took(since: datetime) -> Duration:
    """The time since then."""
    lasted = Duration()
    lasted.FromTimedelta(workflow.now() - since)
    return lasted


def _reason(error: ActivityError) -> str:
    """Say why a stage failed: what its last try said, or that it had no more time."""
    reason = from_failure(error).reason
    return TIMED_OUT if reason == INTERNAL else reason


def _result(report: WrapUpStageReport) -> facts.WrapUpResult.ValueType:
    if not report.shortfalls:
        return facts.WRAP_UP_RESULT_WHOLE
    return facts.WRAP_UP_RESULT_PARTIAL if report.objects else facts.WRAP_UP_RESULT_NOTHING
