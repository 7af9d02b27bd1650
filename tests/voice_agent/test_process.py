"""The whole process: starts, greets over a real port with real speech while the ledger is away, and ends when asked."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from jiwer import wer
from voice_agent_node import TOKEN, start_node
from voice_agent_speech import at_16_khz, plain_words

from cordboard.core.errors import ForbiddenError
from cordboard.runtime.grpc_channel import open_channel, translate_errors
from cordboard.runtime.identity import ServiceIdentity, create_keys
from cordboard.verticals.healthcare.profile import profile_json
from cordboard.voice.v1.voice_agent_service_pb2 import EngageRequest, ReleaseRequest
from cordboard.voice.v1.voice_agent_service_pb2_grpc import VoiceAgentServiceStub
from cordboard.voice_agent.engines.moonshine import MoonshineTranscriber

# The engines that all tests share live in the session's loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")

NOBODY = "127.0.0.1:1"


class Agent:
    """A voice agent process under test."""

    def __init__(self, process: asyncio.subprocess.Process, address: str, keys: Path) -> None:
        self.process = process
        self.address = address
        self.keys = keys

    def channel(self, component: str):  # type: ignore[no-untyped-def]
        identity = ServiceIdentity.load(self.keys, component, f"{component}-1")
        return open_channel(self.address, identity, "voice-agent")


@pytest_asyncio.fixture(loop_scope="session")
async def agent(tmp_path: Path) -> AsyncIterator[Agent]:
    keys = tmp_path / "keys"
    create_keys(keys)
    environment = {
        **os.environ,
        "CORDBOARD_HOME": str(tmp_path),
        "CORDBOARD_INSTANCE": "voice-agent-1",
        "CORDBOARD_KEYS_DIR": str(keys),
        "CORDBOARD_LEDGER": NOBODY,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cordboard.voice_agent", env=environment, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            ready = json.loads(await process.stdout.readline())
        assert ready["ready"]
        yield Agent(process, ready["grpc"], keys)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def engagement(node_address: str) -> EngageRequest:
    return EngageRequest(
        request_id="r-1",
        call_id="0190a0a0-0000-7000-8000-000000000001",
        tenant="lakeside",
        leg_id="leg-ai",
        peer_leg_id="leg-caller",
        node_address=node_address,
        leg_token=TOKEN,
        profile=profile_json(),
        ask_consent=True,
    )


async def test_the_process_greets_with_real_speech_while_the_ledger_is_away_and_ends_when_asked(
    agent: Agent, moonshine: MoonshineTranscriber
) -> None:
    server, node, node_address = await start_node(agent.keys)
    async with agent.channel("worker") as channel:
        stub = VoiceAgentServiceStub(channel)
        engaged = await stub.Engage(engagement(node_address), timeout=5)
        assert set(engaged.engine_versions) == {"asr", "tts", "vad"}
        speech = b""
        while True:
            message = await node.next()
            speech += message.speech.pcm
            if message.speech.last:
                break
        heard = await moonshine.transcribe(at_16_khz(speech))
        words = "lakeside clinic this is robin may we record this call"
        assert wer(words, " ".join(plain_words(heard.text))) <= 0.25

        release = ReleaseRequest(request_id="r-2", call_id=engagement("").call_id, reason="DONE")
        await stub.Release(release, timeout=5)
        async with asyncio.timeout(10):
            assert await node.ended == "RELEASED"
    agent.process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(20):
        assert await agent.process.wait() == 0
    await server.stop(0)


async def test_only_workers_may_engage_the_agent(agent: Agent) -> None:
    async with agent.channel("media-node") as channel:
        with pytest.raises(ForbiddenError, match="CALLER_NOT_ALLOWED"):
            async with translate_errors():
                await VoiceAgentServiceStub(channel).Engage(engagement(NOBODY), timeout=5)
