"""A script that is no Python runs a call by the published contract: messages, two signals, a sealed payload, a key."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from call_steps import VOICE, assert_nothing_left, attach, connect, end_talk
from foreign_worker import foreign_worker, install
from gateway_house import QUICK
from team_house import pinned, team_client
from temporal import TENANT, House

from cordboard.call.v1.call_pb2 import PHASE_AI_ENGAGED, PHASE_COMPLETED
from cordboard.call.v1.facts_pb2 import SlotsFilled
from cordboard.gateway.gateway import Gateway, Neighbours
from cordboard.gateway.memory_call_control import MemoryCallControl
from cordboard.gateway.task_queues import MemoryTaskQueues, TemporalTaskQueues
from cordboard.runtime.identity import TokenVerifier, UserTokenIssuer, create_keys
from cordboard.runtime.ledger_client import EventProducer
from cordboard.workflows.script_contract import script_workflow_id

QUEUE = "foreign"


@asynccontextmanager
async def key_door(house: House, directory: Path) -> AsyncIterator[Gateway]:
    """A gateway that gives the keys of the house's scripts."""
    create_keys(directory)
    async with EventProducer(house.ledger, "gateway/gateway-1/b1", directory / "spool") as producer:
        neighbours = Neighbours(house.ledger, MemoryCallControl(), producer, MemoryTaskQueues(), house.keys, dict)
        gateway = Gateway(QUICK, TokenVerifier.load(directory), neighbours)
        await gateway.start()
        try:
            yield gateway
        finally:
            await gateway.stop()


async def test_a_script_in_another_language_serves_a_call(house: House, tmp_path: Path) -> None:
    install()
    async with key_door(house, tmp_path) as gateway:
        token = UserTokenIssuer.load(tmp_path).mint(
            role="app", tenant=TENANT, scopes=("scripts:run",), subject="foreign-team"
        )
        temporal = house.client.service_client.config.target_host
        async with foreign_worker(
            temporal=temporal,
            namespace=house.client.namespace,
            gateway=gateway.grpc_address,
            token=token,
            queue=QUEUE,
        ):
            queues = TemporalTaskQueues(house.client)
            async with asyncio.timeout(20):
                while not await queues.is_served(QUEUE):
                    await asyncio.sleep(0.05)
            assert not await queues.is_served("nobody")
            script = pinned("ForeignViewing", QUEUE)
            script.ClearField("capabilities")
            script.capabilities.extend(["answer", "talk", "hang_up"])
            call, _ = await house.start(workflow="viewing", script=script, input='{"area":"lake"}')
            await connect(call)
            await call.until(lambda view: view.phase == PHASE_AI_ENGAGED)
            await attach(call)
            slots = SlotsFilled()
            slots.slots.name = "Ann Poe"
            await call.fact(slots, VOICE)
            await call.until(lambda view: view.slots.name == "Ann Poe")
            await end_talk(call)
            result = await call.handle.result()
            assert (result.phase, result.end_reason) == (PHASE_COMPLETED, "SERVED_FROM_AFAR")
            child = team_client(house).get_workflow_handle(script_workflow_id(call.call_id, "viewing"), result_type=str)
            assert await child.result() == "lake|Ann Poe|UNIMPLEMENTED"
            await assert_nothing_left(call)
