"""The activities that wrap-up uses: names and signatures. Their bodies live in `cordboard.activities.wrap_up`.

Each may be repeated: what an earlier try put into the store is found there and not made again.
"""

from temporalio import activity

from cordboard.activity.v1.wrap_up_activities_pb2 import WrapUpStageInput, WrapUpStageReport
from cordboard.ledger.v1.ledger_service_pb2 import AppendRequest


@activity.defn(name="wrap_up.await_capture")
async def await_capture(call: WrapUpStageInput) -> None:
    """Return when every segment of the call is stored; at once when nothing was captured.

    Raises UnavailableError(CAPTURE_OUTSTANDING) while segments are on their way, and what the ledger raises.
    """
    raise NotImplementedError


@activity.defn(name="wrap_up.derive_recording")
async def derive_recording(call: WrapUpStageInput) -> WrapUpStageReport:
    """Make one file of both sides out of the captured packets, and keep it sealed."""
    raise NotImplementedError


@activity.defn(name="wrap_up.derive_transcript")
async def derive_transcript(call: WrapUpStageInput) -> WrapUpStageReport:
    """Make the final transcript, and keep it sealed."""
    raise NotImplementedError


@activity.defn(name="wrap_up.redact")
async def redact(call: WrapUpStageInput) -> WrapUpStageReport:
    """Take identifiers out of transcript and file, and publish both."""
    raise NotImplementedError


@activity.defn(name="wrap_up.derive_outcome")
async def derive_outcome(call: WrapUpStageInput) -> WrapUpStageReport:
    """Derive the call's outcome and keep it as a row."""
    raise NotImplementedError


@activity.defn(name="wrap_up.export_history")
async def export_history(call: WrapUpStageInput) -> WrapUpStageReport:
    """Export the history of the call's workflow. Raises UnavailableError(CALL_RUNNING) before that is over."""
    raise NotImplementedError


@activity.defn(name="wrap_up.append_facts")
async def append_facts(batch: AppendRequest) -> None:
    """Put what wrap-up did on the log; a repeat is fine. Raises UnavailableError while the ledger is away."""
    raise NotImplementedError


ALL = (await_capture, derive_recording, derive_transcript, redact, derive_outcome, export_history, append_facts)
