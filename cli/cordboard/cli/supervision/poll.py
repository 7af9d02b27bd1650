"""Waiting for a server that has just been started."""

import asyncio
from collections.abc import Awaitable, Callable

from cordboard.cli.supervision import process_table
from cordboard.cli.supervision.child import Child
from cordboard.core.errors import ConflictError

INTERVAL = 0.05


async def poll(child: Child, answers: Callable[[], Awaitable[bool]]) -> None:
    """Return when the server answers. Raises UnavailableError(PROCESS_ENDED) when it ends before."""
    while not await answers():
        if not child.is_alive:
            raise child.ended_error()
        await asyncio.sleep(INTERVAL)
    if not child.is_alive:
        raise child.ended_error()


def check_owner(child: Child, port: int) -> None:
    """Check that it is the started process that listens. Raises ConflictError(PORT_TAKEN)."""
    if not process_table.owns_port(child.pid, port):
        raise ConflictError("PORT_TAKEN", "somebody else answers on its port", process=child.name, port=str(port))
