"""What wrap-up puts on the log: facts on the call's stream, numbered by its workflow alone, each once."""

from collections.abc import Sequence
from datetime import timedelta

from google.protobuf.message import Message
from temporalio import workflow
from temporalio.common import RetryPolicy

from cordboard.core.event_message import pack
from cordboard.ledger.v1.envelope_pb2 import NewEvent, Stream
from cordboard.ledger.v1.ledger_service_pb2 import AppendRequest
from cordboard.workflows import wrap_up_stubs
from cordboard.workflows.names import wrap_up_source


class WrapUpJournal:
    """Numbers the facts of one wrap-up and waits until the log has them."""

    def __init__(self, call_id: str) -> None:
        self._call_id = call_id
        self._last = 0

    async def log(self, facts: Sequence[Message]) -> None:
        """Put facts on the log, however long the ledger is away. Raises ActivityError when it refuses them."""
        now = workflow.now()
        events = []
        for number, fact in enumerate(facts, start=self._last + 1):
            event = NewEvent(
                stream=Stream(kind="call", id=self._call_id),
                event=pack(fact),
                source=wrap_up_source(self._call_id),
                source_seq=number,
                actor="engine",
            )
            event.occurred_at.FromDatetime(now)
            events.append(event)
        self._last += len(events)
        await workflow.execute_activity(
            wrap_up_stubs.append_facts,
            AppendRequest(events=events),
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1)),
        )
