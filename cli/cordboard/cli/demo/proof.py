"""What is proven about a call's record afterwards: its chain, and that it folds to the state the workflow had."""

import asyncio
import json
import sys
from pathlib import Path

from temporalio.client import Client

from cordboard.call.v1.call_workflow_pb2 import StateAnswer
from cordboard.cli.doors import ledger_door
from cordboard.core.errors import InternalError
from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.identity import ServiceIdentity
from cordboard.runtime.key_client import KeyClient
from cordboard.runtime.ledger_client import call_stream
from cordboard.workflows.data_converter import data_converter
from cordboard.workflows.names import QUERY_STATE, workflow_id


async def chain_is_valid(home: Path, call_id: str) -> bool:
    """Have the ledger recompute the call's chain."""
    async with ledger_door(home) as ledger:
        events = 0
        async for progress in ledger.verify(call_stream(call_id)):
            if progress.faults:
                return False
            events = max(events, progress.events)
    return events > 0


async def live_state(home: Path, call_id: str, *, temporal: str, namespace: str, ledger: str) -> str:
    """Ask the workflow itself for its state, as canonical JSON."""
    identity = ServiceIdentity.load(home / "keys", "cli", "demo")
    async with open_channel(ledger, identity, "ledger") as channel:
        client = await Client.connect(temporal, namespace=namespace, data_converter=data_converter(KeyClient(channel)))
        handle = client.get_workflow_handle(workflow_id(call_id))
        answer: StateAnswer = await handle.query(QUERY_STATE, result_type=StateAnswer)
    return str(answer.canonical_json)


async def replays_as(home: Path, call_id: str, live: str) -> bool:
    """Tell whether the rows of the log, folded by another process, amount to a live state (canonical JSON)."""
    return await replayed_state(home, call_id) == canonical(json.loads(live))


async def replayed_state(home: Path, call_id: str) -> str:
    """Have another process fold the rows of the log, and give the state as canonical JSON."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "cordboard.cli", "replay", "state", call_id, "--home", str(home), "--json"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    if process.returncode != 0:
        last = errors.decode(errors="replace").strip().splitlines()[-1:]
        raise InternalError("REPLAY_FAILED", f"replaying the call failed: {' '.join(last)}", call_id=call_id)
    return canonical(json.loads(out)["state"])


def canonical(state: object) -> str:
    """Write decoded JSON as `cordboard.core.state_digest` writes a state."""
    return json.dumps(state, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
