"""Which waiting call goes to which human agent."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given, settings

from cordboard.core.ids import AgentId, CallId
from cordboard.core.matching import IdleAgent, Reservation, WaitingCall, match, may_take, own_skill, position


def call(name: str, since: int = 0, *skills: str, priority: int = 0, passed: str = "") -> WaitingCall:
    over = frozenset({AgentId(passed)}) if passed else frozenset()
    return WaitingCall(CallId(name), "front-desk", since, frozenset(skills), priority, over)


def agent(name: str, since: int = 0, *skills: str, epoch: int = 0) -> IdleAgent:
    return IdleAgent(AgentId(name), frozenset({"front-desk"}), since, frozenset(skills), epoch)


def pairs(made: tuple[Reservation, ...]) -> list[tuple[str, str]]:
    return [(one.call_id, one.agent_id) for one in made]


def test_the_agent_who_is_idle_longest_takes_the_call() -> None:
    assert pairs(match([call("c")], [agent("late", 9), agent("early", 1)])) == [("c", "early")]


def test_priority_comes_before_waiting_time() -> None:
    calls = [call("first", 1), call("urgent", 5, priority=3), call("second", 2)]
    assert pairs(match(calls, [agent("a"), agent("b", 1)])) == [("urgent", "a"), ("first", "b")]


def test_an_agent_needs_every_skill_and_the_queue() -> None:
    assert match([call("c", 0, "clinical", "spanish")], [agent("a", 0, "clinical")]) == ()
    assert match([call("c", 0, "clinical")], [agent("a", 0, "clinical", "spanish")]) != ()
    other = IdleAgent(AgentId("a"), frozenset({"billing"}), 0)
    assert match([call("c")], [other]) == ()


def test_a_call_for_one_agent_waits_for_that_agent_whatever_they_serve() -> None:
    named = call("c", 0, own_skill("b"), "clinical")
    assert match([named], [agent("a", 0, "clinical", own_skill("x"))]) == ()
    other = IdleAgent(AgentId("b"), frozenset({"billing"}), 0)
    assert pairs(match([named], [agent("a"), other])) == [("c", "b")]


def test_a_call_that_nobody_can_take_does_not_hold_up_the_next() -> None:
    calls = [call("hard", 0, "clinical"), call("easy", 1)]
    assert pairs(match(calls, [agent("a")])) == [("easy", "a")]


def test_an_agent_who_missed_the_call_comes_last_for_it() -> None:
    agents = [agent("missed", 0), agent("fresh", 9)]
    assert pairs(match([call("c", passed="missed")], agents)) == [("c", "fresh")]
    assert pairs(match([call("c", passed="missed")], agents[:1])) == [("c", "missed")]


def test_a_reservation_has_the_agents_next_epoch() -> None:
    (made,) = match([call("c")], [agent("a", epoch=6)])
    assert made.reservation_epoch == 7


def test_a_place_in_a_queue_counts_that_queue_alone() -> None:
    billing = WaitingCall(CallId("other"), "billing", 0)
    calls = [billing, call("one", 1), call("two", 2), call("urgent", 3, priority=1)]
    assert [position(calls, CallId(name)) for name in ("urgent", "one", "two", "other", "gone")] == [1, 2, 3, 1, 0]


skills = st.frozensets(st.sampled_from(["clinical", "spanish"]))
waiting = st.lists(
    st.builds(
        WaitingCall,
        call_id=st.uuids().map(lambda one: CallId(str(one))),
        queue=st.sampled_from(["front-desk", "billing"]),
        waiting_since_us=st.integers(0, 9),
        skills=skills,
        priority=st.integers(0, 2),
    ),
    max_size=8,
)
idle = st.lists(
    st.builds(
        IdleAgent,
        agent_id=st.uuids().map(lambda one: AgentId(str(one))),
        queues=st.frozensets(st.sampled_from(["front-desk", "billing"])),
        idle_since_us=st.integers(0, 9),
        skills=skills,
    ),
    max_size=8,
)


@settings(max_examples=100, deadline=None)
@given(waiting, idle)
def test_reservations_are_lawful_complete_and_independent_of_order(
    calls: list[WaitingCall], agents: list[IdleAgent]
) -> None:
    made = match(calls, agents)
    by_call = {one.call_id: one for one in calls}
    by_agent = {one.agent_id: one for one in agents}
    assert len({one.call_id for one in made}) == len({one.agent_id for one in made}) == len(made)
    assert all(may_take(by_agent[one.agent_id], by_call[one.call_id]) for one in made)
    idle_calls = [one for one in calls if one.call_id not in {each.call_id for each in made}]
    idle_agents = [one for one in agents if one.agent_id not in {each.agent_id for each in made}]
    assert not any(may_take(one, waiting_call) for waiting_call in idle_calls for one in idle_agents)
    assert match(calls[::-1], agents[::-1]) == made
