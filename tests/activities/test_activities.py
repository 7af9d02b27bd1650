import inspect
import json
import typing
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from temporal import AGENT, VERTICAL, TestPack
from temporalio import activity
from temporalio.client import Client

from cordboard.activities.__main__ import WorkerParts
from cordboard.activities.memory_node_registry import MemoryNodeRegistry
from cordboard.activities.node_watch import NodeWatch
from cordboard.activities.profile_store import (
    DirectoryProfileStore,
    MemoryProfileStore,
    ProfileActivities,
    ProfileStore,
)
from cordboard.activity.v1.call_activities_pb2 import PinProfileInput
from cordboard.call.v1.call_workflow_pb2 import FactBatch, NodeLost
from cordboard.core.errors import InvalidError, NotFoundError, UnavailableError
from cordboard.registry.v1.node_registry_service_pb2 import NODE_KIND_MEDIA, Node
from cordboard.runtime.identity import create_keys
from cordboard.runtime.settings import Settings
from cordboard.workflows import activity_stubs, routing_stubs


def name_of(function: Callable[..., Any]) -> str:
    definition = activity._Definition.from_callable(function)
    assert definition is not None
    assert definition.name is not None
    return definition.name


def types_of(function: Callable[..., Any]) -> list[Any]:
    hints = typing.get_type_hints(function)
    names = [name for name in inspect.signature(function).parameters if name != "self"]
    return [*(hints[name] for name in names), hints["return"]]


@pytest.fixture
async def implementations(tmp_path: Path) -> AsyncIterator[list[Callable[..., Any]]]:
    """What a worker process registers beside the tools."""
    create_keys(tmp_path / "keys")
    (tmp_path / "url").write_text("postgresql://nobody@127.0.0.1:1/none")
    parts = WorkerParts(
        Settings(
            home=str(tmp_path),
            instance="worker-1",
            ledger="127.0.0.1:1",
            postgres_url_file=str(tmp_path / "url"),
            keys_dir=str(tmp_path / "keys"),
        )
    )
    yield parts.activities(Client.__new__(Client))
    await parts.close()


STUBS = (*activity_stubs.ALL, *routing_stubs.ALL)


async def test_each_stub_has_exactly_one_implementation(implementations: list[Callable[..., Any]]) -> None:
    assert sorted(map(name_of, implementations)) == sorted(name_of(stub) for stub in STUBS)


async def test_each_implementation_has_the_signature_of_its_stub(implementations: list[Callable[..., Any]]) -> None:
    stubs = {name_of(stub): stub for stub in STUBS}
    for implementation in implementations:
        assert types_of(implementation) == types_of(stubs[name_of(implementation)]), name_of(implementation)


@pytest.fixture(params=["directory", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ProfileStore:
    return DirectoryProfileStore(tmp_path / "profiles") if request.param == "directory" else MemoryProfileStore()


async def test_a_profile_is_kept_in_canonical_form_by_its_digest(store: ProfileStore) -> None:
    profiles = ProfileActivities({VERTICAL: TestPack()}, store)
    pinned = await profiles.pin_profile(PinProfileInput(vertical=VERTICAL))
    assert (pinned.name, pinned.version) == (AGENT, "1")
    content = await store.content(pinned.digest)
    assert content == json.dumps(json.loads(content), sort_keys=True, separators=(",", ":")).encode()
    assert await profiles.pin_profile(PinProfileInput(vertical=VERTICAL, agent=AGENT)) == pinned


async def test_an_unknown_profile_is_named_as_such(store: ProfileStore) -> None:
    profiles = ProfileActivities({VERTICAL: TestPack()}, store)
    for wanted in (PinProfileInput(vertical="none"), PinProfileInput(vertical=VERTICAL, agent="none")):
        with pytest.raises(NotFoundError):
            await profiles.pin_profile(wanted)
    with pytest.raises(NotFoundError):
        await store.content(b"x" * 32)


async def test_a_kept_profile_that_was_changed_is_refused(tmp_path: Path) -> None:
    store = DirectoryProfileStore(tmp_path)
    digest = await store.keep(b"{}")
    (tmp_path / f"{digest.hex()}.json").write_bytes(b"[]")
    with pytest.raises(InvalidError):
        await store.content(digest)


class _Told:
    def __init__(self) -> None:
        self.lost: list[NodeLost] = []
        self.away = False

    async def take_facts(self, call_id: str, batch: FactBatch) -> None:
        raise NotImplementedError

    async def lose_node(self, lost: NodeLost) -> None:
        if self.away:
            raise UnavailableError("TEMPORAL_AWAY", "away")
        self.lost.append(lost)


def node(boot_id: str) -> Node:
    return Node(node_id="m1", kind=NODE_KIND_MEDIA, boot_id=boot_id, address="m1:1")


async def test_calls_are_told_once_of_a_node_that_is_gone_or_was_started_anew() -> None:
    registry, told = MemoryNodeRegistry(), _Told()
    watch = NodeWatch(registry, told)
    registry.add(node("b1"))
    await watch.look()
    assert not told.lost
    registry.add(node("b2"))
    await watch.look()
    registry.remove(NODE_KIND_MEDIA, "m1")
    await watch.look()
    await watch.look()
    assert [(lost.node_id, lost.boot_id) for lost in told.lost] == [("m1", "b1"), ("m1", "b2")]


async def test_what_could_not_be_told_is_told_at_the_next_look() -> None:
    registry, told = MemoryNodeRegistry(), _Told()
    watch = NodeWatch(registry, told)
    registry.add(node("b1"))
    await watch.look()
    registry.remove(NODE_KIND_MEDIA, "m1")
    told.away = True
    with pytest.raises(UnavailableError):
        await watch.look()
    told.away = False
    await watch.look()
    assert len(told.lost) == 1
