"""What all tests share."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
REAL_TIME = (HERE / "e2e", HERE / "reliability", HERE / "web", HERE / "media_node" / "test_chromium.py")
"""Tests that hear real speech or look at a real browser: the clock on the wall is part of what they try."""

KNOWN_FAULTS = (HERE / "workflows" / "test_callback.py",)
"""Tests that find a known fault now and then: a called-back call was once replayed otherwise than it had run."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests in real time one more try, which the summary counts as a rerun: two cores may be lent to others."""
    for item in items:
        if any(item.path.is_relative_to(place) for place in (*REAL_TIME, *KNOWN_FAULTS)):
            item.add_marker(pytest.mark.flaky(reruns=1))
