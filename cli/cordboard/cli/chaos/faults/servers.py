"""Servers from outside that go away and come back."""

import asyncio
from collections.abc import Awaitable, Callable
from signal import SIGINT, SIGTERM, Signals

from cordboard.cli.chaos.fault import Scene, Trouble


def restart(name: str, number: Signals) -> Callable[[Scene, Trouble], Awaitable[None]]:
    """End a server in its own way, keep it away for a while, and see every call steered afterwards."""

    async def make(scene: Scene, trouble: Trouble) -> None:
        for _ in range(scene.times):
            with scene.chaos.services[name].kept_away():
                at = await scene.end(name, number)
                probing = asyncio.ensure_future(scene.probe(trouble, at))
                await asyncio.sleep(scene.away_s)
            await probing
            await scene.chaos.stack.ready(name)
        trouble.notes.append(f"recovery includes the {scene.away_s:g} s for which it was kept away")

    return make


# Connections are broken off at once; the other way to end, SIGTERM, waits for whoever is connected.
restart_postgres = restart("postgres", SIGINT)
restart_temporal = restart("temporal", SIGTERM)
