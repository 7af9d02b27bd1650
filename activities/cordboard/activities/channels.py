"""Channels to the engine's other processes, one per address."""

import asyncio
from collections.abc import Callable

import grpc

MAX_CHANNELS = 256


class Channels:
    """Opens a channel per address and keeps it; the longest unused one makes room for a new one."""

    def __init__(self, open_channel: Callable[[str], grpc.aio.Channel], *, limit: int = MAX_CHANNELS) -> None:
        """Keep at most `limit` channels made by `open_channel`."""
        self._open = open_channel
        self._limit = limit
        self._channels: dict[str, grpc.aio.Channel] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def to(self, address: str) -> grpc.aio.Channel:
        """Give the channel to `address` (`host:port`)."""
        channel = self._channels.pop(address, None)
        if channel is None:
            channel = self._open(address)
            if len(self._channels) >= self._limit:
                self._retire(next(iter(self._channels)))
        self._channels[address] = channel
        return channel

    async def close(self) -> None:
        """Close all channels."""
        for channel in self._channels.values():
            await channel.close(None)
        self._channels.clear()
        await asyncio.gather(*self._closing)

    def _retire(self, address: str) -> None:
        # The grace lets requests under way finish: another call may be using the channel at this moment.
        task = asyncio.create_task(self._channels.pop(address).close(30.0))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
