"""The demo's proofs on a real record: a ledger process on a real PostgreSQL, folded by another process."""

import uuid
from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest
import pytest_asyncio
from call_log import booked_call
from google.protobuf.message import Message

from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1.call_pb2 import Slots
from cordboard.cli.demo.proof import chain_is_valid, replays_as
from cordboard.cli.supervision import catalogue
from cordboard.cli.supervision.port_book import PortBook
from cordboard.cli.supervision.service import Service
from cordboard.cli.supervision.stack import Stack, destroy
from cordboard.cli.supervision.state_directory import StateDirectory
from cordboard.core.event_message import occurred_us, pack, unpack
from cordboard.core.fold import fold, is_decision_envelope
from cordboard.core.state_digest import to_canonical_json
from cordboard.ledger.v1.envelope_pb2 import NewEvent
from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.identity import ServiceIdentity
from cordboard.runtime.ledger_client import LedgerClient, call_stream

pytestmark = pytest.mark.asyncio(loop_scope="module")

Dated = tuple[Message, int]


def _record_only(directory: StateDirectory, ports: PortBook) -> list[Service]:
    everything = [*catalogue.servers(directory, ports), *catalogue.processes(directory, ports, {})]
    return [service for service in everything if service.name in {"postgres", "ledger-1"}]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    home = tmp_path_factory.mktemp("proof") / ".cordboard"
    async with Stack(home, describe=_record_only) as running:
        yield running
    destroy(home)


def _decided() -> list[Dated]:
    """The decisions of a whole call."""
    dated = [(unpack(one), occurred_us(one)) for one in booked_call() if is_decision_envelope(one)]
    return [(event, at_us) for event, at_us in dated if event is not None]


async def _append(stack: Stack, call_id: str, decided: Sequence[Dated], first: int) -> None:
    identity = ServiceIdentity.load(stack.directory.keys, "worker", "worker-1")
    async with open_channel(stack.address("ledger"), identity, "ledger") as channel:
        events = []
        for number, (event, at_us) in enumerate(decided, first):
            source = f"workflow/{call_id}"
            new = NewEvent(stream=call_stream(call_id), event=pack(event), source=source, source_seq=number)
            new.occurred_at.FromMicroseconds(at_us)
            events.append(new)
        await LedgerClient(channel).append(events)


async def _recorded(stack: Stack) -> str:
    identity = ServiceIdentity.load(stack.directory.keys, "worker", "worker-1")
    async with open_channel(stack.address("ledger"), identity, "ledger") as channel:
        opened = await LedgerClient(channel).open_call(
            tenant="demo", request_id=str(uuid.uuid4()), args_digest=bytes(32), vertical="healthcare"
        )
    await _append(stack, opened.call_id, _decided(), 1)
    return opened.call_id


async def test_a_true_record_replays_as_the_live_state_and_its_chain_holds(stack: Stack) -> None:
    call_id = await _recorded(stack)
    live = to_canonical_json(fold(_decided()))
    assert await replays_as(stack.directory.root, call_id, live)
    assert await chain_is_valid(stack.directory.root, call_id)


async def test_one_wrong_event_planted_on_the_record_is_seen(stack: Stack) -> None:
    call_id = await _recorded(stack)
    live = to_canonical_json(fold(_decided()))
    decided = _decided()
    wrong = (decisions.SlotsTaken(slots=Slots(name="Somebody Else")), decided[-1][1])
    await _append(stack, call_id, [wrong], len(decided) + 1)
    assert not await replays_as(stack.directory.root, call_id, live)
    assert await chain_is_valid(stack.directory.root, call_id), "the chain alone would not have told"


async def test_one_changed_byte_breaks_the_chain(stack: Stack) -> None:
    call_id = await _recorded(stack)
    changed = "update ledger.event set body = set_byte(body, 0, get_byte(body, 0) # 1) where stream_id = $1 and seq = 2"
    connection = await asyncpg.connect((stack.directory.secrets / "postgres-ledger-url").read_text())
    await connection.execute("set ledger.maintenance = 'on'")
    assert await connection.execute(changed, call_id) == "UPDATE 1"
    await connection.close()
    assert not await chain_is_valid(stack.directory.root, call_id)
