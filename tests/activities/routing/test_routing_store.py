"""What the routing store promises, whatever its tables are."""

from datetime import timedelta

import pytest
from routing_house import QUEUE, RoutingHouse, calls_told, key, pairs, states, wait

from cordboard.activities.routing.queue_entry import EntryState
from cordboard.activities.routing.reservation import Reservation
from cordboard.activities.routing.routing_store import Lead
from cordboard.call.v1.agent_facts_pb2 import (
    AGENT_STATE_BUSY,
    AGENT_STATE_NOT_READY,
    AGENT_STATE_READY,
    AGENT_STATE_RESERVED,
    AGENT_STATE_WRAP_UP,
)
from cordboard.core.errors import InvalidError, WrongStateError


async def reserved(house: RoutingHouse, lead: Lead, agent: str = "ann", call: str = "c1") -> Reservation:
    """Have an agent set aside for a call, with everybody told."""
    await house.ready(agent)
    await house.enqueue(call)
    [made] = await house.match(lead)
    await lead.settle(await lead.notices())
    return made


async def test_a_ready_agent_is_set_aside_for_a_waiting_call(house: RoutingHouse) -> None:
    async with house.store.lead() as lead:
        await house.ready("ann")
        await house.enqueue("c1")
        [made] = await house.match(lead)
        assert (made.call_id, made.agent.agent_id, made.epoch) == ("c1", "ann", 1)
        assert (await house.agent("ann")).state == AGENT_STATE_RESERVED
        assert states(await lead.notices()) == [("ann", "READY"), ("ann", "RESERVED")]
        assert calls_told(await lead.notices()) == [("c1", "RESERVED")]
        assert await house.match(lead) == []


async def test_an_agent_needs_every_skill_that_the_call_asks_for(house: RoutingHouse) -> None:
    async with house.store.lead() as lead:
        await house.ready("ann", "clinical")
        await house.ready("bob", "clinical", "spanish", "billing")
        await house.enqueue("c1", "clinical", "spanish")
        assert pairs(await house.match(lead)) == {"c1": "bob"}


async def test_the_agent_who_has_been_idle_longest_is_next(house: RoutingHouse) -> None:
    async with house.store.lead() as lead:
        for agent in ("cid", "ann", "bob"):
            await house.ready(agent)
            house.clock.advance(1)
        await house.ready("cid")
        for call in ("c1", "c2", "c3"):
            await house.enqueue(call)
            house.clock.advance(1)
        assert pairs(await house.match(lead)) == {"c1": "cid", "c2": "ann", "c3": "bob"}


async def test_a_call_of_higher_priority_is_served_before_one_that_waits_longer(house: RoutingHouse) -> None:
    async with house.store.lead() as lead:
        await house.enqueue("old")
        house.clock.advance(60)
        await house.enqueue("urgent", priority=2)
        await house.ready("ann")
        assert pairs(await house.match(lead)) == {"urgent": "ann"}


async def test_asking_for_more_while_waiting_keeps_the_time_that_was_waited(house: RoutingHouse) -> None:
    async with house.store.lead() as lead:
        await house.enqueue("c1", "rare")
        house.clock.advance(30)
        await house.enqueue("c2")
        await house.enqueue("c1", ordinal=2)
        await house.ready("ann")
        assert pairs(await house.match(lead)) == {"c1": "ann"}


async def test_an_agent_serves_only_calls_of_the_own_tenant_and_queues(house: RoutingHouse) -> None:
    async with house.store.lead() as lead:
        await house.ready("ann", tenant="other")
        await house.ready("bob", queues=frozenset({"billing"}))
        await house.enqueue("c1")
        assert await house.match(lead) == []
        await house.ready("bob", queues=frozenset({"billing", QUEUE}))
        assert pairs(await house.match(lead)) == {"c1": "bob"}


async def test_a_confirmed_agent_is_busy_and_a_repeat_changes_nothing(house: RoutingHouse) -> None:
    async with house.store.lead() as lead:
        made = await reserved(house, lead)
        for _ in range(2):
            await house.store.confirm(key(made))
        assert (await house.agent("ann")).state == AGENT_STATE_BUSY
        assert (await house.entry("c1")).state == EntryState.TAKEN
        assert states(await lead.notices()) == [("ann", "BUSY")]


async def test_a_stale_confirmation_is_refused(house: RoutingHouse) -> None:
    async with house.store.lead() as lead:
        first = await reserved(house, lead)
        await house.store.release(key(first), AGENT_STATE_NOT_READY, "NO_ANSWER")
        await house.ready("ann")
        [second] = await house.match(lead)
        assert second.epoch == 2
        with pytest.raises(WrongStateError, match="STALE_EPOCH"):
            await house.store.confirm(key(first))
        await house.store.release(key(first), AGENT_STATE_WRAP_UP, "")
        assert (await house.agent("ann")).state == AGENT_STATE_RESERVED
        await house.store.confirm(key(second))


