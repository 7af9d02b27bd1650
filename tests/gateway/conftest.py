"""The house that the gateway's tests live in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from gateway_house import House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A gateway on free ports over a ledger and calls in memory."""
    async with open_house(tmp_path / "keys") as opened:
        yield opened
