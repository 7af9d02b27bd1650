"""Waits until an erased call's objects are removed, as its log tells."""

import asyncio
import contextlib
from typing import Final

from cordboard.call.v1.facts_pb2 import CaptureSegmentStored
from cordboard.call.v1.wrap_up_facts_pb2 import ErasedObjectsRemoved, ObjectStored
from cordboard.core.event_message import unpack
from cordboard.runtime.ledger_client import Ledger, call_stream

REMOVAL: Final = ErasedObjectsRemoved.DESCRIPTOR.full_name


async def removal(ledger: Ledger, call_id: str, seconds: float) -> ErasedObjectsRemoved | None:
    """Give what became of an erased call's objects; None when that is not known within so many seconds.

    A call that never had any is not waited for.
    """
    had_any = False
    async for envelope in ledger.read(call_stream(call_id)):
        event = unpack(envelope)
        if isinstance(event, ErasedObjectsRemoved):
            return event
        had_any = had_any or isinstance(event, ObjectStored | CaptureSegmentStored)
    if not had_any:
        return ErasedObjectsRemoved()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            async for batch in ledger.subscribe(stream=call_stream(call_id), types=[REMOVAL]):
                for envelope in batch.events:
                    event = unpack(envelope)
                    if isinstance(event, ErasedObjectsRemoved):
                        return event
    return None
