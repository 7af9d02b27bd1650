"""A platform team beside the house of calls: its queue, its keys, its worker."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from call_steps import attach, connect
from team_scripts import SCRIPTS
from temporal import House, PlacedCall
from temporalio.client import Client
from temporalio.worker import Worker

from cordboard.call.v1.call_pb2 import PHASE_AI_ENGAGED
from cordboard.call.v1.script_pb2 import PinnedScript
from cordboard.workflows.data_converter import script_data_converter
from cordboard.workflows.script_worker import script_worker

QUEUE = "team"
ALL_VERBS = ("answer", "consent", "record", "talk", "say", "enqueue", "bridge", "callback", "hang_up")


def pinned(workflow_type: str, queue: str = QUEUE, **changes: Any) -> PinnedScript:
    """What a call keeps of a registration."""
    script = PinnedScript(
        name="viewing",
        version="7",
        digest=b"d" * 32,
        workflow_type=workflow_type,
        task_queue=queue,
        capabilities=ALL_VERBS,
    )
    patience: timedelta | None = changes.pop("patience", None)
    if patience is not None:
        script.patience.FromTimedelta(patience)
    for name, value in changes.items():
        script.ClearField(name)  # type: ignore[arg-type]
        getattr(script, name).extend(value)
    return script


def team_client(house: House) -> Client:
    """A client that has the keys of scripts and no others."""
    config = house.client.config()
    config["data_converter"] = script_data_converter(ScriptKeysOnly(house))
    return Client(**config)


async def scripted_call(house: House, script: PinnedScript, *, talk: bool = True) -> PlacedCall:
    """Start a call that a script runs; its caller is there, and the AI agent unless told otherwise."""
    call, _ = await house.start(workflow="viewing", script=script, input='{"area":"lake"}')
    await connect(call)
    if talk:
        await call.until(lambda view: view.phase == PHASE_AI_ENGAGED)
        await attach(call)
    return call


class ScriptKeysOnly:
    """The keys that a team gets."""

    def __init__(self, house: House) -> None:
        self._keys = house.keys

    async def subkey(self, call_id: str, purpose: str) -> bytes:
        """Give a key of purpose `script`."""
        assert purpose == "script"
        return await self._keys.subkey(call_id, purpose)


@asynccontextmanager
async def team_worker(house: House, queue: str = QUEUE) -> AsyncIterator[Worker]:
    """Run the team's worker."""
    async with script_worker(team_client(house), queue, SCRIPTS) as worker:
        yield worker
