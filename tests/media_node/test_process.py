"""The process itself: it comes up without its ledger, serves, and goes when asked."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from grpc_health.v1 import health_pb2, health_pb2_grpc

from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.identity import ServiceIdentity, create_keys


async def test_it_serves_without_a_ledger_and_ends_cleanly_on_sigterm(tmp_path: Path) -> None:
    create_keys(tmp_path / "keys")
    environment = {
        **os.environ,
        "CORDBOARD_HOME": str(tmp_path),
        "CORDBOARD_INSTANCE": "media-node-1",
        "CORDBOARD_LEDGER": "127.0.0.1:9",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cordboard.media_node", env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    ready = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
    identity = ServiceIdentity.load(tmp_path / "keys", "worker", "w1")
    async with open_channel(ready["grpc"], identity, "media-node") as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        request = health_pb2.HealthCheckRequest(service="cordboard.media.v1.MediaNodeService")
        answer = await stub.Check(request, timeout=10)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 30) == 0
