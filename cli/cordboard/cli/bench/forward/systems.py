"""The two systems that forward the same packets: a media node, and aiortc's MediaRelay in a process."""

from collections import defaultdict
from typing import Protocol

import grpc

from cordboard.cli.bench.node_room import NodeRoom
from cordboard.cli.bench.peer_process import PeerProcess


class ForwardingSystem(Protocol):
    """Takes in legs and forwards each room's speaker to its listeners."""

    @property
    def pid(self) -> int:
        """The process whose CPU time counts."""
        ...

    async def answer(self, room: str, leg_id: str, offer: str, *, speaks: bool) -> str:
        """Take in a leg and give its answer; a room's speaker comes first."""
        ...

    async def route(self) -> None:
        """Let every listener hear its room's speaker."""
        ...


class NodeSystem:
    """A media node under gRPC control."""

    def __init__(self, channel: grpc.aio.Channel, pid: int) -> None:
        """Steer the node over a channel that shows a worker's identity."""
        self.pid = pid
        self._channel = channel
        self._rooms: dict[str, NodeRoom] = {}
        self._hears: defaultdict[str, dict[str, list[str]]] = defaultdict(dict)
        self._speakers: dict[str, str] = {}

    async def answer(self, room: str, leg_id: str, offer: str, *, speaks: bool) -> str:
        """Add the leg to its room, which is opened with the first one."""
        if room not in self._rooms:
            self._rooms[room] = NodeRoom(self._channel, room)
            await self._rooms[room].open()
        if speaks:
            self._speakers[room] = leg_id
        else:
            self._hears[room][leg_id] = [self._speakers[room]]
        return await self._rooms[room].add(leg_id, offer)

    async def route(self) -> None:
        """Set each room's routing."""
        for room, hears in self._hears.items():
            await self._rooms[room].route(hears)


class RelaySystem:
    """MediaRelay."""

    def __init__(self, process: PeerProcess) -> None:
        """Use a running relay process."""
        self.pid = process.pid
        self._process = process

    async def answer(self, room: str, leg_id: str, offer: str, *, speaks: bool) -> str:
        """Hand the offer to the process."""
        said = await self._process.ask(room=room, offer=offer, speaks=speaks)
        return str(said["answer"])

    async def route(self) -> None:
        """Nothing is left to do: listeners were made for their speaker."""
