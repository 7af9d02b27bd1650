"""Processes that do not agree on the time."""

import asyncio
import time
from signal import SIGTERM

from cordboard.cli.chaos.fault import Scene, Trouble
from cordboard.cli.chaos.producer_audit import every_record
from cordboard.core.event_message import occurred_us
from cordboard.core.timestamps import to_us

SKEWS = {"gateway-1": 12.0, "worker-1": -12.0, "worker-2": 12.0, "ledger-1": -12.0}
"""Seconds. Together nearly as far apart as a token's leeway of 30 s lets two hosts be."""


async def skew_clocks(scene: Scene, trouble: Trouble) -> None:
    """Start processes anew with clocks that are wrong, use them, and put them right again.

    Tokens are taken, leases hold, every call can be steered, and the order of the record is the ledger's.
    """
    await _set_clocks(scene, SKEWS)
    try:
        await scene.probe(trouble, time.monotonic())
        trouble.faults += [f"call {call.call_id} was lost" for call in scene.calls if call.is_lost]
        spread = await _furthest_apart_s(scene)
    finally:
        await _set_clocks(scene, dict.fromkeys(SKEWS, 0.0))
    await scene.probe(trouble, time.monotonic())
    told = ", ".join(f"{name} {offset:+g} s" for name, offset in SKEWS.items())
    trouble.notes.append(f"{told}; occurred_at and recorded_at of an event were up to {spread:.1f} s apart")
    if spread < max(map(abs, SKEWS.values())) - 1:
        trouble.faults.append("no clock was seen to be wrong")


async def _set_clocks(scene: Scene, offsets: dict[str, float]) -> None:
    """Start processes anew with clocks that are so far ahead."""

    async def set_clock(name: str, offset: float) -> None:
        scene.chaos.services[name].clock_offset_s = offset
        await scene.end(name, SIGTERM)
        await scene.chaos.stack.ready(name)

    await asyncio.gather(*(set_clock(name, offset) for name, offset in offsets.items()))


async def _furthest_apart_s(scene: Scene) -> float:
    records = (await every_record(scene.chaos.home)).values()
    apart = [abs(to_us(one.recorded_at) - occurred_us(one)) for record in records for one in record]
    return max(apart, default=0) / 1e6
