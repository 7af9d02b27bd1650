"""An erasure reaches what the key does not: what was published goes, workflows end, and the log says what stays."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from captured_call import TENANT, CapturedCall

from cordboard.activities.wrap_up.erased_calls import ErasedCalls
from cordboard.activities.wrap_up.record_store import MemoryRecordStore
from cordboard.call.v1.wrap_up_facts_pb2 import ErasedObjectsRemoved
from cordboard.core.errors import UnavailableError
from cordboard.ledger.v1.facts_pb2 import CallErased

OWNER = "wrap-up/wrap-up-1/boot"


@dataclass
class Hands:
    """Workflows that end when asked, and a record of what was removed."""

    call: CapturedCall
    ended: list[str] = field(default_factory=list)
    troubles: list[UnavailableError] = field(default_factory=list)
    told: "asyncio.Queue[ErasedObjectsRemoved]" = field(default_factory=asyncio.Queue)

    async def end(self, call_id: str) -> None:
        """End, or say that Temporal is away."""
        if self.troubles:
            raise self.troubles.pop()
        self.ended.append(call_id)

    async def objects_removed(self, call_id: str, fact: ErasedObjectsRemoved) -> None:
        """Put it on the call's log."""
        await self.call.tell(fact)
        self.told.put_nowait(fact)


@asynccontextmanager
async def following(call: CapturedCall, hands: Hands) -> AsyncIterator[None]:
    """Follow erasures as the process does."""
    erased = ErasedCalls(call.ledger, call.store, hands, hands, OWNER)
    task = asyncio.create_task(erased.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def call() -> CapturedCall:
    """A call that was wrapped up: some objects are locked, some are not."""
    made = await CapturedCall(store=MemoryRecordStore(timedelta(days=1))).open()
    keep, own = made.store.put_once, f"{TENANT}/{made.call_id}"
    for name in ("transcript.json", "transcript.txt", "recording.ogg"):
        await keep(f"{own}/{name}", name.encode(), "text/plain")
    await keep(f"captures/{own}/1/caller/000000", b"sealed", "text/plain")
    await keep(f"{own}/transcript.sealed", b"sealed", "text/plain", retain=True)
    await keep(f"{TENANT}/another/transcript.txt", b"another call's", "text/plain")
    return made


async def erase(call: CapturedCall) -> None:
    await call.decide(CallErased(reason="request 12"))


async def test_what_was_published_goes_and_what_is_locked_is_told(call: CapturedCall) -> None:
    hands = Hands(call)
    async with following(call, hands):
        await erase(call)
        told = await asyncio.wait_for(hands.told.get(), 20)
    assert (told.removed, told.kept, told.HasField("kept_until")) == (4, 1, True)
    assert sorted(call.store.objects) == sorted(
        (f"{TENANT}/another/transcript.txt", f"{TENANT}/{call.call_id}/transcript.sealed")
    )
    assert hands.ended == [call.call_id]


async def test_an_erasure_of_before_is_carried_out_once(call: CapturedCall) -> None:
    await erase(call)
    first, second = Hands(call), Hands(call)
    async with following(call, first):
        await asyncio.wait_for(first.told.get(), 20)
    # The cursor was not moved yet when that process died.
    opened = await call.ledger.open_call(tenant=TENANT, request_id="r2", args_digest=bytes(32), vertical="clinic")
    later = CapturedCall(call.ledger, call.store, call_id=opened.call_id)
    second.call = later
    async with following(call, second):
        await erase(later)
        await asyncio.wait_for(second.told.get(), 20)
    assert second.ended == [later.call_id]


async def test_an_erasure_waits_for_what_is_away(call: CapturedCall) -> None:
    hands = Hands(call, troubles=[UnavailableError("TEMPORAL_AWAY", "away")])
    async with following(call, hands):
        await erase(call)
        told = await asyncio.wait_for(hands.told.get(), 20)
    assert told.removed == 4
