"""kill -9 of one of the engine's processes."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable

from cordboard.cli.chaos.fault import Scene, Trouble
from cordboard.cli.chaos.producer_audit import record_of
from cordboard.cli.chaos.standing_call import StandingCall
from cordboard.core.fold import fold_envelopes


def kill(name: str) -> Callable[[Scene, Trouble], Awaitable[None]]:
    """Kill a process and see every call steered, and another one answered, afterwards."""

    async def make(scene: Scene, trouble: Trouble) -> None:
        for _ in range(scene.times):
            at = await scene.kill(name)
            await scene.probe(trouble, at)
            await scene.chaos.stack.ready(name)

    return make


async def kill_voice_agent(scene: Scene, trouble: Trouble) -> None:
    """Kill the voice agent in the middle of the talks; another one has to be heard in each of them."""
    for _ in range(scene.times):
        at = await scene.kill("voice-agent-1")
        trouble.recover_s += [heard - at for heard in await asyncio.gather(*(c.heard_after(at) for c in scene.calls))]


async def kill_media_node(scene: Scene, trouble: Trouble) -> None:
    """Kill the media node with most calls: those on it end with a reason, those on the other one go on."""
    name = busiest_node(scene)
    trouble.doomed = [call for call in scene.calls if call.node_id == name]
    at = await scene.kill(name)

    async def end(call: StandingCall) -> None:
        await call.until_over()
        trouble.recover_s.append(time.monotonic() - at)

    await asyncio.gather(*(end(call) for call in trouble.doomed))
    await asyncio.gather(*(call.steer() for call in scene.calls if call not in trouble.doomed))
    await scene.chaos.stack.ready(name)
    await scene.party.newcomer()
    ends: Counter[str] = Counter()
    for call in trouble.doomed:
        state = fold_envelopes(await record_of(scene.chaos.home, call.call_id))
        if state is None or not state.end_reason:
            trouble.faults.append(f"call {call.call_id} ended without a reason")
        else:
            ends[f"{call.ended_as} {state.end_reason}"] += 1
    told = ", ".join(f"{times} {what}" for what, times in sorted(ends.items()))
    trouble.notes.append(f"calls cannot move to another node in this build: those on the dead one ended ({told})")


def busiest_node(scene: Scene) -> str:
    """Name the media node that has most of the calls."""
    return Counter(call.node_id for call in scene.calls).most_common(1)[0][0]
