"""How a call gets in: the one durable hop before its SDP answer, and what it leaves behind."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.exceptions import TimeoutError as TemporalTimeoutError

from cordboard.activity.v1.call_activities_pb2 import AdmitInput, AdmitResult
from cordboard.call.v1.call_workflow_pb2 import CallInput, StartCallAnswer, StartCallInput
from cordboard.core.errors import CordboardError, InvalidError, UnavailableError
from cordboard.core.timestamps import from_us
from cordboard.workflows import activity_stubs
from cordboard.workflows.failures import from_failure

BAD_SDP = "BAD_SDP"
NO_NODE = "NO_NODE"

PATIENCE = timedelta(seconds=60)
"""A ledger that comes back within this still lets the call in; whoever asked has long been told to try again."""

# A local activity holds up every message to the call while it runs, so it is short and tried once.
AT_ONCE = timedelta(seconds=1)


async def admit(call: CallInput, start: StartCallInput, *, begins_with_talk: bool) -> AdmitResult:
    """Have the call placed, logged and its room made.

    The first try is a local activity. When the ledger is away by then, the call waits for it, for what may be on the
    log already must be known before anything else is decided. Raises CordboardError when nothing is on the log.
    """
    admission = AdmitInput(
        call=call,
        actor=start.actor,
        request_id=str(workflow.uuid4()),
        leg_id=f"caller-{workflow.uuid4().hex[:12]}" if start.sdp_offer else "",
        sdp_offer=start.sdp_offer,
        at=from_us(_started_us()),
        agent=call.agent,
        ai_leg_id=f"ai-{workflow.uuid4().hex[:12]}" if begins_with_talk else "",
    )
    try:
        return await workflow.execute_local_activity(
            activity_stubs.admit,
            admission,
            schedule_to_close_timeout=AT_ONCE,
            retry_policy=RetryPolicy(maximum_attempts=1),
        )
    except (ActivityError, ApplicationError) as error:  # a local activity's own failure comes unwrapped
        if not _may_pass(error):
            raise from_failure(error) from error
    try:
        return await workflow.execute_activity(
            activity_stubs.admit,
            admission,
            start_to_close_timeout=timedelta(seconds=5),
            schedule_to_close_timeout=PATIENCE,
            retry_policy=RetryPolicy(
                initial_interval=timedelta(milliseconds=100),
                maximum_interval=timedelta(seconds=1),
                non_retryable_error_types=[NO_NODE],
            ),
        )
    except ActivityError as error:
        raise from_failure(error) from error


def _started_us() -> int:
    """When the call's workflow was started: unlike the time of a workflow task, the same however often it is run."""
    started = workflow.info().start_time
    return int(started.timestamp()) * 1_000_000 + started.microsecond


def _may_pass(error: ActivityError | ApplicationError) -> bool:
    """Tell whether the admission is worth another try: it ran out of time, or something was away."""
    ran_out = isinstance(error, ActivityError) and isinstance(error.cause, TemporalTimeoutError)
    return ran_out or isinstance(from_failure(error), UnavailableError)


def answer_of(result: AdmitResult) -> StartCallAnswer | CordboardError:
    """Give what the caller is told: the SDP answer, or why the node would not have the leg."""
    answer = StartCallAnswer()
    for decision in result.decisions:
        if decision.leg_id.startswith("caller-"):
            answer.leg_id = decision.leg_id
    for outcome in result.outcomes:
        if outcome.result.sdp_answer:
            answer.sdp_answer = outcome.result.sdp_answer
    if answer.leg_id and not answer.sdp_answer:
        refused = next((outcome.reason for outcome in result.outcomes if not outcome.applied), "MEDIA_LOST")
        if refused == BAD_SDP:
            return InvalidError(BAD_SDP, "the offer cannot be answered")
        return UnavailableError(refused, "the media node did not take the call")
    return answer
