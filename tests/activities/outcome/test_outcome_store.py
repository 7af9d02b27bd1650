"""What a store of outcomes promises, whatever it is made of."""

from datetime import UTC, datetime

from outcome_calls import CALL_ID, TENANT, row

from cordboard.activities.outcome.memory_outcome_store import place_of
from cordboard.activities.outcome.outcome_store import OutcomeRow, OutcomeStore
from cordboard.call.v1 import outcome_pb2 as pb

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


async def test_a_row_is_given_back_as_it_was_put(store: OutcomeStore) -> None:
    outcome = row(1, urgency=3, minutes=1)
    await store.put(OutcomeRow(outcome, b"sealed"))
    assert await store.get(CALL_ID, TENANT) == OutcomeRow(outcome, b"sealed")


async def test_another_tenants_call_is_not_there(store: OutcomeStore) -> None:
    await store.put(OutcomeRow(row(1, urgency=3, minutes=1), b""))
    assert await store.get(CALL_ID, "other") is None
    assert await store.resolve(CALL_ID, "other", "agent/ann", NOON) is None
    assert await store.follow_ups("other", 10, None) == []


async def test_no_row_is_put_in_the_place_of_another_tenants(store: OutcomeStore) -> None:
    await store.put(OutcomeRow(row(1, urgency=3, minutes=1), b"first"))
    await store.put(OutcomeRow(row(1, urgency=1, minutes=1, tenant="other"), b"second"))
    assert await store.get(CALL_ID, "other") is None
    kept = await store.get(CALL_ID, TENANT)
    assert kept is not None
    assert kept.sealed == b"first"


async def test_the_most_urgent_follow_up_comes_first_and_then_who_waits_longest(store: OutcomeStore) -> None:
    for number, urgency, minutes in ((1, 1, 0), (2, 3, 9), (3, 2, 1), (4, 3, 2)):
        await store.put(OutcomeRow(row(number, urgency, minutes), b""))
    listed = await store.follow_ups(TENANT, 10, None)
    assert [int(one.outcome.call_id[-2:]) for one in listed] == [4, 2, 3, 1]


async def test_pages_of_follow_ups_leave_none_out_and_repeat_none(store: OutcomeStore) -> None:
    for number in range(1, 8):
        await store.put(OutcomeRow(row(number, urgency=number % 3 + 1, minutes=number % 2), b""))
    whole = [one.outcome.call_id for one in await store.follow_ups(TENANT, 10, None)]
    paged: list[str] = []
    after = None
    while page := await store.follow_ups(TENANT, 2, after):
        paged += [one.outcome.call_id for one in page]
        after = place_of(page[-1].outcome)
    assert paged == whole
    assert len(set(paged)) == 7


async def test_a_resolved_follow_up_is_listed_no_more_and_says_who_did_it(store: OutcomeStore) -> None:
    await store.put(OutcomeRow(row(1, urgency=3, minutes=1), b""))
    closed = await store.resolve(CALL_ID, TENANT, "agent/ann", NOON)
    assert closed is not None
    assert closed.outcome.follow_up.state == pb.FOLLOW_UP_STATE_RESOLVED
    assert closed.outcome.follow_up.resolved_by == "agent/ann"
    assert closed.outcome.follow_up.resolved_at.ToDatetime(tzinfo=UTC) == NOON
    assert await store.follow_ups(TENANT, 10, None) == []


async def test_who_resolved_it_first_stays_on_record(store: OutcomeStore) -> None:
    await store.put(OutcomeRow(row(1, urgency=3, minutes=1), b""))
    await store.resolve(CALL_ID, TENANT, "agent/ann", NOON)
    again = await store.resolve(CALL_ID, TENANT, "agent/bob", NOON.replace(hour=13))
    assert again is not None
    assert again.outcome.follow_up.resolved_by == "agent/ann"


async def test_an_outcome_that_is_derived_again_opens_no_follow_up_that_was_resolved(store: OutcomeStore) -> None:
    await store.put(OutcomeRow(row(1, urgency=3, minutes=1), b""))
    await store.resolve(CALL_ID, TENANT, "agent/ann", NOON)
    await store.put(OutcomeRow(row(1, urgency=2, minutes=1), b""))
    kept = await store.get(CALL_ID, TENANT)
    assert kept is not None
    assert kept.outcome.urgency == 2
    assert kept.outcome.follow_up.resolved_by == "agent/ann"
    assert await store.follow_ups(TENANT, 10, None) == []
