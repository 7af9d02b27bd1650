"""The control service: engaged once per request, results and releases handed on, limits kept."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from voice_agent_call import MemoryNode

from cordboard.core.errors import ExhaustedError, InvalidError, NotFoundError
from cordboard.verticals.healthcare.profile import profile_json
from cordboard.voice.v1 import voice_agent_service_pb2 as voice
from cordboard.voice_agent.conversation import Engines
from cordboard.voice_agent.engines.synthesizer import ToneSynthesizer
from cordboard.voice_agent.engines.transcriber import ScriptedTranscriber
from cordboard.voice_agent.engines.voice_activity import EnergyDetector
from cordboard.voice_agent.fact_log import MemoryFactLog
from cordboard.voice_agent.phrase_cache import PhraseCache
from cordboard.voice_agent.roster import Roster, Surroundings
from cordboard.voice_agent.servicer import VoiceAgentServicer

NO_CONTEXT: Any = None


class Desk:
    """A servicer whose ports are in memory."""

    def __init__(self) -> None:
        self.nodes: list[MemoryNode] = []
        self.logs: dict[str, MemoryFactLog] = {}
        self.voice = ToneSynthesizer()
        surroundings = Surroundings(
            engines=Engines(ScriptedTranscriber(), PhraseCache(self.voice), EnergyDetector),
            open_port=self._open_port,
            open_log=self._open_log,
            clock_us=lambda: 1,
            new_id=lambda: uuid4().hex,
            today=lambda: date(2026, 3, 2),
        )
        self.roster = Roster(surroundings, capacity=2)
        self.servicer = VoiceAgentServicer(self.roster, {"asr": "scripted"})

    def _open_port(self, request: voice.EngageRequest) -> MemoryNode:
        node = MemoryNode()
        node.attach()
        self.nodes.append(node)
        return node

    def _open_log(self, call_id: str) -> MemoryFactLog:
        return self.logs.setdefault(call_id, MemoryFactLog())

    async def engage(self, request_id: str = "r-1", call_id: str = "call-1", **more: str) -> voice.EngageResponse:
        given = {
            "leg_id": "leg-ai",
            "peer_leg_id": "leg-caller",
            "node_address": "127.0.0.1:1",
            "leg_token": "t",
            "profile": profile_json(),
            **more,
        }
        request = voice.EngageRequest(request_id=request_id, call_id=call_id, ask_consent=True)
        for name, value in given.items():
            setattr(request, name, value)
        return await self.servicer.Engage(request, NO_CONTEXT)

    async def until_empty(self) -> None:
        async with asyncio.timeout(10):
            while self.roster.load:
                await asyncio.sleep(0)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    yield desk
    await desk.roster.close(0)


async def test_engaging_returns_at_once_with_the_engines_versions(desk: Desk) -> None:
    response = await desk.engage()

    assert dict(response.engine_versions) == {"asr": "scripted"}
    assert desk.roster.load == 1


async def test_the_lines_that_come_first_are_prepared(desk: Desk) -> None:
    await desk.engage()
    async with asyncio.timeout(10):
        while "May we record this call?" not in desk.voice.spoken:
            await asyncio.sleep(0)


async def test_an_idle_roster_is_waited_for(desk: Desk) -> None:
    await desk.roster.until_idle()
    await desk.engage()
    waiting = asyncio.create_task(desk.roster.until_idle())
    await asyncio.sleep(0)
    assert not waiting.done()
    await desk.servicer.Release(voice.ReleaseRequest(request_id="r", call_id="call-1", reason="DONE"), NO_CONTEXT)
    async with asyncio.timeout(10):
        await waiting


async def test_a_repeated_request_joins_once(desk: Desk) -> None:
    await desk.engage()
    await desk.engage()

    assert len(desk.nodes) == 1


async def test_a_new_request_for_the_same_call_takes_the_place_of_the_old_one(desk: Desk) -> None:
    await desk.engage("r-1")
    await desk.engage("r-2")

    assert desk.roster.load == 1
    assert len(desk.nodes) == 2
    async with asyncio.timeout(10):
        while not desk.nodes[0].closed:
            await asyncio.sleep(0)
    assert not desk.nodes[1].closed


async def test_a_full_agent_says_so(desk: Desk) -> None:
    await desk.engage("r-1", "call-1")
    await desk.engage("r-2", "call-2")
    with pytest.raises(ExhaustedError, match="AGENT_FULL"):
        await desk.engage("r-3", "call-3")


async def test_a_draining_agent_takes_no_more_calls(desk: Desk) -> None:
    desk.roster.draining = True
    with pytest.raises(ExhaustedError, match="AGENT_FULL"):
        await desk.engage()


@pytest.mark.parametrize(
    ("profile", "reason"),
    [("", "FIELD_MISSING"), ("{", "PROFILE_UNKNOWN"), ("[]", "PROFILE_UNKNOWN"), ('{"name": "x"}', "PROFILE_UNKNOWN")],
)
async def test_a_profile_that_cannot_be_used_is_refused(desk: Desk, profile: str, reason: str) -> None:
    with pytest.raises(InvalidError, match=reason):
        await desk.engage(profile=profile)
    assert desk.roster.load == 0


async def test_a_tool_result_for_a_call_that_is_not_here_is_refused(desk: Desk) -> None:
    request = voice.DeliverToolResultRequest(request_id="r", call_id="other", tool_call_id="t", outcome="ok")
    with pytest.raises(NotFoundError, match="CALL_NOT_FOUND"):
        await desk.servicer.DeliverToolResult(request, NO_CONTEXT)


async def test_a_tool_outcome_that_does_not_exist_is_refused(desk: Desk) -> None:
    await desk.engage()
    request = voice.DeliverToolResultRequest(request_id="r", call_id="call-1", tool_call_id="t", outcome="maybe")
    with pytest.raises(InvalidError, match="OUTCOME_UNKNOWN"):
        await desk.servicer.DeliverToolResult(request, NO_CONTEXT)


async def test_a_line_is_said_once_however_often_it_is_asked_for(desk: Desk) -> None:
    await desk.engage()
    request = voice.SayRequest(request_id="say-1", call_id="call-1", text="Hello.")
    first = await desk.servicer.Say(request, NO_CONTEXT)
    second = await desk.servicer.Say(request, NO_CONTEXT)

    assert first.play_id == second.play_id


async def test_a_released_agent_leaves_and_a_repeat_is_fine(desk: Desk) -> None:
    await desk.engage()
    request = voice.ReleaseRequest(request_id="r", call_id="call-1", reason="DONE")
    await desk.servicer.Release(request, NO_CONTEXT)
    await desk.until_empty()
    await desk.servicer.Release(request, NO_CONTEXT)

    assert desk.nodes[0].released


async def test_a_release_of_another_engagement_leaves_the_agent_where_it_is(desk: Desk) -> None:
    await desk.engage("r-2")
    request = voice.ReleaseRequest(request_id="r", call_id="call-1", reason="REPLACED", engage_request_id="r-1")
    await desk.servicer.Release(request, NO_CONTEXT)
    assert desk.roster.find("call-1", engaged_by="r-2")
    request.engage_request_id = "r-2"
    await desk.servicer.Release(request, NO_CONTEXT)
    await desk.until_empty()


async def test_the_registry_is_told_how_many_more_calls_it_can_take(desk: Desk) -> None:
    assert desk.roster.free == 2
    await desk.engage("r-1", "call-1")
    assert (desk.roster.free, desk.roster.load) == (1, 1)
    await desk.engage("r-2", "call-2")
    assert desk.roster.free == 0
