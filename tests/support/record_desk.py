"""A person who looks at what was made of a call, on a whole running stack, by the command line."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aioboto3

from cordboard.cli.options import DEFAULT_TENANT
from cordboard.cli.supervision.object_store import BUCKET
from cordboard.cli.supervision.stack import Stack
from cordboard.core.event_message import unpack
from cordboard.ledger.v1.envelope_pb2 import Envelope
from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.identity import ServiceIdentity, UserTokenIssuer
from cordboard.runtime.ledger_client import LedgerClient, call_stream


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended and what it said: JSON on standard output, and the reason of an error."""

    code: int
    said: Any
    reason: str


@dataclass(frozen=True, slots=True)
class RecordDesk:
    """One call of the stack, and who looks at it."""

    stack: Stack
    call_id: str
    tenant: str = DEFAULT_TENANT

    async def ask(self, *command: str, scopes: Sequence[str] = ()) -> Answer:
        """Run a command on the call; with `scopes` as a person who has these, else as the command line itself."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("CORDBOARD_")}
        if scopes:
            issuer = UserTokenIssuer.load(self.stack.directory.keys)
            environment["CORDBOARD_TOKEN"] = issuer.mint(
                role="engineer", tenant=self.tenant, scopes=scopes, subject="eve"
            )
        words = [self.call_id if word == "CALL" else word for word in command]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "cordboard.cli", *words, "--home", str(self.stack.directory.root), "--json"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
        )
        out, errors = await process.communicate()
        said = json.loads(out) if out.strip() else None
        return Answer(process.returncode or 0, said, errors.decode().partition(":")[0].strip())

    async def log(self, kind: str) -> list[tuple[Envelope, Any]]:
        """Give the call's events of a type, by its short name."""
        identity = ServiceIdentity.load(self.stack.directory.keys, "worker", "worker-1")
        async with open_channel(self.stack.address("ledger"), identity, "ledger") as channel:
            log = [one async for one in LedgerClient(channel).read(call_stream(self.call_id))]
        return [(one, unpack(one)) for one in log if one.event.event.TypeName().endswith(f".{kind}")]

    async def objects(self) -> dict[str, bytes]:
        """Give all objects of the store as it hands them out: decrypted by it, sealed where the engine sealed them."""
        credentials = json.loads((self.stack.directory.secrets / "s3-credentials.json").read_text())
        async with _s3(self.stack.address("s3", "http"), credentials) as client:
            found: dict[str, bytes] = {}
            async for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
                for one in page.get("Contents", ()):
                    body = (await client.get_object(Bucket=BUCKET, Key=one["Key"]))["Body"]
                    async with body:
                        found[one["Key"]] = await body.read()
        return found

    def gateway_log(self, message: str) -> list[dict[str, Any]]:
        """Give the gateway's log lines about this call that say so."""
        lines = (self.stack.directory.logs / "gateway-1.log").read_text().splitlines()
        parsed = [json.loads(line) for line in lines if message in line and self.call_id in line]
        return [line for line in parsed if line.get("call_id") == self.call_id]


@asynccontextmanager
async def _s3(endpoint: str, credentials: dict[str, str]) -> AsyncIterator[Any]:
    session = aioboto3.Session(
        aws_access_key_id=credentials["access_key"],
        aws_secret_access_key=credentials["secret_key"],
        region_name="us-east-1",
    )
    async with session.client("s3", endpoint_url=endpoint) as client:
        yield client


async def gone(pid: int) -> None:
    """Return when a process has ended."""
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop.add_reader(handle, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)
