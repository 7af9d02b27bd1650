"""The process itself: it comes up without its ledger, serves, and goes when asked, with its calls' leave."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from cordboard.core.errors import WrongStateError
from cordboard.media.v1.command_pb2 import CloseRoom, Command, CreateRoom
from cordboard.media.v1.media_node_service_pb2 import ApplyRequest
from cordboard.media.v1.media_node_service_pb2_grpc import MediaNodeServiceStub
from cordboard.runtime.error_table import translate_errors
from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.identity import ServiceIdentity, create_keys


@dataclass(frozen=True, slots=True)
class RunningNode:
    """A media node's process, and a worker's channel to it."""

    process: asyncio.subprocess.Process
    channel: grpc.aio.Channel

    async def apply(self, command: Command, seq: int, call_id: str = "call-1") -> None:
        command.call_id, command.placement_epoch, command.command_seq = call_id, 1, seq
        async with translate_errors():
            await MediaNodeServiceStub(self.channel).Apply(ApplyRequest(command=command), timeout=10)

    async def refuses_new_calls(self) -> None:
        """Offer it calls until it refuses one because it drains."""
        with pytest.raises(WrongStateError, match="NODE_DRAINING"):
            for number in count():
                await self.apply(room(), 1, f"another-{number}")
                await self.apply(Command(close_room=CloseRoom(reason="DONE")), 2, f"another-{number}")

    async def ends_with(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), 30)


@asynccontextmanager
async def running_node(home: Path) -> AsyncIterator[RunningNode]:
    create_keys(home / "keys")
    environment = {
        **os.environ,
        "CORDBOARD_HOME": str(home),
        "CORDBOARD_INSTANCE": "media-node-1",
        "CORDBOARD_LEDGER": "127.0.0.1:9",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cordboard.media_node", env=environment, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        ready = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
        identity = ServiceIdentity.load(home / "keys", "worker", "w1")
        async with open_channel(ready["grpc"], identity, "media-node") as channel:
            yield RunningNode(process, channel)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def room() -> Command:
    return Command(create_room=CreateRoom(tenant="clinic"))


async def test_it_serves_without_a_ledger_and_ends_cleanly_on_sigterm(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        stub: Any = health_pb2_grpc.HealthStub(node.channel)
        request = health_pb2.HealthCheckRequest(service="cordboard.media.v1.MediaNodeService")
        answer = await stub.Check(request, timeout=10)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
        assert await node.ends_with(signal.SIGTERM) == 0


async def test_asked_to_end_it_keeps_its_calls_and_takes_no_others(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        await node.apply(room(), 1)
        node.process.send_signal(signal.SIGTERM)
        await node.refuses_new_calls()
        assert node.process.returncode is None
        await node.apply(Command(close_room=CloseRoom(reason="DONE")), 2)
        assert await asyncio.wait_for(node.process.wait(), 30) == 0


@pytest.mark.parametrize("numbers", [(signal.SIGINT,), (signal.SIGTERM, signal.SIGTERM)])
async def test_asked_to_end_at_once_it_does_not_wait_for_its_calls(
    tmp_path: Path, numbers: tuple[signal.Signals, ...]
) -> None:
    async with running_node(tmp_path) as node:
        await node.apply(room(), 1)
        for number in numbers[:-1]:
            node.process.send_signal(number)
            # Two signals of one kind that are not told apart would be one.
            await node.refuses_new_calls()
        assert await node.ends_with(numbers[-1]) == 0
