"""What the voice agent's tests share: the real engines are started once."""

from collections.abc import AsyncIterator

import pytest_asyncio

from cordboard.voice_agent.engines.hibari import HibariSynthesizer
from cordboard.voice_agent.engines.moonshine import MoonshineTranscriber


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def moonshine() -> AsyncIterator[MoonshineTranscriber]:
    engine = MoonshineTranscriber()
    await engine.start()
    yield engine
    await engine.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def hibari() -> AsyncIterator[HibariSynthesizer]:
    engine = HibariSynthesizer()
    await engine.start()
    yield engine
    await engine.stop()
