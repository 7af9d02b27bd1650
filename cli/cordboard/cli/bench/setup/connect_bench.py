"""Measures how long a peer takes into a room of the media node."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cordboard.cli.bench.far_peer import FarPeer
from cordboard.cli.bench.forward.generator import FRAME_S
from cordboard.cli.bench.forward.stamped_speech import StampedSpeech
from cordboard.cli.bench.node_room import NodeRoom
from cordboard.cli.bench.setup.setup_figures import ConnectTry
from cordboard.cli.doors import ledger_door
from cordboard.cli.supervision.stack import Stack
from cordboard.core.errors import UnavailableError
from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.identity import ServiceIdentity

_PAYLOAD_TYPE = 96
_RTP_SECONDS = 5.0
_SPEAKER = "speaker"


class ConnectBench:
    """A room in which somebody speaks, and peers that come to listen."""

    def __init__(self, room: NodeRoom) -> None:
        """Use `ConnectBench.open`."""
        self._room = room

    @classmethod
    @asynccontextmanager
    async def open(cls, stack: Stack) -> AsyncIterator["ConnectBench"]:
        """Open a room on the stack's media node, with a speaker in it."""
        async with ledger_door(stack.directory.root, stack.address("ledger")) as ledger:
            # The node logs about a call; without one its facts would be refused.
            opened = await ledger.open_call(
                tenant="bench", request_id=str(uuid.uuid4()), args_digest=bytes(32), vertical="bench"
            )
        identity = ServiceIdentity.load(stack.directory.keys, "worker", "bench")
        async with open_channel(stack.address("media-node"), identity, "media-node") as channel:
            room = NodeRoom(channel, opened.call_id)
            await room.open()
            speaker = FarPeer()
            await speaker.accept(await room.add(_SPEAKER, await speaker.offer()))
            speaking = asyncio.create_task(_speak(speaker))
            try:
                yield cls(room)
            finally:
                speaking.cancel()
                await asyncio.gather(speaking, return_exceptions=True)
                await room.close()
                await speaker.close()

    async def measure(self, number: int, *, prompt: bool) -> ConnectTry:
        """Bring one peer in and let it go."""
        leg_id = f"listener-{number}-{int(prompt)}"
        await self._room.route({leg_id: [_SPEAKER]})
        first_rtp: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def take(arrived_ns: int, _packet: bytes) -> None:
            if not first_rtp.done():
                first_rtp.set_result(arrived_ns)

        peer = FarPeer(prompt=prompt, take=take)
        marks = [time.perf_counter_ns()]
        connected_ms = first_rtp_ms = None
        stages_ms: dict[str, float] = {}
        try:
            offer = await peer.offer()
            marks.append(time.perf_counter_ns())
            answer = await self._room.add(leg_id, offer)
            marks.append(time.perf_counter_ns())
            await peer.accept(answer)
            marks.append(time.perf_counter_ns())
            connected_ms = (marks[-1] - marks[0]) / 1e6
            stages_ms = _stages(marks)
            async with asyncio.timeout(_RTP_SECONDS):
                first_rtp_ms = (await first_rtp - marks[0]) / 1e6
            stages_ms["first packet of a speaker's 50 a second"] = max(0.0, first_rtp_ms - connected_ms)
        except (TimeoutError, UnavailableError):
            # What did not come is left out of the values, and seen in their count.
            pass
        finally:
            with contextlib.suppress(UnavailableError):
                await self._room.remove(leg_id)
            await peer.close()
        return ConnectTry(prompt, connected_ms, first_rtp_ms, stages_ms)


def _stages(marks: list[int]) -> dict[str, float]:
    names = ("the peer's offer", "the node's answer, by gRPC", "ICE and DTLS")
    return {name: (marks[at + 1] - marks[at]) / 1e6 for at, name in enumerate(names)}


async def _speak(peer: FarPeer) -> None:
    speech, began, sent = StampedSpeech(_PAYLOAD_TYPE, peer.ssrc), time.perf_counter(), 0
    while True:
        peer.send(speech.packet(time.perf_counter_ns(), sent))
        sent += 1
        await asyncio.sleep(max(0.0, began + sent * FRAME_S - time.perf_counter()))
