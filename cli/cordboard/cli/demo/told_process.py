"""A process of the demo that is told on its stdin what to do, and then where: a job, and a door."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from cordboard.core.errors import CordboardError, UnavailableError

J = TypeVar("J")
D = TypeVar("D")


def tell(event: str, **fields: Any) -> None:
    """Report progress to whoever started the process."""
    sys.stdout.write(json.dumps({"event": event, "wall": time.time(), **fields}) + "\n")
    sys.stdout.flush()


def run_told(
    job: type[J], door: type[D], work: Callable[[J, Callable[[], Awaitable[D]]], Coroutine[Any, Any, bool]]
) -> int:
    """Read the job, do it, turn what went wrong into a reason, and give the exit code.

    `work` gets the job and a function that waits for the door.
    """
    # What was said is kept for whoever runs the demo, and for nobody else.
    os.umask(0o077)

    async def read_door() -> D:
        line = await asyncio.to_thread(sys.stdin.readline)
        if not line:
            raise UnavailableError("NO_DOOR", "whoever started this process has gone")
        return door(**json.loads(line))

    wanted = job(**json.loads(sys.stdin.readline()))
    try:
        return 0 if asyncio.run(work(wanted, read_door)) else 1
    except CordboardError as error:
        tell("failed", reason=error.reason, message=error.message)
        return 1
    except KeyboardInterrupt:
        return 130
