"""One stack for all kills, with two workers, and the table that is printed in the end."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from kill_table import KillTable

from cordboard.cli.supervision.stack import Stack, destroy

_TABLE = pytest.StashKey[KillTable]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin with an empty table."""
    config.stash[_TABLE] = KillTable()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table."""
    for line in terminalreporter.config.stash.get(_TABLE, KillTable()).lines():
        terminalreporter.write_line(line)


@pytest.fixture(scope="module")
def table(request: pytest.FixtureRequest) -> KillTable:
    """Where each kill leaves its figures."""
    return request.config.stash.setdefault(_TABLE, KillTable())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Everything, on real servers, with two workers. `CORDBOARD_KILL_HOME` keeps its folder for a look at it."""
    kept = os.environ.get("CORDBOARD_KILL_HOME", "")
    home = Path(kept) if kept else tmp_path_factory.mktemp("kills") / "home"
    # Killed every few seconds, they would be taken for processes that cannot live.
    async with Stack(home, counts={"worker": 2}, steady_seconds=5) as running:
        yield running
    if not kept:
        destroy(home)
