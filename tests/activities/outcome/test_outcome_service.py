"""The service that shows outcomes to the gateway."""

from datetime import UTC, datetime

import pytest
from outcome_calls import CALL_ID, PHI_VALUES, SERVED, TENANT, row

from cordboard.activities.outcome.derivation import derive_outcome
from cordboard.activities.outcome.memory_outcome_store import MemoryOutcomeStore
from cordboard.activities.outcome.outcome_seal import PURPOSE, seal
from cordboard.activities.outcome.outcome_service import OutcomeService
from cordboard.activities.outcome.outcome_store import OutcomeRow
from cordboard.call.v1 import outcome_pb2
from cordboard.core.errors import (
    CordboardError,
    InternalError,
    InvalidError,
    NotFoundError,
    UnavailableError,
    WrongStateError,
)
from cordboard.outcome.v1 import outcome_service_pb2 as pb

SUBKEY = bytes(range(32))
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class House:
    """A service over rows in memory, with what it says of who opened what."""

    def __init__(self) -> None:
        self.store = MemoryOutcomeStore()
        self.said: list[tuple[str, str, str]] = []
        self.key_error: CordboardError | None = None
        self.log_error: CordboardError | None = None
        self.service = OutcomeService(self.store, self, self, lambda: NOON)

    async def subkey(self, call_id: str, purpose: str) -> bytes:
        assert (call_id, purpose) == (CALL_ID, PURPOSE)
        if self.key_error is not None:
            raise self.key_error
        return SUBKEY

    async def opened(self, call_id: str, on_behalf_of: str) -> None:
        if self.log_error is not None:
            raise self.log_error
        self.said.append(("opened", call_id, on_behalf_of))

    async def resolved(self, call_id: str, by: str) -> None:
        if self.log_error is not None:
            raise self.log_error
        self.said.append(("resolved", call_id, by))

    async def get(self, **fields: object) -> outcome_pb2.Outcome:
        request = pb.GetOutcomeRequest(call_id=CALL_ID, tenant=TENANT, **fields)  # type: ignore[arg-type]
        return (await self.service.GetOutcome(request, None)).outcome


@pytest.fixture
async def house() -> House:
    made = House()
    body, sealed = seal(derive_outcome(SERVED, (), None, region="US"), SUBKEY)
    assert not [word for word in PHI_VALUES if word.encode() in body + sealed]
    await made.store.put(OutcomeRow(outcome_pb2.Outcome.FromString(body), sealed))
    return made


async def test_without_phi_an_outcome_shows_no_word_of_the_callers_and_nothing_is_noted(house: House) -> None:
    shown = await house.get()
    assert not shown.summary
    assert not shown.slots
    assert shown.disposition == outcome_pb2.DISPOSITION_SERVED_BY_AI
    assert house.said == []


async def test_phi_is_opened_once_it_is_on_the_log_for_whom(house: House) -> None:
    shown = await house.get(with_phi=True, on_behalf_of="engineer/eve")
    assert "Maria Lopez" in shown.summary
    assert [slot.name for slot in shown.slots][:1] == ["name"]
    assert house.said == [("opened", CALL_ID, "engineer/eve")]


async def test_phi_stays_shut_while_the_log_is_away(house: House) -> None:
    house.log_error = UnavailableError("LEDGER_AWAY", "away")
    with pytest.raises(UnavailableError):
        await house.get(with_phi=True, on_behalf_of="engineer/eve")


async def test_phi_is_opened_for_nobody_in_particular_never(house: House) -> None:
    with pytest.raises(InvalidError):
        await house.get(with_phi=True)
    assert house.said == []


async def test_an_erased_call_shows_what_is_left_and_says_so(house: House) -> None:
    house.key_error = WrongStateError("KEY_DESTROYED", "gone")
    for asked in ({}, {"with_phi": True, "on_behalf_of": "engineer/eve"}):
        shown = await house.get(**asked)
        assert shown.erased
        assert not shown.summary
        assert shown.disposition == outcome_pb2.DISPOSITION_SERVED_BY_AI
    assert house.said == []


async def test_a_row_that_was_tampered_with_does_not_open(house: House) -> None:
    kept = await house.store.get(CALL_ID, TENANT)
    assert kept is not None
    await house.store.put(OutcomeRow(kept.outcome, kept.sealed[:-1] + bytes([kept.sealed[-1] ^ 1])))
    with pytest.raises(InternalError) as failed:
        await house.get(with_phi=True, on_behalf_of="engineer/eve")
    assert failed.value.reason == "OUTCOME_DAMAGED"


async def test_another_tenants_outcome_is_not_there(house: House) -> None:
    request = pb.GetOutcomeRequest(call_id=CALL_ID, tenant="other")
    with pytest.raises(NotFoundError) as failed:
        await house.service.GetOutcome(request, None)
    assert failed.value.reason == "OUTCOME_NOT_FOUND"


async def test_pages_end_and_a_token_of_ones_own_making_is_refused(house: House) -> None:
    for number in range(2, 7):
        await house.store.put(OutcomeRow(row(number, urgency=number % 3, minutes=number), b""))
    seen: list[str] = []
    token = ""
    while True:
        page = await house.service.ListFollowUps(
            pb.ListFollowUpsRequest(tenant=TENANT, page_size=2, page_token=token), None
        )
        seen += [one.call_id for one in page.outcomes]
        token = page.next_page_token
        if not token:
            break
    assert len(seen) == len(set(seen)) == 5
    for bad in ("nonsense", "bm90IGEgcGxhY2U="):
        with pytest.raises(InvalidError) as failed:
            await house.service.ListFollowUps(pb.ListFollowUpsRequest(tenant=TENANT, page_token=bad), None)
        assert failed.value.reason == "PAGE_TOKEN_INVALID"


async def test_a_resolved_follow_up_is_on_the_log_and_off_the_list(house: House) -> None:
    await house.store.put(OutcomeRow(row(2, urgency=3, minutes=1), b""))
    call_id = row(2, 3, 1).call_id
    request = pb.ResolveFollowUpRequest(call_id=call_id, tenant=TENANT, resolved_by="agent/ann")
    closed = (await house.service.ResolveFollowUp(request, None)).outcome
    assert closed.follow_up.state == outcome_pb2.FOLLOW_UP_STATE_RESOLVED
    assert house.said == [("resolved", call_id, "agent/ann")]
    listed = await house.service.ListFollowUps(pb.ListFollowUpsRequest(tenant=TENANT), None)
    assert not listed.outcomes


async def test_a_call_that_left_nothing_to_do_cannot_be_resolved(house: House) -> None:
    request = pb.ResolveFollowUpRequest(call_id=CALL_ID, tenant=TENANT, resolved_by="agent/ann")
    with pytest.raises(WrongStateError) as failed:
        await house.service.ResolveFollowUp(request, None)
    assert failed.value.reason == "NOTHING_TO_FOLLOW_UP"
    assert house.said == []
