"""A process that a bench compares the engine with, or measures through; it ends when the bench does."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

from cordboard.core.errors import UnavailableError

_LONGEST_LINE = 1024 * 1024


class PeerProcess:
    """A Python module in a process of its own: one JSON object a line each way; it ends when its stdin does."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Use `PeerProcess.start`."""
        self._process = process

    @classmethod
    @contextlib.asynccontextmanager
    async def start(cls, module: str, *arguments: str) -> AsyncIterator["PeerProcess"]:
        """Start `python -m module`; it is gone when the context is left."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", module, *arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE,
        )
        try:
            yield cls(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), 5)
            except TimeoutError:
                process.kill()
                await process.wait()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def hear(self) -> dict[str, Any]:
        """Give what it says next. Raises UnavailableError(PEER_DIED)."""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise UnavailableError("PEER_DIED", "a process that the bench started has ended")
        said: dict[str, Any] = json.loads(line)
        return said

    async def ask(self, **message: Any) -> dict[str, Any]:
        """Say something and give the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        await self._process.stdin.drain()
        return await self.hear()
