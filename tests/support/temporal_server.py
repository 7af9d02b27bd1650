"""A real Temporal for tests: the development server on a free port, with its state in memory."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from temporalio.client import Client
from temporalio.converter import DataConverter
from temporalio.service import RetryConfig, RPCError

PROGRAM = Path(sys.executable).with_name("temporal")
NAMESPACE = "cordboard"
# Short of what a busy machine may need, so that a test about an absent server does not wait for it.
_RETRY = RetryConfig(initial_interval_millis=20, max_elapsed_time_millis=500, max_retries=2)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def temporal_server() -> Iterator[str]:
    """Run a server and give its address."""
    port = _free_port()
    command = [str(PROGRAM), "server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", str(port)]
    command += ["--http-port", str(_free_port()), "--namespace", NAMESPACE, "--log-level", "error"]
    for name in ("CallPhase", "Tenant", "Vertical", "MediaNode"):
        command += ["--search-attribute", f"{name}=Keyword"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


async def connect(address: str, converter: DataConverter | None = None) -> Client:
    """Connect to a server once it serves."""
    async with asyncio.timeout(60):
        while True:
            try:
                client = await _client(address, converter)
                await client.count_workflows()
            except (RPCError, RuntimeError):
                await asyncio.sleep(0.1)
            else:
                return client


async def connect_lazily(address: str, converter: DataConverter | None = None) -> Client:
    """Make a client that connects at its first use; no worker takes it."""
    return await _client(address, converter, lazy=True)


async def _client(address: str, converter: DataConverter | None, *, lazy: bool = False) -> Client:
    return await Client.connect(
        address,
        namespace=NAMESPACE,
        data_converter=converter or DataConverter.default,
        retry_config=_RETRY,
        lazy=lazy,
    )
