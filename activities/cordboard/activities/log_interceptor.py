"""Has every line that an activity logs carry the ids of its call."""

from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from cordboard.runtime.log_context import bound, ids_of
from cordboard.workflows.names import call_id_of


class LogInterceptor(Interceptor):
    """Binds the call that an activity's workflow is of, and the leg and turn that its input names."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Wrap the activity."""
        return _Binding(next)


class _Binding(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        ids = ids_of(input.args[0]) if input.args else {}
        if call_id := call_id_of(activity.info().workflow_id or ""):
            ids["call_id"] = call_id
        with bound(**ids):
            return await super().execute_activity(input)
