"""What activities log carries the ids of the call that they work for."""

from dataclasses import replace
from typing import Any

from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from cordboard.activities.log_interceptor import LogInterceptor
from cordboard.activity.v1.call_activities_pb2 import AdmitInput
from cordboard.runtime.log_context import bound_ids
from cordboard.workflows.names import workflow_id, wrap_up_id

CALL = "01890a5d-ac96-774b-bcce-b302099a8057"


class Last(ActivityInboundInterceptor):
    def __init__(self) -> None:
        self.seen: dict[str, str] = {}

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        self.seen = dict(bound_ids())


async def ids_in(workflow: str, *args: Any) -> dict[str, str]:
    environment, last = ActivityEnvironment(), Last()
    environment.info = replace(ActivityEnvironment.default_info(), workflow_id=workflow)
    given = ExecuteActivityInput(fn=ids_in, args=args, executor=None, headers={})
    await environment.run(LogInterceptor().intercept_activity(last).execute_activity, given)
    assert not bound_ids()
    return last.seen


async def test_an_activity_is_its_workflows_calls() -> None:
    assert await ids_in(workflow_id(CALL)) == {"call_id": CALL}
    admission = AdmitInput(leg_id="caller-0123456789ab")
    assert await ids_in(workflow_id(CALL), admission) == {"call_id": CALL, "leg_id": admission.leg_id}
    assert await ids_in(wrap_up_id(CALL), None) == {"call_id": CALL}


async def test_an_activity_of_no_call_names_none() -> None:
    assert await ids_in("routing") == {}
