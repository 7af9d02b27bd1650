"""Turns the engine's errors into Temporal failures at the edge of every activity."""

from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from cordboard.core.errors import CordboardError
from cordboard.workflows.failures import to_failure


class ErrorInterceptor(Interceptor):
    """Gives each activity's failure the stable reason as its type, the number of the try, and whether to try again."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Wrap the activity."""
        return _Translation(next)


class _Translation(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        try:
            return await super().execute_activity(input)
        except CordboardError as error:
            error.fields["attempt"] = str(activity.info().attempt)
            raise to_failure(error) from error
