"""Platform teams at the door: what is registered, what is refused, who gets a script's key."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from gateway_house import TENANT, VERTICAL, House, OpenKeys, new_id, open_house, reason_of

from cordboard.call.v1.script_pb2 import PinnedScript, ScriptPinned
from cordboard.core.errors import ForbiddenError
from cordboard.registry.v1.registration_pb2 import ScriptKeyGiven, WorkflowRegistered
from cordboard.registry.v1.workflow_registry_service_pb2 import (
    GetScriptKeyRequest,
    ListWorkflowsRequest,
    RegisterWorkflowRequest,
    WorkflowEntry,
)
from cordboard.runtime.ledger_client import call_stream, registry_stream
from cordboard.runtime.script_keys import GatewayScriptKeys

SCHEMA = json.dumps(
    {"type": "object", "properties": {"area": {"enum": ["lake", "hill"]}}, "additionalProperties": False}
)
SCOPES = ("workflows:register", "calls:read")


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[House]:
    """A gateway."""
    async with open_house(tmp_path) as opened:
        yield opened


def entry(**changes: Any) -> WorkflowEntry:
    made = WorkflowEntry(
        name="viewing",
        workflow_type="team.Viewing",
        task_queue="team",
        version="1",
        input_schema=SCHEMA,
        agent_profile="front-desk",
        capabilities=["answer", "talk", "hang_up"],
        vertical=VERTICAL,
    )
    for name, value in changes.items():
        made.ClearField(name)  # type: ignore[arg-type]
        made.MergeFrom(WorkflowEntry(**{name: value}))
    return made


async def register(site: House, *entries: WorkflowEntry, **token: Any) -> None:
    async with site.registry(site.token(**{"scopes": SCOPES, "subject": "team", **token})) as stub:
        for one in entries or (entry(),):
            await stub.RegisterWorkflow(RegisterWorkflowRequest(request_id=new_id(), entry=one))


async def listed(site: House, tenant: str = TENANT, page_size: int = 0) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    token = ""
    async with site.registry(site.token(tenant=tenant)) as stub:
        while True:
            page = await stub.ListWorkflows(ListWorkflowsRequest(page_size=page_size, page_token=token))
            found += [(one.name, one.version) for one in page.entries]
            token = page.next_page_token
            if not token:
                return found


async def test_what_is_registered_is_listed_for_its_tenant_alone(site: House) -> None:
    await register(site, entry(), entry(version="2"), entry(name="sale"), entry(name="rent"))
    assert await listed(site) == [("rent", "1"), ("sale", "1"), ("viewing", "2")]
    assert await listed(site, page_size=2) == [("rent", "1"), ("sale", "1"), ("viewing", "2")]
    assert await listed(site, tenant="other") == []


async def test_a_registration_stands_on_the_log_once(site: House) -> None:
    await register(site)
    await register(site)
    events = [one async for one in site.ledger.read(registry_stream(TENANT))]
    assert [one.event.event.Is(WorkflowRegistered.DESCRIPTOR) for one in events] == [True]
    assert events[0].tenant == TENANT
    assert events[0].event.actor == "app/team"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"task_queue": "nobody"}, "UNKNOWN_QUEUE"),
        ({"input_schema": "{}"}, "BAD_SCHEMA"),
        ({"capabilities": ["talk", "teleport"]}, "MISSING_CAPABILITY"),
        ({"agent_profile": "nobody"}, "UNKNOWN_PROFILE"),
        ({"name": "Ann Poe"}, "ENTRY_INVALID"),
        ({"task_queue": ""}, "ENTRY_INVALID"),
    ],
)
async def test_a_bad_registration_is_refused_with_its_reason(site: House, change: dict[str, Any], reason: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await register(site, entry(**change))
    assert reason_of(refused.value) == reason
    assert await listed(site) == []


async def test_a_vertical_that_is_not_installed_is_refused(site: House) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await register(site, entry(vertical="space"), vertical="")
    assert reason_of(refused.value) == "VERTICAL_UNKNOWN"


async def test_a_version_with_other_content_is_refused(site: House) -> None:
    await register(site)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await register(site, entry(workflow_type="team.Other"))
    assert reason_of(refused.value) == "VERSION_CLASH"


async def test_without_the_scope_nothing_is_registered(site: House) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await register(site, scopes=("calls:read",))
    assert reason_of(refused.value) == "SCOPE_MISSING"


async def test_a_call_is_started_with_the_registration_and_its_input(site: House) -> None:
    await register(site, entry(), entry(version="2"))
    await site.started(workflow="viewing", input='{"area": "lake"}')
    [scripted] = site.control.scripted
    assert scripted.entry.version == "2"
    assert scripted.input == '{"area":"lake"}'


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"workflow": "nothing"}, "WORKFLOW_UNKNOWN"),
        ({"workflow": "viewing", "input": '{"area": "sea"}'}, "INPUT_INVALID"),
        ({"input": "{}"}, "INPUT_INVALID"),
        ({"workflow": "abroad"}, "VERTICAL_MISMATCH"),
    ],
)
async def test_a_start_that_fits_no_registration_is_refused_and_opens_no_call(
    site: House, change: dict[str, str], reason: str
) -> None:
    await register(site)
    abroad = WorkflowRegistered(entry=entry(name="abroad", vertical="elsewhere"))
    await site.neighbours.producer.record_durably(registry_stream(TENANT), abroad)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await site.started(**change)
    assert reason_of(refused.value) == reason
    assert await site.events() == 0


async def test_the_key_of_a_scripted_call_is_given_to_its_team_and_that_is_on_record(site: House) -> None:
    call_id = await site.started()
    asked = GetScriptKeyRequest(call_id=call_id)
    async with site.registry(site.token(scopes=("scripts:run",), subject="team")) as stub:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.GetScriptKey(asked)
        assert reason_of(refused.value) == "NOT_A_SCRIPT"
        await site.decide(call_id, ScriptPinned(script=PinnedScript(name="viewing", version="1", digest=b"d")))
        answer = await stub.GetScriptKey(asked)
    assert answer.subkey == await OpenKeys().subkey(call_id, "script")
    await site.neighbours.producer.flush()
    given = [one.event async for one in site.ledger.read(call_stream(call_id))][-1]
    assert given.event.Is(ScriptKeyGiven.DESCRIPTOR)
    assert given.actor == "app/team"


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ({"scopes": ("calls:read",)}, "SCOPE_MISSING"),
        ({"tenant": "other", "scopes": ("scripts:run",)}, "CALL_NOT_FOUND"),
    ],
)
async def test_nobody_else_gets_the_key(site: House, token: dict[str, Any], reason: str) -> None:
    call_id = await site.started()
    await site.decide(call_id, ScriptPinned(script=PinnedScript(name="viewing", version="1", digest=b"d")))
    async with site.registry(site.token(**token)) as stub:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.GetScriptKey(GetScriptKeyRequest(call_id=call_id))
    assert reason_of(refused.value) == reason


async def test_a_start_over_http_may_name_a_workflow(site: House) -> None:
    await register(site)
    status, _, _ = await site.post("/v1/legs?workflow=viewing", site.caller())
    assert status == 201
    assert [one.entry.name for one in site.control.scripted] == ["viewing"]


async def test_a_teams_worker_asks_for_each_key_once_in_ten_minutes(site: House) -> None:
    call_id = await site.started()
    await site.decide(call_id, ScriptPinned(script=PinnedScript(name="viewing", version="1", digest=b"d")))
    now = [0.0]
    token = site.token(scopes=("scripts:run",), subject="team")
    keys = GatewayScriptKeys(site.gateway.grpc_address, lambda: token, monotonic=lambda: now[0])
    for seconds in (0.0, 500.0, 601.0):
        now[0] = seconds
        assert await keys.subkey(call_id, "script") == await OpenKeys().subkey(call_id, "script")
    await site.neighbours.producer.flush()
    given = [
        one async for one in site.ledger.read(call_stream(call_id)) if one.event.event.Is(ScriptKeyGiven.DESCRIPTOR)
    ]
    assert len(given) == 2
    with pytest.raises(ForbiddenError, match="PURPOSE_NOT_YOURS"):
        await keys.subkey(call_id, "temporal")
