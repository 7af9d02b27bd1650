"""Processes that are asked to end while calls go on, as at an update."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from signal import SIGTERM

from cordboard.cli.chaos.fault import Scene, Trouble
from cordboard.cli.chaos.faults.kills import busiest_node
from cordboard.cli.chaos.until import until

_ANOTHER_TAKES_OVER_S = 60.0


def drain(name: str) -> Callable[[Scene, Trouble], Awaitable[None]]:
    """Ask a process to end, and see every call steered, and another one answered, meanwhile."""

    async def make(scene: Scene, trouble: Trouble) -> None:
        for _ in range(scene.times):
            at = time.monotonic()
            ending = asyncio.ensure_future(scene.end(name, SIGTERM))
            await scene.probe(trouble, at)
            await ending
            await scene.chaos.stack.ready(name)

    return make


async def drain_voice_agent(scene: Scene, trouble: Trouble) -> None:
    """Ask the voice agent to end in the middle of the talks; another one has to be heard in each of them."""
    at = await scene.end("voice-agent-1", SIGTERM)
    trouble.recover_s += [heard - at for heard in await asyncio.gather(*(c.heard_after(at) for c in scene.calls))]


async def drain_media_node(scene: Scene, trouble: Trouble) -> None:
    """Ask a media node to end: it keeps its calls until they are over, and takes no others."""
    name = busiest_node(scene)
    pid = scene.chaos.stack.pids()[name]
    staying = [call for call in scene.calls if call.node_id == name]
    at = time.monotonic()
    await scene.chaos.stack.kill(name, SIGTERM)
    await scene.probe(trouble, at)
    if scene.chaos.stack.pids().get(name) != pid:
        trouble.faults.append("the node did not wait for its calls")
    lost = [call for call in staying if call.is_lost]
    await scene.party.hang_up([call for call in staying if call not in lost])
    async with asyncio.timeout(_ANOTHER_TAKES_OVER_S):
        await until(lambda: scene.chaos.stack.pids().get(name) != pid)
        await scene.chaos.stack.ready(name)
