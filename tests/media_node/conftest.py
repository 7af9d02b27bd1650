"""What the tests of media_node share."""

from pathlib import Path

import pytest
from strict_warnings import make_strict


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let no warning pass."""
    make_strict(items, Path(__file__).parent)
