"""A call that is over, on a running stack: captured, and on the log, as if somebody had called there."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from captured_call import TENANT, CapturedCall, packets, tone
from temporalio.client import Client, WorkflowHandle

from cordboard.activities.wrap_up.record_store import S3RecordStore
from cordboard.activities.wrap_up_starter import WrapUpStarter
from cordboard.activity.v1.wrap_up_activities_pb2 import WrapUpInput
from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1 import facts_pb2 as facts
from cordboard.call.v1.wrap_up_facts_pb2 import ErasedObjectsRemoved
from cordboard.cli.erased_objects import removal
from cordboard.cli.supervision.object_store import BUCKET
from cordboard.cli.supervision.stack import Stack
from cordboard.cli.supervision.temporal_server import NAMESPACE
from cordboard.core.view import wrap_up_view
from cordboard.ledger.v1.envelope_pb2 import NewEvent
from cordboard.media.v1.leg_pb2 import LEG_ROLE_AI_AGENT, LEG_ROLE_CALLER
from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.identity import ServiceIdentity
from cordboard.runtime.key_client import KeyClient
from cordboard.runtime.ledger_client import LedgerClient, call_stream
from cordboard.workflows import names
from cordboard.workflows.data_converter import data_converter

SECOND = 1_000_000
LINE = "Thanks, Thomas Walker."
VOICE = "voice-agent/voice-agent-1/b1"


class Everybody(LedgerClient):
    """Appends each event as the component that it comes from."""

    def __init__(self, channels: dict[str, grpc.aio.Channel]) -> None:
        super().__init__(channels["worker"])
        self._clients = {component: LedgerClient(channel) for component, channel in channels.items()}

    async def append(self, events: Sequence[NewEvent]) -> list[int]:
        """Append all events, which have one source."""
        component = events[0].source.split("/")[0]
        return await self._clients["worker" if component == "workflow" else component].append(events)


@dataclass(frozen=True, slots=True)
class FinishedCall:
    """The call, and the ways to what becomes of it."""

    call_id: str
    temporal: Client
    ledger: LedgerClient

    @classmethod
    @contextlib.asynccontextmanager
    async def on(cls, stack: Stack) -> AsyncIterator["FinishedCall"]:
        """Have the AI agent say a name, and the caller make a sound, in a call that then fails."""
        async with contextlib.AsyncExitStack() as held:
            channels: dict[str, grpc.aio.Channel] = {}
            for component in ("worker", "media-node", "voice-agent", "cli"):
                identity = ServiceIdentity.load(stack.directory.keys, component, f"{component}-1")
                channel = open_channel(stack.address("ledger"), identity, "ledger")
                channels[component] = await held.enter_async_context(channel)
            credentials = stack.directory.secrets / "s3-credentials.json"
            opening = S3RecordStore.open(stack.address("s3", "http"), credentials, BUCKET)
            store = await held.enter_async_context(opening)
            call = CapturedCall(Everybody(channels), keys=KeyClient(channels["media-node"]), kept=store)
            await _talk(call)
            temporal = await Client.connect(
                stack.address("temporal"),
                namespace=NAMESPACE,
                data_converter=data_converter(KeyClient(channels["worker"])),
            )
            yield cls(call.call_id, temporal, LedgerClient(channels["cli"]))

    async def wrap_up(self) -> WorkflowHandle[Any, Any]:
        """Have the call wrapped up."""
        await WrapUpStarter(self.temporal).start_wrap_up(WrapUpInput(call_id=self.call_id, tenant=TENANT))
        return self.temporal.get_workflow_handle(names.wrap_up_id(self.call_id))

    async def finished(self) -> None:
        """Return when wrap-up is over."""
        async with asyncio.timeout(100):
            async for _ in self.ledger.subscribe(stream=call_stream(self.call_id)):
                view = wrap_up_view([one async for one in self.ledger.read(call_stream(self.call_id))])
                if view is not None and view.finished:
                    return

    async def removed(self) -> ErasedObjectsRemoved:
        """Return when the call's erasure is carried out."""
        removed = await removal(self.ledger, self.call_id, 100)
        assert removed is not None
        return removed


async def _talk(call: CapturedCall) -> None:
    opened = await call.ledger.open_call(
        tenant=TENANT, request_id=str(uuid.uuid4()), args_digest=bytes(32), vertical="healthcare"
    )
    call.call_id = opened.call_id
    await call.decide(
        decisions.CallOffered(call_id=call.call_id, tenant=TENANT, vertical="healthcare"),
        decisions.LegAdded(leg_id="caller", role=LEG_ROLE_CALLER),
        decisions.LegAdded(leg_id="ai", role=LEG_ROLE_AI_AGENT),
        decisions.ConsentRecorded(given=True),
        decisions.RecordingStarted(),
    )
    await call.capture("ai", packets(tone(9, at=1.0, length=1.0), 0, ssrc=9))
    await call.capture("caller", packets(tone(9, at=4.0, length=1.0), 0))
    await call.end_capture()
    await call.tell(facts.PlayoutStarted(play_id="p1", leg_id="ai"), SECOND)
    ended = facts.PlayoutEnded(play_id="p1", leg_id="ai")
    ended.sent.FromMicroseconds(SECOND)
    await call.tell(ended, 2 * SECOND)
    await call.tell(facts.ReplyHeard(play_id="p1", turn_id="", text=LINE), 2 * SECOND, VOICE)
    await call.decide(decisions.CallFailed(reason="TEST"))
