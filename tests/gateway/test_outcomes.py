"""What came of calls, at the front door; the rows are served over gRPC as the wrap-up process does it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

import grpc
import pytest
from gateway_house import TENANT, House, new_id, reason_of
from outcome_calls import SERVED, row

from cordboard.activities.outcome.derivation import derive_outcome
from cordboard.activities.outcome.memory_outcome_store import MemoryOutcomeStore
from cordboard.activities.outcome.outcome_seal import seal
from cordboard.activities.outcome.outcome_service import OutcomeService
from cordboard.activities.outcome.outcome_store import OutcomeRow
from cordboard.call.v1 import call_service_pb2 as pb
from cordboard.call.v1.outcome_pb2 import FOLLOW_UP_STATE_RESOLVED, Outcome
from cordboard.core.ids import CallId
from cordboard.gateway.outcomes import OutcomesClient
from cordboard.outcome.v1 import outcome_service_pb2
from cordboard.outcome.v1.outcome_service_pb2_grpc import add_OutcomeServiceServicer_to_server
from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.grpc_server import GrpcServer
from cordboard.runtime.identity import ServiceIdentity, TokenVerifier

SUBKEY = bytes(32)
AUDIENCE = "wrap-up"
SERVICE = outcome_service_pb2.DESCRIPTOR.services_by_name["OutcomeService"].full_name
READ = ("calls:read",)


class Rows:
    """The rows, their key and what is put on record of them."""

    def __init__(self) -> None:
        self.store = MemoryOutcomeStore()
        self.opened_for: list[str] = []
        self.stop: Callable[[], Awaitable[None]]

    async def subkey(self, call_id: str, purpose: str) -> bytes:
        return SUBKEY

    async def opened(self, call_id: str, on_behalf_of: str) -> None:
        self.opened_for.append(on_behalf_of)

    async def resolved(self, call_id: str, by: str) -> None:
        self.opened_for.append(by)

    async def add(self, call_id: str, tenant: str = TENANT) -> None:
        """Keep the outcome of a call that was served, under another id."""
        state = replace(SERVED, call_id=CallId(call_id), tenant=tenant)
        body, sealed = seal(derive_outcome(state, (), None, region="US"), SUBKEY)
        await self.store.put(OutcomeRow(Outcome.FromString(body), sealed))


@pytest.fixture
async def rows(house: House) -> AsyncIterator[Rows]:
    """Rows that the gateway of the house shows."""
    made = Rows()
    server = GrpcServer("127.0.0.1:0", TokenVerifier.load(house.keys), AUDIENCE)
    service = OutcomeService(made.store, made, made, lambda: datetime.now(UTC))
    server.add(add_OutcomeServiceServicer_to_server, service, SERVICE)
    port = await server.start()
    identity = ServiceIdentity.load(house.keys, "gateway", "gateway-1")
    async with open_channel(f"127.0.0.1:{port}", identity, AUDIENCE) as channel:
        house.neighbours = replace(house.neighbours, outcomes=OutcomesClient(channel))
        await house.restart()
        made.stop = server.stop
        yield made
    await server.stop()


async def _refused(house: House, method: str, request: object, scopes: tuple[str, ...]) -> str:
    async with house.calls(house.token(scopes=scopes)) as stub:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await getattr(stub, method)(request)
    return reason_of(failed.value)


async def test_an_outcome_is_shown_without_phi_unless_the_token_holds_the_scope(house: House, rows: Rows) -> None:
    call_id = await house.started()
    await rows.add(call_id)
    async with house.calls(house.token(scopes=READ)) as stub:
        plain = (await stub.GetOutcome(pb.GetOutcomeRequest(call_id=call_id))).outcome
    assert rows.opened_for == []
    assert not plain.summary
    assert not plain.slots
    async with house.calls(house.token("engineer", (*READ, "phi"), subject="eve")) as stub:
        whole = (await stub.GetOutcome(pb.GetOutcomeRequest(call_id=call_id))).outcome
    assert "Maria Lopez" in whole.summary
    assert rows.opened_for == ["engineer/eve"]


async def test_a_token_without_the_scope_sees_no_outcome(house: House, rows: Rows) -> None:
    call_id = await house.started()
    await rows.add(call_id)
    scopes = ("calls:start", "phi")
    assert await _refused(house, "GetOutcome", pb.GetOutcomeRequest(call_id=call_id), scopes) == "SCOPE_MISSING"
    assert await _refused(house, "ListFollowUps", pb.ListFollowUpsRequest(), scopes) == "SCOPE_MISSING"
    resolve = pb.ResolveFollowUpRequest(request_id=new_id(), call_id=call_id)
    assert await _refused(house, "ResolveFollowUp", resolve, READ) == "SCOPE_MISSING"
    assert rows.opened_for == []


async def test_a_refusal_is_in_the_log_and_names_who_asked(
    house: House, rows: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    secret = pb.GetOutcomeRequest(call_id="Maria Lopez")
    assert await _refused(house, "GetOutcome", secret, ("calls:start",)) == "SCOPE_MISSING"
    [record] = [one for one in caplog.records if one.message == "an outcome was refused"]
    assert (record.__dict__["method"], record.__dict__["role"]) == ("GetOutcome", "app")
    assert record.__dict__["call_id"] == ""


async def test_a_call_that_is_not_wrapped_up_has_no_outcome_yet(house: House, rows: Rows) -> None:
    call_id = await house.started()
    asked = pb.GetOutcomeRequest(call_id=call_id)
    assert await _refused(house, "GetOutcome", asked, READ) == "OUTCOME_PENDING"


async def test_another_tenants_call_is_not_there(house: House, rows: Rows) -> None:
    call_id = await house.started(tenant="other")
    await rows.add(call_id, "other")
    asked = pb.GetOutcomeRequest(call_id=call_id)
    assert await _refused(house, "GetOutcome", asked, (*READ, "phi")) == "CALL_NOT_FOUND"
    assert rows.opened_for == []


async def test_rows_that_are_away_are_told_as_such(house: House, rows: Rows) -> None:
    call_id = await house.started()
    await rows.stop()
    assert await _refused(house, "GetOutcome", pb.GetOutcomeRequest(call_id=call_id), READ) == "OUTCOMES_AWAY"
    assert await _refused(house, "ListFollowUps", pb.ListFollowUpsRequest(), READ) == "OUTCOMES_AWAY"


async def test_a_gateway_that_knows_no_wrap_up_says_that_the_rows_are_away(house: House) -> None:
    assert await _refused(house, "ListFollowUps", pb.ListFollowUpsRequest(), READ) == "OUTCOMES_AWAY"


async def test_follow_ups_come_by_urgency_and_go_when_resolved(house: House, rows: Rows) -> None:
    first, second = await house.started(), await house.started()
    for call_id, urgency in ((first, 1), (second, 3)):
        waiting = row(1, urgency, minutes=1, tenant=TENANT)
        waiting.call_id = call_id
        await rows.store.put(OutcomeRow(waiting, b""))
    async with house.calls(house.token("agent", ("calls:read", "calls:steer"), subject="ann")) as stub:
        listed = await stub.ListFollowUps(pb.ListFollowUpsRequest())
        assert [one.call_id for one in listed.outcomes] == [second, first]
        request = pb.ResolveFollowUpRequest(request_id=new_id(), call_id=second)
        closed = (await stub.ResolveFollowUp(request)).outcome
        assert (closed.follow_up.state, closed.follow_up.resolved_by) == (FOLLOW_UP_STATE_RESOLVED, "agent/ann")
        assert [one.call_id for one in (await stub.ListFollowUps(pb.ListFollowUpsRequest())).outcomes] == [first]
    assert await _refused(house, "ListFollowUps", pb.ListFollowUpsRequest(page_token="x"), READ) == "PAGE_TOKEN_INVALID"


async def test_a_request_id_that_is_none_changes_nothing(house: House, rows: Rows) -> None:
    call_id = await house.started()
    await rows.add(call_id)
    request = pb.ResolveFollowUpRequest(request_id="mine", call_id=call_id)
    assert await _refused(house, "ResolveFollowUp", request, ("calls:steer",)) == "REQUEST_ID_INVALID"
    assert rows.opened_for == []
