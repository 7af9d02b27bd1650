"""aiortc's own way of forwarding, as a peer to compare with: `python -m cordboard.cli.bench.forward.relay_process`.

One JSON object a line on stdin offers a leg (`room`, `speaks`, `offer`); the answer comes back on stdout. A room's
speaker comes first. `MediaRelay` decodes once and every listener's sender encodes: aiortc as it comes, on uvloop.
"""

import asyncio
import json
import sys
from typing import Any

import uvloop
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay

_LONGEST_LINE = 1024 * 1024


class RelayRooms:
    """Rooms with one speaker and several listeners."""

    def __init__(self) -> None:
        """Make no rooms yet."""
        self._relay = MediaRelay()
        self._tracks: dict[str, MediaStreamTrack] = {}
        self._peers: list[RTCPeerConnection] = []

    async def answer(self, room: str, offer: str, *, speaks: bool) -> str:
        """Take in a leg and give its answer."""
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._peers.append(peer)
        if speaks:
            peer.on("track", lambda track: self._tracks.__setitem__(room, track))
        await peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        if not speaks:
            peer.addTrack(self._relay.subscribe(self._tracks[room]))
        await peer.setLocalDescription(await peer.createAnswer())
        return str(peer.localDescription.sdp)

    async def close(self) -> None:
        """Let go of all legs."""
        await asyncio.gather(*(peer.close() for peer in self._peers))


async def main() -> None:
    """Serve until stdin ends."""
    requests = asyncio.StreamReader(limit=_LONGEST_LINE)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(requests), sys.stdin)
    rooms = RelayRooms()
    while line := await requests.readline():
        request: dict[str, Any] = json.loads(line)
        answer = await rooms.answer(request["room"], request["offer"], speaks=request["speaks"])
        sys.stdout.write(json.dumps({"answer": answer}) + "\n")
        sys.stdout.flush()
    await rooms.close()


if __name__ == "__main__":
    uvloop.run(main())
