"""Carries erasures out where the destruction of a key does not reach: waiting workflows, and what was published."""

import asyncio
import logging
from typing import Final, Protocol

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from cordboard.activities.leased_cursor import LeasedCursor
from cordboard.activities.wrap_up.record_store import RecordStore, Removed
from cordboard.call.v1.wrap_up_facts_pb2 import ErasedObjectsRemoved
from cordboard.core.errors import UnavailableError
from cordboard.ledger.v1.envelope_pb2 import Envelope
from cordboard.ledger.v1.facts_pb2 import CallErased
from cordboard.runtime.ledger_client import CursorLease, Ledger, call_stream
from cordboard.workflows import names

_log = logging.getLogger(__name__)

CURSOR: Final = "erasures"
ERASED: Final = "ERASED"
ERASURE: Final = CallErased.DESCRIPTOR.full_name
REMOVAL: Final = ErasedObjectsRemoved.DESCRIPTOR.full_name
RETRY_SECONDS: Final = 1.0


class Workflows(Protocol):
    """The workflows of calls."""

    async def end(self, call_id: str) -> None:
        """End what still runs for a call; none of it can read what it was told. Raises UnavailableError."""
        ...


class TemporalWorkflows:
    """The workflows in Temporal; see Workflows."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def end(self, call_id: str) -> None:
        """End them with the reason `ERASED`."""
        for workflow_id in (names.wrap_up_id(call_id), names.workflow_id(call_id)):
            try:
                await self._client.get_workflow_handle(workflow_id).terminate(reason=ERASED)
            except RPCError as error:
                if error.status != RPCStatusCode.NOT_FOUND:
                    raise UnavailableError("TEMPORAL_AWAY", "Temporal cannot be reached") from error


class RemovalRecord(Protocol):
    """Puts on the log what became of an erased call's objects."""

    async def objects_removed(self, call_id: str, fact: ErasedObjectsRemoved) -> None:
        """Return once it is on the log. Raises UnavailableError(LEDGER_AWAY)."""
        ...


class ErasedCalls:
    """The one reader, of all processes that wrap up, to follow erasures; one may be carried out twice, none never."""

    def __init__(
        self, ledger: Ledger, store: RecordStore, workflows: Workflows, record: RemovalRecord, owner: str
    ) -> None:
        """Make a follower that leases its cursor as `owner` (`component/instance/boot_id`)."""
        self._ledger = ledger
        self._store = store
        self._workflows = workflows
        self._record = record
        self._owner = owner
        self._position = 0

    async def run(self) -> None:
        """Follow until cancelled: wait for the lease, follow while it holds, wait again."""
        cursor = LeasedCursor(self._ledger, CURSOR, self._owner)
        while True:
            await cursor.follow(self._read, lambda: self._position)

    async def _read(self, lease: CursorLease) -> None:
        self._position = lease.position
        feed = self._ledger.subscribe(after_position=lease.position, types=[ERASURE])
        try:
            async for response in feed:
                for envelope in response.events:
                    await self._carry_out(envelope)
                self._position = max(self._position, response.position)
        finally:
            close = getattr(feed, "aclose", None)
            if close is not None:
                await close()

    async def _carry_out(self, erasure: Envelope) -> None:
        call_id = erasure.event.stream.id
        while True:
            try:
                if not await self._is_done(call_id):
                    await self._erase(erasure.tenant, call_id)
            except UnavailableError as error:
                _log.warning("an erasure waits", extra={"call_id": call_id, "reason": error.reason})
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return

    async def _is_done(self, call_id: str) -> bool:
        log = self._ledger.read(call_stream(call_id))
        return bool([one async for one in log if one.event.event.TypeName() == REMOVAL])

    async def _erase(self, tenant: str, call_id: str) -> None:
        """End what might still publish, then remove what was published."""
        await self._workflows.end(call_id)
        removed = await remove_objects(self._store, tenant, call_id)
        fact = ErasedObjectsRemoved(removed=removed.gone, kept=removed.kept)
        if removed.kept_until is not None:
            fact.kept_until.FromDatetime(removed.kept_until)
        await self._record.objects_removed(call_id, fact)
        _log.info("an erasure is carried out", extra={"call_id": call_id, "count": removed.gone})


async def remove_objects(store: RecordStore, tenant: str, call_id: str) -> Removed:
    """Remove what was made of a call and what was captured of it, but what is locked: that is sealed and unreadable."""
    made, captured = [await store.remove(f"{prefix}{tenant}/{call_id}/") for prefix in ("", "captures/")]
    until = [one for one in (made.kept_until, captured.kept_until) if one is not None]
    return Removed(made.gone + captured.gone, made.kept + captured.kept, max(until, default=None))
