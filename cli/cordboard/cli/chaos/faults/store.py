"""The object store away, and back."""

import asyncio
import time
from collections.abc import Sequence
from signal import SIGTERM

from cordboard.call.v1 import facts_pb2 as facts
from cordboard.cli.chaos.fault import Scene, Trouble
from cordboard.cli.chaos.producer_audit import record_of
from cordboard.cli.chaos.standing_call import StandingCall
from cordboard.cli.demo.wrap_up import until_wrapped_up
from cordboard.core.event_message import unpack
from cordboard.ledger.v1.envelope_pb2 import Envelope

_SEGMENT_S = 5.5
"""A little more than a segment of a recording lasts."""


async def lose_store(scene: Scene, trouble: Trouble) -> None:
    """Take the store away under recordings, end the calls meanwhile, bring it back: all is uploaded and wrapped up."""
    calls = list(scene.calls)
    with scene.chaos.services["s3"].kept_away():
        await scene.end("s3", SIGTERM)
        await asyncio.sleep(max(_SEGMENT_S, scene.away_s))
        spooled = len(list((scene.chaos.home / "spool").glob("*/captures/*.capture")))
        await scene.party.newcomer()
        await scene.party.hang_up(calls)
    await scene.chaos.stack.ready("s3")
    at = time.monotonic()
    await asyncio.gather(*(_wrap_up(call, trouble, at) for call in calls))
    for call in calls:
        trouble.faults += capture_faults(call.call_id, await record_of(scene.chaos.home, call.call_id))
    trouble.notes.append(f"{spooled} segments waited on disk; recovery counts from the store's return")
    if not spooled:
        trouble.faults.append("no segment was spooled")


async def _wrap_up(call: StandingCall, trouble: Trouble, at: float) -> None:
    view = await until_wrapped_up(call.stub, call.call_id)
    if not view.finished:
        trouble.faults.append(f"call {call.call_id}: wrap-up was not over in time")
        return
    trouble.recover_s.append(time.monotonic() - at)
    missing = sorted({one.reason for stage in view.stages for one in stage.shortfalls})
    if missing:
        trouble.faults.append(f"call {call.call_id}: wrap-up misses {', '.join(missing)}")


def capture_faults(call_id: str, record: Sequence[Envelope]) -> list[str]:
    """Check that each segment that was cut is in the store, once."""
    events = list(map(unpack, record))
    stored = [(one.leg_id, one.segment) for one in events if isinstance(one, facts.CaptureSegmentStored)]
    ends = [one for one in events if isinstance(one, facts.CaptureEnded)]
    cut = {(leg.leg_id, number) for end in ends for leg in end.legs for number in range(leg.segments)}
    found = [] if ends else [f"call {call_id}: the recording was not ended"]
    if missing := cut - set(stored):
        found.append(f"call {call_id}: {len(missing)} segments never reached the store")
    if len(stored) != len(set(stored)):
        found.append(f"call {call_id}: a segment was stored twice")
    return found
