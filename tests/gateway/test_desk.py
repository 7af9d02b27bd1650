"""The agent's desk over WebSocket: what it is told, what it may ask for, what its absence means."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from desk_story import MARIA, TALK, DeskStory
from event_client import WAIT, EventClient, listening, type_of
from gateway_house import QUICK, House, open_house

from cordboard.call.v1.agent_facts_pb2 import (
    AGENT_STATE_BUSY,
    AGENT_STATE_NOT_READY,
    AGENT_STATE_READY,
    AGENT_STATE_RESERVED,
    AGENT_STATE_WRAP_UP,
    AgentStateChanged,
)
from cordboard.call.v1.decisions_pb2 import AgentMissed, CallQueued, WrapUpStarted
from cordboard.call.v1.facts_pb2 import AgentAnsweredOffer
from cordboard.core.errors import WrongStateError
from cordboard.core.event_message import unpack
from cordboard.gateway.memory_call_control import CALLER_LEG
from cordboard.runtime.ledger_client import agent_stream, call_stream


@pytest.fixture
def story(house: House) -> DeskStory:
    return DeskStory(house)


@asynccontextmanager
async def desk(house: House, agent_id: str = MARIA, after: int | None = None) -> AsyncIterator[EventClient]:
    token = house.issuer.mint(
        role="agent", tenant="clinic", subject=agent_id, scopes=["calls:read"], skills=["spanish", "clinical"]
    )
    async with listening(house, "/v1/desk", token, after=after) as client:
        yield client


async def words_of(house: House, agent_id: str = MARIA) -> list[AgentStateChanged]:
    """All that desks said about an agent."""
    read = house.ledger.read(agent_stream("clinic", agent_id))
    facts = [unpack(event) async for event in read if event.event.source.startswith("gateway/")]
    return [fact for fact in facts if isinstance(fact, AgentStateChanged)]


async def until_said(house: House, count: int) -> list[AgentStateChanged]:
    """Wait until desks have said so many things about the agent."""
    async with asyncio.timeout(WAIT):
        async for _ in house.ledger.subscribe(stream=agent_stream("clinic", MARIA)):
            said = await words_of(house)
            if len(said) >= count:
                return said
    raise AssertionError


async def test_a_first_desk_is_not_ready_and_says_what_its_agent_can_do(house: House) -> None:
    async with desk(house) as client:
        hello = await client.hello()
        assert (hello["agent_id"], hello["state"], hello["wanted"]) == (MARIA, "NOT_READY", "NOT_READY")
        signed_in = await client.event("AgentStateChanged")
        said = signed_in["event"]["event"]["event"]
        assert said["skills"] == ["clinical", "spanish"]
        assert (said["state"], said["reason"]) == ("AGENT_STATE_NOT_READY", "SIGNED_IN")
        assert said["sessionId"] == hello["session_id"]
        assert signed_in["event"]["event"]["actor"] == "agent/maria"


async def test_ready_goes_on_the_log_and_comes_back_as_an_event(house: House) -> None:
    async with desk(house) as client:
        await client.event("AgentStateChanged")
        assert (await client.command("set_state", state="READY"))["ok"]
        assert (await client.command("set_state", state="NOT_READY", reason="LUNCH"))["ok"]
        while len(client.events) < 3:
            await client.frame()
    states = [(word.state, word.reason) for word in await words_of(house)]
    assert states[1:3] == [(AGENT_STATE_READY, ""), (AGENT_STATE_NOT_READY, "LUNCH")]
    assert client.names() == ["AgentStateChanged"] * 3


async def test_an_alert_brings_the_call_with_its_history_opened(house: House, story: DeskStory) -> None:
    call_id = await story.waiting_call()
    async with desk(house) as client:
        await client.event("AgentStateChanged")
        await story.state(AGENT_STATE_RESERVED, call_id=call_id)
        await story.ring(call_id)
        alert = await client.event("AgentAlerted")
    history = alert["history"]
    assert [type_of(event) for event in history][:3] == ["CallOffered", "CallAnswered", "LegAdded"]
    texts = [event["event"]["event"].get("text") for event in history if "Heard" in type_of(event)]
    assert texts == [text for _, text in TALK]
    released = next(event for event in history if type_of(event) == "AiReleased")
    assert "lisinopril" in released["event"]["event"]["summary"]
    assert all(int(event["position"]) < alert["cursor"] for event in history)
    assert "ReplyPlanned" not in {type_of(event) for event in history}


async def test_a_desk_sees_no_other_agents_calls_and_no_call_that_is_no_longer_its_own(
    house: House, story: DeskStory
) -> None:
    first, second = await story.waiting_call(), await story.waiting_call()
    async with desk(house) as client:
        await client.event("AgentStateChanged")
        await story.ring(second, agent_id="jon")
        await story.say(second, "caller", "not for you")
        await story.ring(first)
        await story.decide(first, AgentMissed(agent_id=MARIA, reason="NO_ANSWER"))
        await story.say(first, "caller", "not for you any more")
        await story.ring(first, epoch=2)
        await story.decide(first, CallQueued(queue="nurses"))
        await story.state(AGENT_STATE_NOT_READY, reason="NO_ANSWER")
        await client.event("CallQueued")
        await client.event("AgentStateChanged")
    assert client.names() == [
        "AgentStateChanged",
        "AgentAlerted",
        "AgentMissed",
        "AgentAlerted",
        "CallQueued",
        "AgentStateChanged",
    ]
    again = client.events[3]["history"]
    assert again[-1]["event"]["event"]["text"] == "not for you any more"


async def test_a_desk_that_comes_back_gets_exactly_what_it_missed(house: House, story: DeskStory) -> None:
    call_id = await story.waiting_call()
    async with desk(house) as first:
        await first.event("AgentStateChanged")
        await story.state(AGENT_STATE_RESERVED, call_id=call_id)
        await story.ring(call_id)
        cursor = (await first.event("AgentAlerted"))["cursor"]
        await story.connect(call_id)
        await story.state(AGENT_STATE_BUSY, call_id=call_id)
        cursor = (await first.event("AgentConnected"))["cursor"]
    await story.say(call_id, "caller", "Are you still there?")
    await story.decide(call_id, WrapUpStarted(reason="CALLER_HUNG_UP"))
    async with desk(house, after=cursor) as second:
        hello = await second.hello()
        assert (hello["cursor"], "history" in hello) == (cursor, False)
        await second.event("WrapUpStarted")
        await story.state(AGENT_STATE_WRAP_UP, call_id=call_id)
        await second.event("AgentStateChanged")
    places = first.places() + second.places()
    assert len(set(places)) == len(places)
    missed = [frame for frame in second.events if type_of(frame["event"]) == "UtteranceHeard"]
    assert missed[0]["event"]["event"]["event"]["text"] == "Are you still there?"
    assert [frame["cursor"] for frame in second.events] == sorted(frame["cursor"] for frame in second.events)


async def test_a_desk_that_comes_and_goes_while_much_is_said_hears_each_word_once(
    house: House, story: DeskStory
) -> None:
    call_id = await story.waiting_call()
    await story.state(AGENT_STATE_RESERVED, call_id=call_id)
    await story.ring(call_id)
    await story.connect(call_id)
    await story.state(AGENT_STATE_BUSY, call_id=call_id)
    words = [f"word {number}" for number in range(300)]

    async def talk() -> None:
        for number, word in enumerate(words):
            await story.say(call_id, "caller", word)
            if number % 7 == 0:
                await story.state(AGENT_STATE_BUSY, call_id=call_id)
            # About as long as it takes a desk to come back.
            await asyncio.sleep(0.005)

    async with desk(house) as client:
        cursor = (await client.hello())["cursor"]
    talking = asyncio.create_task(talk())
    heard: list[str] = []
    places: list[tuple[str, int]] = []
    for visit in range(1000):
        async with desk(house, after=cursor) as client:
            for _ in range(1 + visit % 40):
                if len(heard) >= len(words):
                    break
                frame = await client.frame()
                cursor = frame["cursor"]
                if frame["type"] == "event" and type_of(frame["event"]) == "UtteranceHeard":
                    heard.append(frame["event"]["event"]["event"]["text"])
        places += client.places()
        if len(heard) >= len(words):
            break
    await talking
    assert heard == words
    assert len(set(places)) == len(places)


async def test_an_alert_that_a_desk_missed_comes_with_its_history(house: House, story: DeskStory) -> None:
    call_id = await story.waiting_call()
    async with desk(house) as first:
        cursor = (await first.event("AgentStateChanged"))["cursor"]
    await story.state(AGENT_STATE_RESERVED, call_id=call_id)
    await story.ring(call_id)
    async with desk(house, after=cursor) as second:
        alert = await second.event("AgentAlerted")
        assert any(type_of(event) == "UtteranceHeard" for event in alert["history"])


async def test_an_alert_before_routings_word_is_not_lost_on_a_desk_that_comes_in_between(
    house: House, story: DeskStory
) -> None:
    call_id = await story.waiting_call()
    await story.ring(call_id)
    async with desk(house) as client:
        await client.event("AgentStateChanged")
        await story.state(AGENT_STATE_RESERVED, call_id=call_id)
        told = await client.event("AgentStateChanged")
        assert type_of(told["history"][-1]) == "AgentAlerted"
        assert (await client.command("answer_offer", call_id=call_id, reservation_epoch=1, accepted=True))["ok"]


async def test_a_reloaded_page_has_its_call_again(house: House, story: DeskStory) -> None:
    call_id = await story.waiting_call()
    await story.state(AGENT_STATE_RESERVED, call_id=call_id)
    await story.ring(call_id)
    await story.connect(call_id)
    await story.state(AGENT_STATE_BUSY, call_id=call_id)
    async with desk(house) as client:
        hello = await client.hello()
        assert hello["state"] == "BUSY"
        assert type_of(hello["history"][-1]) == "AgentConnected"
        await story.say(call_id, "caller", "Hello?")
        assert (await client.event("UtteranceHeard"))["event"]["event"]["event"]["text"] == "Hello?"


async def test_answering_an_offer_is_a_fact_on_the_calls_stream(house: House, story: DeskStory) -> None:
    call_id = await story.waiting_call()
    async with desk(house) as client:
        await client.hello()
        await story.ring(call_id, epoch=7)
        await client.event("AgentAlerted")
        stale = await client.command("answer_offer", call_id=call_id, reservation_epoch=6, accepted=True)
        assert (stale["ok"], stale["reason"]) == (False, "OFFER_OVER")
        assert (await client.command("answer_offer", call_id=call_id, reservation_epoch="7", accepted=True))["ok"]
    answers = [unpack(event) async for event in house.ledger.read(call_stream(call_id))]
    assert [fact for fact in answers if isinstance(fact, AgentAnsweredOffer)] == [
        AgentAnsweredOffer(agent_id=MARIA, reservation_epoch=7, accepted=True)
    ]


async def test_only_the_agent_who_is_rung_answers(house: House, story: DeskStory) -> None:
    call_id = await story.waiting_call()
    async with desk(house, agent_id="jon") as client:
        await client.hello()
        await story.ring(call_id)
        refused = await client.command("answer_offer", call_id=call_id, reservation_epoch=1, accepted=True)
        assert refused["reason"] == "CALL_NOT_FOUND"


async def test_only_the_agent_on_the_call_steers_it(house: House, story: DeskStory) -> None:
    call_id = await story.waiting_call()
    token = house.token("agent", (), subject=MARIA)
    async with desk(house) as client:
        await client.hello()
        await story.ring(call_id)
        await client.event("AgentAlerted")
        early = await client.command("hold", call_id=call_id, leg_id=CALLER_LEG)
        assert early["reason"] == "NOT_ON_CALL"
        await house.post(f"/v1/calls/{call_id}/legs", token, Idempotency_Key="0192aaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa")
        await story.connect(call_id)
        await client.event("AgentConnected")
        before = house.control.changes
        assert (await client.command("hold", call_id=call_id, leg_id=CALLER_LEG))["ok"]
        assert (await client.command("retrieve", call_id=call_id, leg_id=CALLER_LEG))["ok"]
        assert (await client.command("hold", call_id=call_id, leg_id="leg-77"))["reason"] == "LEG_NOT_FOUND"
        house.control.refusal = WrongStateError("WRONG_PHASE", "not now")
        refused = await client.command("hold", call_id=call_id, leg_id=CALLER_LEG)
        assert (refused["reason"], refused["message"]) == ("WRONG_PHASE", "not now")
        house.control.refusal = None
        house.control.away = True
        assert (await client.command("hang_up", call_id=call_id))["reason"] == "TEMPORAL_AWAY"
        house.control.away = False
        assert (await client.command("hang_up", call_id=call_id))["ok"]
        assert house.control.changes == before + 3


async def test_the_record_away_refuses_words_but_not_the_steering_of_a_call(house: House, story: DeskStory) -> None:
    call_id = await story.waiting_call()
    async with desk(house) as client:
        await client.hello()
        await story.ring(call_id)
        await story.connect(call_id)
        await client.event("AgentConnected")
        house.ledger.away = True
        assert (await client.command("set_state", state="READY"))["reason"] == "LEDGER_AWAY"
        assert (await client.command("hold", call_id=call_id, leg_id=CALLER_LEG))["ok"]
        house.ledger.away = False


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ("nonsense", "COMMAND_INVALID"),
        ("[]", "COMMAND_INVALID"),
        ('{"command": "set_state"}', "REQUEST_ID_MISSING"),
        ('{"command": "set_state", "id": "x"}', "REQUEST_ID_INVALID"),
        ('{"command": "set_state", "id": 5}', "REQUEST_ID_INVALID"),
        ('{"command": "dance", "id": "0192aaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa"}', "COMMAND_UNKNOWN"),
        ('{"command": "set_state", "id": "0192aaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa", "state": "BUSY"}', "STATE_INVALID"),
        ('{"command": "hold", "id": "0192aaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa", "call_id": 7}', "COMMAND_INVALID"),
    ],
)
async def test_a_bad_command_is_refused_and_the_desk_stays(house: House, frame: str, reason: str) -> None:
    async with desk(house) as client:
        await client.event("AgentStateChanged")
        said = await words_of(house)
        await client.socket.send_str(frame)
        assert (await client.frame())["reason"] == reason
        assert (await words_of(house), house.control.changes) == (said, 0)
        assert (await client.command("set_state", state="READY"))["ok"]


async def test_a_frame_that_is_too_large_closes_the_desk(house: House) -> None:
    async with desk(house) as client:
        await client.hello()
        await client.socket.send_str("x" * 20_000)
        assert (await client.closed())[0] == 1009


@pytest.mark.parametrize(
    ("claims", "code", "reason"),
    [
        ({"role": "app", "scopes": ["calls:read"]}, 4403, "ROLE_FORBIDDEN"),
        ({"role": "caller", "scopes": ["calls:start"]}, 4403, "ROLE_FORBIDDEN"),
        ({"role": "agent", "tenant": ""}, 4403, "TENANT_MISMATCH"),
    ],
)
async def test_only_an_agent_has_a_desk(house: House, claims: dict[str, Any], code: int, reason: str) -> None:
    token = house.issuer.mint(**{"tenant": "clinic", **claims})
    async with listening(house, "/v1/desk", token) as client:
        assert await client.closed() == (code, reason)


async def test_an_agent_has_so_many_desks_and_a_gateway_so_many_sockets(tmp_path: Path) -> None:
    doors = replace(QUICK, events=replace(QUICK.events, desks_of_one_agent=1, sockets=2))
    async with open_house(tmp_path / "keys", doors) as house, desk(house) as first:
        await first.hello()
        async with desk(house) as second:
            assert await second.closed() == (4408, "TOO_MANY_SOCKETS")
        async with desk(house, "jo") as other:
            await other.hello()
            async with desk(house, "ann") as third:
                assert await third.closed() == (1013, "TOO_MANY_SOCKETS")


async def test_a_desk_that_stays_away_makes_its_agent_not_ready(tmp_path: Path) -> None:
    doors = replace(QUICK, events=replace(QUICK.events, lost_after_seconds=0.3))
    async with open_house(tmp_path / "keys", doors) as house:
        await _stay_away(house)


async def _stay_away(house: House) -> None:
    async with desk(house) as client:
        hello = await client.hello()
        await client.command("set_state", state="READY")
    lost = (await until_said(house, 3))[2]
    assert (lost.state, lost.reason, lost.session_id) == (
        AGENT_STATE_NOT_READY,
        "SESSION_LOST",
        hello["session_id"],
    )
    async with desk(house) as client:
        hello = await client.hello()
        assert (hello["state"], hello["reason"]) == ("NOT_READY", "SESSION_LOST")


async def _until_nobody_is_missed(house: House) -> None:
    """Wait until the gateway has made up its mind about every desk that went away."""
    async with asyncio.timeout(WAIT):
        while house.gateway._desks._leaving:
            await asyncio.sleep(0.05)


async def test_a_desk_that_comes_back_in_time_stays_ready_under_a_new_session(house: House) -> None:
    async with desk(house) as client:
        await client.hello()
        await client.command("set_state", state="READY")
    async with desk(house) as client:
        await client.hello()
        said = await until_said(house, 3)
        await _until_nobody_is_missed(house)
        assert [word.state for word in said] == [AGENT_STATE_NOT_READY, AGENT_STATE_READY, AGENT_STATE_READY]
        assert said[2].session_id not in ("", said[1].session_id)
        assert len(await words_of(house)) == 3


async def test_a_desk_that_comes_back_at_another_gateway_stays_ready(house: House) -> None:
    other = house.another(house.doors)
    await other.start()
    try:
        async with desk(house) as client:
            await client.command("set_state", state="READY")
        first, house.gateway = house.gateway, other
        async with desk(house) as client:
            await client.hello()
            house.gateway = first
            await _until_nobody_is_missed(house)
            assert "SESSION_LOST" not in {word.reason for word in await words_of(house)}
    finally:
        await other.stop()


async def test_a_gateway_that_stops_loses_no_agent(house: House) -> None:
    async with desk(house) as client:
        await client.command("set_state", state="READY")
        restarting = asyncio.create_task(house.restart())
        assert (await client.closed())[0] == 1001
        await restarting
    async with desk(house) as client:
        assert (await client.hello())["state"] == "READY"


async def test_coming_back_does_not_end_a_wrap_up(house: House, story: DeskStory) -> None:
    async with desk(house) as client:
        hello = await client.hello()
        await client.command("set_state", state="READY")
    await story.state(AGENT_STATE_WRAP_UP, call_id=await house.started())
    async with desk(house) as again:
        assert (await again.hello())["session_id"] == hello["session_id"]
    assert len(await words_of(house)) == 2


async def test_routings_no_answer_is_not_undone_by_coming_back(house: House, story: DeskStory) -> None:
    async with desk(house) as client:
        cursor = (await client.event("AgentStateChanged"))["cursor"]
        await client.command("set_state", state="READY")
    await story.state(AGENT_STATE_NOT_READY, reason="NO_ANSWER")
    async with desk(house, after=cursor) as client:
        assert (await client.hello())["state"] == "NOT_READY"
        said = await until_said(house, 3)
        assert (said[2].state, said[2].reason) == (AGENT_STATE_NOT_READY, "NO_ANSWER")