async def test_a_confirmation_by_another_call_is_refused(house: RoutingHouse) -> None:
    async with house.store.lead() as lead:
        made = await reserved(house, lead)
        theirs = key(made).__class__(made.agent, made.epoch, "c2")
        with pytest.raises(WrongStateError, match="STALE_EPOCH"):
            await house.store.confirm(theirs)
        await house.store.release(theirs, AGENT_STATE_READY, "")
        assert (await house.agent("ann")).state == AGENT_STATE_RESERVED


async def test_an_agent_who_does_not_answer_is_not_ready_and_the_call_goes_to_another(house: RoutingHouse) -> None:
    async with house.store.lead() as lead:
        made = await reserved(house, lead)
        house.clock.advance(24)
        assert await lead.expire() == 0
        house.clock.advance(1)
        await house.ready("bob")
        assert pairs(await house.match(lead)) == {"c1": "bob"}
        agent = await house.agent("ann")
        assert (agent.state, agent.reason) == (AGENT_STATE_NOT_READY, "NO_ANSWER")
        assert ("c1", "WITHDRAWN") in calls_told(await lead.notices())
        with pytest.raises(WrongStateError):
            await house.store.confirm(key(made))


async def test_a_call_that_was_declined_waits_again_and_those_who_declined_come_last(house: RoutingHouse) -> None:
    async with house.store.lead() as lead:
        made = await reserved(house, lead)
        await house.store.release(key(made), AGENT_STATE_READY, "DECLINED")
        house.clock.advance(1)
        await house.ready("bob")
        assert pairs(await house.match(lead)) == {"c1": "bob"}


async def test_a_caller_who_hangs_up_while_the_agent_is_rung_frees_the_agent_in_turn(house: RoutingHouse) -> None:
    async with house.store.lead() as lead:
        await reserved(house, lead)
        idle_since = (await house.agent("ann")).idle_since
        house.clock.advance(5)
        await house.store.cancel(wait("c1"))
        agent = await house.agent("ann")
        assert (agent.state, agent.idle_since) == (AGENT_STATE_READY, idle_since)
        assert states(await lead.notices()) == [("ann", "READY")]
        assert await house.match(lead) == []


async def test_a_call_that_is_cancelled_before_it_is_told_rings_nobody(house: RoutingHouse) -> None:
    async with house.store.lead() as lead:
        await house.ready("ann")
        await house.enqueue("c1")
        await house.match(lead)
        await house.store.cancel(wait("c1"))
        assert calls_told(await lead.notices()) == []


async def test_late_and_overtaking_requests_of_a_wait_change_nothing(house: RoutingHouse) -> None:
    async with house.store.lead() as lead:
        await house.store.cancel(wait("c1", ordinal=3))
        await house.enqueue("c1", ordinal=3)
        await house.ready("ann")
        assert await house.match(lead) == []
        await house.enqueue("c1", ordinal=4)
        await house.store.cancel(wait("c1", ordinal=3))
        [made] = await house.match(lead)
        await house.store.confirm(key(made))
        await house.enqueue("c1", ordinal=4)
        await house.ready("bob")
        assert await house.match(lead) == []


async def test_an_agent_is_rung_again_when_wrap_up_has_lasted_long_enough(house: RoutingHouse) -> None:
    async with house.store.lead() as lead:
        made = await reserved(house, lead)
        await house.store.confirm(key(made))
        await house.store.release(key(made), AGENT_STATE_WRAP_UP, "")
        assert (await house.agent("ann")).state == AGENT_STATE_WRAP_UP
        house.clock.advance(119)
        assert await lead.expire() == 0
        house.clock.advance(1)
        assert await lead.expire() == 1
        assert (await house.agent("ann")).state == AGENT_STATE_READY
        assert states(await lead.notices()) == [("ann", "BUSY"), ("ann", "WRAP_UP"), ("ann", "READY")]


async def test_a_break_that_was_asked_for_during_a_call_begins_after_it(house: RoutingHouse) -> None:
    async with house.store.lead() as lead:
        made = await reserved(house, lead)
        await house.store.confirm(key(made))
        await house.not_ready("ann", "LUNCH")
        assert (await house.agent("ann")).state == AGENT_STATE_BUSY
        await house.store.release(key(made), AGENT_STATE_READY, "")
        agent = await house.agent("ann")
        assert (agent.state, agent.reason) == (AGENT_STATE_NOT_READY, "LUNCH")
        assert states(await lead.notices()) == [("ann", "BUSY"), ("ann", "BUSY"), ("ann", "NOT_READY")]


