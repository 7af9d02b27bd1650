"""The least that a durable, answered start costs: a workflow whose first update runs one local activity."""

from datetime import timedelta

from temporalio import activity, workflow

QUEUE = "bench"
UPDATE = "start"
_ACTIVITY_TIMEOUT = timedelta(seconds=10)


@activity.defn
async def nothing() -> str:
    """Do nothing, and say so."""
    return "done"


@workflow.defn
class BareWorkflow:
    """Ends once its update was answered."""

    def __init__(self) -> None:
        """Begin unanswered."""
        self._answered = False

    @workflow.run
    async def run(self) -> None:
        """Wait for the update."""
        await workflow.wait_condition(lambda: self._answered and workflow.all_handlers_finished())

    @workflow.update(name=UPDATE)
    async def start(self) -> str:
        """Run the local activity."""
        answer = await workflow.execute_local_activity(nothing, start_to_close_timeout=_ACTIVITY_TIMEOUT)
        self._answered = True
        return answer
