"""Measures what a forwarded packet costs: its delay, and the CPU time of the process that forwards it."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc

from cordboard.cli.bench.forward.forward_figures import ForwardRun, ForwardTry, Window
from cordboard.cli.bench.forward.generator import PACKETS_PER_SECOND, EchoProbe, Generator
from cordboard.cli.bench.forward.systems import ForwardingSystem, NodeSystem, RelaySystem
from cordboard.cli.bench.peer_process import PeerProcess
from cordboard.cli.bench.process_meter import cpu_ns
from cordboard.cli.bench.progress import Progress
from cordboard.cli.bench.workshop import workshop
from cordboard.cli.supervision.stack import Stack
from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.identity import ServiceIdentity

_HERE = "cordboard.cli.bench.forward"
_NODE = "media-node-1"
# Until decoders, jitter buffers and clocks of the processor are where they stay.
_WARM_UP_S = 0.3
_DRAIN_S = 0.15


@dataclass(frozen=True, slots=True)
class ForwardLoad:
    """Rooms of one speaker each, listeners per room, and the seconds that one try takes on either side."""

    rooms: int = 2
    listeners: int = 3
    seconds: float = 2.0


async def measure(home: Path, tries: int, load: ForwardLoad, progress: Progress) -> ForwardRun:
    """Let node and MediaRelay forward in turn; the generator is this process, each system one of its own."""
    run = ForwardRun(load.rooms * PACKETS_PER_SECOND, load.rooms * load.listeners * PACKETS_PER_SECOND)
    async with (
        PeerProcess.start(f"{_HERE}.relay_process") as relay,
        PeerProcess.start(f"{_HERE}.udp_echo") as echo,
        workshop(home, progress, (_NODE,)) as stack,
        _worker_channel(stack) as channel,
    ):
        probe = await EchoProbe.open((await echo.hear())["port"])
        node_system, relay_system = NodeSystem(channel, stack.pids()[_NODE]), RelaySystem(relay)
        async with _connected(node_system, load) as through_node, _connected(relay_system, load) as through_relay:
            gc.collect()
            gc.freeze()
            progress.step("node and MediaRelay in turn", tries)
            for number in range(1, tries + 1):
                node = await _window(node_system, through_node, load, probe)
                run.tries.append(ForwardTry(node, await _window(relay_system, through_relay, load)))
                progress.done(number)
        probe.close()
    return run


def _worker_channel(stack: Stack) -> grpc.aio.Channel:
    identity = ServiceIdentity.load(stack.directory.keys, "worker", "bench")
    return open_channel(stack.address("media-node"), identity, "media-node")


@asynccontextmanager
async def _connected(system: ForwardingSystem, load: ForwardLoad) -> AsyncIterator[Generator]:
    generator = Generator(system, load.rooms, load.listeners)
    try:
        await generator.connect()
        yield generator
    finally:
        await generator.close()


async def _window(
    system: ForwardingSystem, generator: Generator, load: ForwardLoad, probe: EchoProbe | None = None
) -> Window:
    await generator.speak(_WARM_UP_S)
    if probe is not None:
        # A node holds nothing back: what was sent before the window is there before it begins.
        await asyncio.sleep(_DRAIN_S)
        probe.take_delays()
    generator.take_received()
    before = cpu_ns(system.pid)
    sent = await generator.speak(load.seconds, probe)
    # What is still in a jitter buffer stands for what was in it when the window began.
    used, received = cpu_ns(system.pid) - before, generator.take_received()
    await asyncio.sleep(_DRAIN_S)
    late = generator.take_received()
    return Window(
        cpu_ns=used,
        forwarded=received.packets,
        expected=sent * load.listeners,
        delays_ms=[*received.delays_ms, *late.delays_ms],
        echoes_ms=probe.take_delays() if probe is not None else (),
    )
