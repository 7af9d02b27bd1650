"""What all tests share."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
REAL_TIME = (HERE / "e2e", HERE / "reliability", HERE / "web", HERE / "media_node" / "test_chromium.py")
"""Tests that hear real speech or look at a real browser: the clock on the wall is part of what they try."""

SIDE_BY_SIDE = (
    *(HERE / name for name in ("core", "house", "runtime", "audit_log", "gateway", "workflows", "activities")),
    *(HERE / name for name in ("healthcare", "real_estate")),
    *(HERE / "cli" / f"test_{name}.py" for name in ("call_commands", "commands", "redact", "workflow_replay")),
)
"""Tests that wait for events and never for the clock, on servers of their own: two may run at once."""

TAKES_ALL_CORES = tuple(HERE / "activities" / name for name in ("test_process.py", "test_wrap_up_process.py"))
"""What is in those folders and starts or kills what computes for as long as others wait."""

OUTCOMES = ("passed", "failed", "error", "rerun")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let scripts/run_tests.py run the two parts of the suite one after the other."""
    parser.addoption("--part", choices=("side-by-side", "alone"), help="run only the tests that can, or cannot, share")
    parser.addoption("--result", type=Path, help="write what became of the tests to this file")


def _lies_in(item: pytest.Item, places: Iterable[Path]) -> bool:
    return any(item.path.is_relative_to(place) for place in places)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give tests in real time one more try, named in the summary: two cores may be lent to others. Keep one part."""
    for item in items:
        if _lies_in(item, REAL_TIME):
            item.add_marker(pytest.mark.flaky(reruns=1))
    part = config.getoption("--part")
    if part is None:
        return
    kept: list[pytest.Item] = []
    other: list[pytest.Item] = []
    for item in items:
        sharing = _lies_in(item, SIDE_BY_SIDE) and not _lies_in(item, TAKES_ALL_CORES)
        (kept if sharing == (part == "side-by-side") else other).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=other)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Write the result file."""
    path: Path | None = config.getoption("--result")
    if path is not None:
        stats = terminalreporter.stats
        found = {name: [getattr(one, "nodeid", "") for one in stats.get(name, [])] for name in OUTCOMES}
        path.write_text(json.dumps(found))