async def test_an_agent_whose_desk_is_lost_while_being_rung_is_withdrawn(house: RoutingHouse) -> None:
    async with house.store.lead() as lead:
        await reserved(house, lead)
        await house.not_ready("ann", "SESSION_LOST")
        assert (await house.agent("ann")).state == AGENT_STATE_NOT_READY
        assert calls_told(await lead.notices()) == [("c1", "WITHDRAWN")]
        await house.ready("bob")
        assert pairs(await house.match(lead)) == {"c1": "bob"}


async def test_the_loss_of_an_older_session_takes_nobody_away(house: RoutingHouse) -> None:
    async with house.store.lead() as lead:
        await house.ready("ann", session_id="tab-1")
        await house.ready("ann", session_id="tab-2")
        await house.not_ready("ann", "SESSION_LOST", session_id="tab-1")
        assert (await house.agent("ann")).state == AGENT_STATE_READY
        assert states(await lead.notices()) == [("ann", "READY")] * 3


async def test_every_word_is_answered_with_the_state_that_holds(house: RoutingHouse) -> None:
    async with house.store.lead() as lead:
        await reserved(house, lead)
        await house.store.cancel(wait("c1"))
        await house.not_ready("ann")
        # The desk may have spoken before READY reached the log: what comes last there must not be READY.
        assert states(await lead.notices()) == [("ann", "READY"), ("ann", "NOT_READY")]
        await lead.settle(await lead.notices())
        await house.not_ready("ann", seq=house.words)
        assert await lead.notices() == []


async def test_a_word_that_comes_again_or_late_changes_nothing(house: RoutingHouse) -> None:
    await house.ready("ann", seq=7)
    await house.not_ready("ann", seq=9)
    await house.ready("ann", seq=8)
    await house.ready("ann", seq=9)
    assert (await house.agent("ann")).state == AGENT_STATE_NOT_READY


async def test_a_call_that_ends_frees_whoever_it_holds(house: RoutingHouse) -> None:
    async with house.store.lead() as lead:
        made = await reserved(house, lead, "ann", "c1")
        await house.store.confirm(key(made))
        await house.enqueue("c1", ordinal=2)
        await house.ready("bob")
        [_] = await house.match(lead)
        await house.store.end_call("acme", "c1")
        await house.store.end_call("acme", "c1")
        await house.store.end_call("acme", "unknown")
        assert (await house.agent("ann")).state == AGENT_STATE_WRAP_UP
        assert (await house.agent("bob")).state == AGENT_STATE_READY
        await house.enqueue("c1", ordinal=3)
        assert await house.match(lead) == []


async def test_an_agent_is_not_in_a_call_for_longer_than_any_call_lives(house: RoutingHouse) -> None:
    async with house.store.lead() as lead:
        made = await reserved(house, lead)
        await house.store.confirm(key(made))
        house.clock.advance(4 * 3600)
        assert await lead.expire() == 1
        agent = await house.agent("ann")
        assert (agent.state, agent.reason) == (AGENT_STATE_NOT_READY, "CALL_LOST")


async def test_a_call_leaves_its_agent_in_no_other_state_than_it_may(house: RoutingHouse) -> None:
    async with house.store.lead() as lead:
        made = await reserved(house, lead)
        with pytest.raises(InvalidError, match="FIELD_INVALID"):
            await house.store.release(key(made), AGENT_STATE_BUSY, "")


async def test_what_has_been_over_for_a_day_is_forgotten(house: RoutingHouse) -> None:
    async with house.store.lead() as lead:
        made = await reserved(house, lead)
        await house.store.confirm(key(made))
        await house.store.release(key(made), AGENT_STATE_READY, "")
        house.clock.advance(23 * 3600)
        await lead.tidy()
        assert (await house.entry("c1")).state == EntryState.TAKEN
        house.clock.advance(2 * 3600)
        await lead.tidy()
        with pytest.raises(KeyError):
            await house.entry("c1")


async def test_a_call_that_waited_elsewhere_before_comes_in_its_turn(house: RoutingHouse) -> None:
    async with house.store.lead() as lead:
        await house.enqueue("c1")
        house.clock.advance(60)
        await house.enqueue("c2", since=house.clock.now - timedelta(seconds=90))
        await house.enqueue("c3", since=house.clock.now + timedelta(seconds=90))
        await house.ready("ann")
        [made] = await house.match(lead)
        assert made.call_id == "c2"
        for agent in ("bob", "cid"):
            await house.ready(agent)
        assert [one.call_id for one in await house.match(lead)] == ["c1", "c3"]
