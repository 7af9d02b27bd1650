"""The servers and the house that the tests of calls live in."""

from collections.abc import AsyncIterator

import pytest
from temporal import House, open_house, real_time, skipping_time
from temporalio.testing import WorkflowEnvironment


@pytest.fixture
async def time_skipping_server() -> AsyncIterator[WorkflowEnvironment]:
    """A server that skips time, for one test: it skips no more once a call has ended while an activity of it ran.

    https://github.com/temporalio/sdk-java/issues/1138
    """
    async with skipping_time() as environment:
        yield environment


@pytest.fixture(scope="session")
async def real_time_server() -> AsyncIterator[WorkflowEnvironment]:
    """One development server, for all tests."""
    async with real_time() as environment:
        yield environment


@pytest.fixture
async def house(real_time_server: WorkflowEnvironment) -> AsyncIterator[House]:
    """A worker and a relay in real time."""
    async with open_house(real_time_server) as opened:
        yield opened


@pytest.fixture
async def patient_house(time_skipping_server: WorkflowEnvironment) -> AsyncIterator[House]:
    """A worker and a relay on the server that skips time."""
    async with open_house(time_skipping_server) as opened:
        yield opened
